import * as z from 'zod';

export const syncEnvironmentSchema = z.object({
  /** `<name>/<environment>`. */
  DEPLOYMENT: z.string().min(1),
  /** Only "dev" may send to private addresses. */
  ENVIRONMENT: z.string().min(1),
});
export type SyncEnvironment = z.input<typeof syncEnvironmentSchema>;

/** `targets.json` beside the bundle: where copies go. Nothing of it comes from whoever invokes the function. */
export const targetsFile = 'targets.json';

const every = {
  /** For people and records, as the manifest has it. */
  target: z.string(),
  /** Name of the secret that is copied. */
  secret: z.string(),
  /** One member of its value; absent: the whole text. */
  field: z.string().optional(),
};

export const syncTargetsSchema = z.array(
  z.discriminatedUnion('to', [
    z.object({
      to: z.literal('ssm'),
      ...every,
      parameter: z.string(),
      kmsKeyArn: z.string(),
      tier: z.enum(['Standard', 'Advanced']),
    }),
    z.object({
      to: z.literal('github'),
      ...every,
      repository: z.string(),
      environment: z.string().optional(),
      name: z.string(),
      api: z.string(),
      /** Name of the secret that holds the token. */
      token: z.string(),
    }),
    z.object({
      to: z.literal('webhook'),
      ...every,
      url: z.string(),
      /** Name of the secret that holds the signing key. */
      signingSecret: z.string(),
    }),
  ]),
);
export type SyncTarget = z.infer<typeof syncTargetsSchema>[number];
export type SyncTargetOf<To extends SyncTarget['to']> = Extract<SyncTarget, { to: To }>;
