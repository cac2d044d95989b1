import * as z from 'zod';

export const afterRotationEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part): kind, scheme and function of a secret. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** Where rows follow a key: this machine, which a re-encryption starts again, and that of the re-encryption. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:').optional(),
  REENCRYPTION_MACHINE_ARN: z.string().startsWith('arn:').optional(),
});
export type AfterRotationEnvironment = z.input<typeof afterRotationEnvironmentSchema>;
