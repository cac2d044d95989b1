import * as z from 'zod';

export const cadenceEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part). */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** The AfterRotation machine, to start again what never finished. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
  /** The Reencryption machine, likewise; absent where no rows follow a key. */
  REENCRYPTION_MACHINE_ARN: z.string().startsWith('arn:').optional(),
});
export type CadenceEnvironment = z.input<typeof cadenceEnvironmentSchema>;
