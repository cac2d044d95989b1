import * as z from 'zod';

const topic = z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/);

export const notifyEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part): which secrets are ours, and what they are. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** `<name>/<environment>`: the key of the records of what was told. */
  DEPLOYMENT: z.string().min(1),
  /** IANA name of the zone times are told in. */
  TIME_ZONE: z.string().min(1),
  /** Topics of mail and endpoints. An audience without one is not told. */
  ON_CALL_TOPIC: topic,
  SECURITY_TOPIC: topic,
  SUPPORT_TOPIC: topic.optional(),
  PRODUCT_TOPIC: topic.optional(),
  /** Topics of chat channels. */
  ON_CALL_CHAT_TOPIC: topic.optional(),
  SECURITY_CHAT_TOPIC: topic.optional(),
  SUPPORT_CHAT_TOPIC: topic.optional(),
  PRODUCT_CHAT_TOPIC: topic.optional(),
});
export type NotifyEnvironment = z.input<typeof notifyEnvironmentSchema>;
