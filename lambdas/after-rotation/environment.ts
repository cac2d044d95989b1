import * as z from 'zod';

export const afterRotationEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part): kind, scheme and function of a secret. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** Bus for audit events; absent: the account's default bus. */
  EVENT_BUS: z.string().min(1).optional(),
});
export type AfterRotationEnvironment = z.input<typeof afterRotationEnvironmentSchema>;
