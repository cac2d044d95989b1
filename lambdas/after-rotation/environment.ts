import * as z from 'zod';

export const afterRotationEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part): kind, scheme and function of a secret. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
});
export type AfterRotationEnvironment = z.input<typeof afterRotationEnvironmentSchema>;
