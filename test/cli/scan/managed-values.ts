/** A deployment whose values are known to the test, and whose fingerprints the function itself takes. */
import { createHash } from 'node:crypto';
import { type Manifest, manifestOf } from '../../../domain/config/manifest.ts';
import { keysetToJson } from '../../../domain/secrets/keyset.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import { parseSecretValue } from '../../../domain/secrets/secret-value.ts';
import type { DeployedSecret } from '../../../lambdas/fingerprints/environment.ts';
import { takeFingerprints } from '../../../lambdas/fingerprints/take-fingerprints.ts';
import exampleConfig from '../../../rotation.config.ts';
import { inMemoryDeployment } from '../in-memory-deployment.ts';

/** The same bytes for the same words: SHA-256 in counter mode. */
export function bytesOf(seed: string, count: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, count);
}

export interface Planted {
  readonly secret: string;
  readonly form: 'bytes' | 'text';
  readonly bytes: Buffer;
  /** As it stands in the secret. */
  readonly text: string;
}

const bytes = (
  secret: string,
  count: number,
  encoding: 'base64' | 'base64url' | 'hex',
): Planted => {
  const made = bytesOf(secret, count);
  return { secret, form: 'bytes', bytes: made, text: made.toString(encoding) };
};
const text = (secret: string, made: string): Planted => ({
  secret,
  form: 'text',
  bytes: Buffer.from(made),
  text: made,
});

/** Of every kind and spelling there is. */
export const planted = {
  jwt: bytes('jwt', 64, 'base64'),
  previousJwt: bytes('previous jwt', 64, 'base64'),
  fields: bytes('fields', 32, 'hex'),
  cookies: bytes('cookies', 32, 'base64url'),
  legacy: text('legacy', bytesOf('legacy', 33).toString('base64url')),
  db: text('db', bytesOf('db', 24).toString('base64url')),
  vendor: text(
    'vendor',
    `sk_live_${bytesOf('vendor', 30).toString('base64url').replaceAll(/[-_]/g, 'x')}`,
  ),
  console: text(
    'console',
    `${bytesOf('c1', 12).toString('base64url')}!?${bytesOf('c2', 12).toString('base64url')}`,
  ),
} as const;

const keyset = (alg: string, encoding: string, field: string, keys: readonly [Planted, string][]) =>
  JSON.stringify({
    [field]: keys.find(([, state]) => state === 'primary')?.[0].text,
    keyset: {
      version: 1,
      alg,
      encoding,
      rotation: { intent: 'planned', token: 'a'.repeat(32) },
      keys: keys.map(([{ bytes: key, text: k }, state]) => ({
        kid: kidOf(key),
        k,
        state,
        createdAt: '2026-05-17T17:00:00.000Z',
        ...(state === 'primary' && { primarySince: '2026-05-17T17:00:00.000Z' }),
        ...(state === 'verifyOnly' && { acceptUntil: '2026-06-17T17:00:00.000Z' }),
      })),
    },
  });

const current = '1'.repeat(32);
const older = '2'.repeat(32);

/** By secret, by version. */
const stored: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  jwt: {
    [current]: keyset('HS512', 'base64', 'JWT_SECRET', [
      [planted.jwt, 'primary'],
      [planted.previousJwt, 'verifyOnly'],
    ]),
    [older]: keyset('HS512', 'base64', 'JWT_SECRET', [[planted.previousJwt, 'primary']]),
  },
  fields: { [current]: keyset('A256GCM', 'hex', 'FIELD_KEY', [[planted.fields, 'primary']]) },
  cookies: {
    [current]: keyset('HS256', 'base64url', 'COOKIE_KEY', [[planted.cookies, 'primary']]),
  },
  legacy: { [current]: keyset('HS256', 'text', 'LEGACY_KEY', [[planted.legacy, 'primary']]) },
  db: {
    [current]: JSON.stringify({
      engine: 'postgres',
      host: 'db.example.com',
      username: 'app',
      password: planted.db.text,
    }),
  },
  vendor: {
    [current]: JSON.stringify({ apiKey: planted.vendor.text, endpoint: 'https://api.example.com' }),
  },
  console: { [current]: planted.console.text },
};
const labels: Readonly<Record<string, string[]>> = {
  [current]: ['AWSCURRENT'],
  [older]: ['AWSPREVIOUS'],
};

