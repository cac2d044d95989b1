import * as z from 'zod';

export const starterEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part): which secrets are ours. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** The AfterRotation machine. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
});
export type StarterEnvironment = z.input<typeof starterEnvironmentSchema>;
