import * as z from 'zod';

export const gitHubEnvironmentSchema = z.object({
  /** ARN of the user-managed secret that signs deliveries. */
  SECRET_ARN: z.string().startsWith('arn:'),
  /** The bus that triggers come on. */
  TRIGGER_BUS: z.string().min(1),
});
export type GitHubEnvironment = z.input<typeof gitHubEnvironmentSchema>;

/** `alerts.json` beside the bundle: which alerts are about which secrets. */
export const alertMapSchema = z.array(
  z.strictObject({
    repository: z.string().optional(),
    secretType: z.string().optional(),
    secrets: z.array(z.string()).min(1),
  }),
);
export type AlertMap = z.infer<typeof alertMapSchema>;