const deployed: DeployedSecret[] = [
  { kind: 'jwt', key: 'jwt', name: 'shop/prod/jwt', field: 'JWT_SECRET', encoding: 'base64' },
  {
    kind: 'encryption',
    key: 'fields',
    name: 'shop/prod/fields',
    field: 'FIELD_KEY',
    encoding: 'hex',
  },
  {
    kind: 'jwt',
    key: 'cookies',
    name: 'shop/prod/cookies',
    field: 'COOKIE_KEY',
    encoding: 'base64url',
  },
  { kind: 'jwt', key: 'legacy', name: 'shop/prod/legacy', field: 'LEGACY_KEY', encoding: 'text' },
  { kind: 'database', key: 'db', name: 'shop/prod/db' },
  { kind: 'userManaged', key: 'vendor', name: 'shop/prod/vendor' },
  { kind: 'userManaged', key: 'console', name: 'shop/prod/console' },
];

export interface Environment {
  readonly name?: string;
  /** Instead of what is planted, by key. */
  readonly values?: Readonly<Record<string, string>>;
}

/** The function as it is deployed in `shop/<environment>`. */
export function fingerprintsFunction({ name = 'prod', values = {} }: Environment = {}) {
  const logged: object[] = [];
  const own = deployed.map((secret) => ({ ...secret, name: secret.name.replace('prod', name) }));
  const secretsManager = {
    describe: async (secretId: string) => {
      const versions = Object.keys(stored[secretId.split('/')[2] ?? ''] ?? {});
      const versionIdsToStages = Object.fromEntries(versions.map((id) => [id, labels[id] ?? []]));
      return { arn: '', name: secretId, rotationEnabled: true, versionIdsToStages };
    },
    getValue: async (secretId: string, versionId: string) => {
      const key = secretId.split('/')[2] ?? '';
      return values[key] ?? stored[key]?.[versionId];
    },
  };
  const log = {
    info: (_: string, fields: object) => void logged.push(fields),
    error: () => undefined,
  };
  return {
    logged,
    take: (question: unknown) =>
      takeFingerprints(
        { secretsManager, log },
        { secrets: own, deployment: `shop/${name}` },
        question,
      ),
  };
}

function manifest(environment: string): Manifest {
  const made = manifestOf(exampleConfig);
  const [template] = made.secrets;
  if (template === undefined) throw new Error('the example has no secret');
  return {
    ...made,
    name: 'shop',
    environment,
    // Of a secret a scan uses key and name.
    secrets: deployed.map(({ key }) => ({ ...template, key, name: `shop/${environment}/${key}` })),
  };
}

export function scannedDeployment(environment: Environment = {}) {
  const made = fingerprintsFunction(environment);
  return inMemoryDeployment({
    manifest: manifest(environment.name ?? 'prod'),
    answer: (_, question) => made.take(question),
  });
}

/** That the values above are what the product would store. */
export const parsesAsStored = () =>
  deployed.flatMap((secret) =>
    'field' in secret
      ? Object.values(stored[secret.key] ?? {}).map((value) => {
          const { keyset: made } = JSON.parse(value);
          const bits = (planted as Record<string, Planted>)[secret.key]?.bytes.length ?? 0;
          const settings = {
            field: secret.field,
            encoding: secret.encoding,
            alg: made.alg,
            bits: secret.encoding === 'text' ? 256 : bits * 8,
          };
          const parsed = parseSecretValue(value, settings);
          return parsed.shape === 'keyset' ? keysetToJson(parsed.keyset) : undefined;
        })
      : [],
  );
