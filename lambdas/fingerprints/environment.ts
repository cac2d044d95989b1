import * as z from 'zod';

/** Beside it, the names that `secrets.json` defers (`DEFERRED_1` …). */
export const fingerprintsEnvironmentSchema = z.object({
  /** `<name>/<environment>`. */
  DEPLOYMENT: z.string().min(1),
});
export type FingerprintsEnvironment = z.input<typeof fingerprintsEnvironmentSchema>;

/** `secrets.json` beside the bundle: the secrets of the deployment. A question names them by key, never by name. */
export const secretsFile = 'secrets.json';

const every = { key: z.string(), name: z.string() };

export const fingerprintedSecretsSchema = z.array(
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.enum(['jwt', 'encryption']),
      ...every,
      field: z.string(),
      encoding: z.enum(['base64', 'base64url', 'hex', 'text']),
    }),
    z.object({ kind: z.enum(['database', 'userManaged']), ...every }),
  ]),
);
export type DeployedSecret = z.infer<typeof fingerprintedSecretsSchema>[number];
