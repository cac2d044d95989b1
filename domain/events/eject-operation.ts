/** What a secret's function is asked, and answers, when the secret leaves rotation. Names, never a value. */
import * as z from 'zod';

export const ejectRequestSchema = z.strictObject({
  operation: z.literal('eject'),
  requestedBy: z.string().min(1).max(256),
  /** True: says what would be done, and does nothing. */
  dryRun: z.boolean(),
});
export type EjectRequest = z.infer<typeof ejectRequestSchema>;

export const ejectAnswerSchema = z.object({
  done: z.boolean(),
  /** The version that is AWSCURRENT, and stays it. */
  versionId: z.string(),
  /** False: it still holds the marker of a new secret. */
  hasValue: z.boolean(),
  /** Does the target accept AWSCURRENT? Otherwise the code of what it said. */
  accepted: z.union([z.literal(true), z.string()]),
  rotationEnabled: z.boolean(),
  /** What is removed, in this order. */
  labels: z.array(z.object({ versionId: z.string(), label: z.string() })),
});
export type EjectAnswer = z.infer<typeof ejectAnswerSchema>;
