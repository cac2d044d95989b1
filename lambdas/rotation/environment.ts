/**
 * What every rotation function is told by its deployment. The construct's `environment` is typed by
 * `z.input` of a room's schema, and the function parses `process.env` with the same schema: one shape,
 * two ends. Lists that could grow (columns, certificates) are files in the asset, because a Lambda
 * environment ends at 4 KB.
 */
import * as z from 'zod';

const secretArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^\s]+$/);

/** A variable is text; sizes, ports and durations are digits. */
export const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);

export const rotationEnvironmentSchema = z.object({
  /** The one secret this function rotates; any other in an event is refused. */
  SECRET_ARN: secretArn,
  /** Its name: the key of its records in the control table. */
  SECRET_NAME: z.string().min(1).max(512),
  CONTROL_TABLE: z.string().min(1),
  ARMED: z.enum(['true', 'false']),
  /** Only "dev" may hold development fallbacks. */
  ENVIRONMENT: z.string().min(1),
  /** Of an adopted secret: the customer managed key it is expected to be encrypted with. */
  KMS_KEY_ARN: z.string().optional(),
  /** Where the whole value is copied after a rotation: what the smallest of these places takes. */
  SYNC_LIMIT_BYTES: wholeNumber.optional(),
});

/** ARN of another secret, by name or by full ARN. */
export const companionSchema = secretArn;
export type RotationEnvironment = z.infer<typeof rotationEnvironmentSchema>;
