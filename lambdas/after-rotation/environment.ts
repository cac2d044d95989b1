import * as z from 'zod';

export const afterRotationEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part): kind, scheme and function of a secret. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** Where rows follow a key: this machine, which a re-encryption starts again, and that of the re-encryption. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:').optional(),
  REENCRYPTION_MACHINE_ARN: z.string().startsWith('arn:').optional(),
  /** What redeploys the previous release after a rollback: its address, and the name of what signs. */
  REDEPLOY_URL: z.url().optional(),
  REDEPLOY_SIGNING_SECRET: z.string().min(1).optional(),
  /** Webhooks may stand at private addresses, and speak http there: in a development environment. */
  PRIVATE_ADDRESSES: z.enum(['refused', 'allowed']).default('refused'),
});
export type AfterRotationEnvironment = z.input<typeof afterRotationEnvironmentSchema>;
