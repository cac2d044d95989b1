/** Builds the functions and synthesizes the stack, as a deployment would, in processes of their own. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { SecretConfig } from '../domain/config/secret-schemas.ts';
import { tableWithRowSecurity } from './data/schema.sql.ts';

const root = join(import.meta.dirname, '..');

/**
 * Runs a script of this checkout.
 * @param what for the error, e.g. "the synthesis of the stack"
 * @param script its path and its arguments
 * @param environment added to what every script is given
 * @throws AssemblyError with the last lines it wrote
 */
export type RunScript = (
  what: string,
  script: readonly string[],
  signal: AbortSignal,
  environment?: Record<string, string>,
) => Promise<void>;

/** Bundles every function into `dist/lambdas`; does nothing when no source changed. */
export async function buildFunctions(
  signal: AbortSignal,
  run: RunScript = inItsOwnProcess,
): Promise<void> {
  await run('the build of the functions', ['scripts/build.ts'], signal);
}

/** The secrets of the example that the chapters play with. */
const playedSecrets = ['jwt', 'pii', 'db', 'legacyDb', 'dbAdmin'];

export class NotTheExampleError extends Error {
  override readonly name = 'NotTheExampleError';
  readonly code = 'ERR_ROTATION_NOT_THE_EXAMPLE';
  constructor(missing: readonly string[]) {
    super(
      `The demo plays the example configuration; rotation.config.ts lacks ${missing.join(', ')}. ` +
        'Run it on a checkout with the example, or deploy yours with `npx cdk deploy`.',
    );
  }
}

/** The configuration of the demo: the example's, in environment dev, at the local PostgreSQL. */
export function localConfig(
  config: RotationConfig,
  server: { host: string; port: number },
): RotationConfig {
  const missing = playedSecrets.filter((key) => config.secrets[key] === undefined);
  if (missing.length > 0) {
    throw new NotTheExampleError(missing);
  }
  const secrets = Object.entries(config.secrets).map(([key, secret]) => [
    key,
    secret.kind === 'database'
      ? {
          ...secret,
          host: server.host,
          port: server.port,
          ca: { file: 'ca.pem' },
          ...(secret.scheme === 'multiUser' && { verifyTables: [tableWithRowSecurity] }),
        }
      : withShortCache(secret),
  ]);
  return { ...config, environment: 'dev', secrets: Object.fromEntries(secrets) };
}

const shortCache = '5s';

/** A published key waits out its readers' caches: on a laptop, whose clock may flow, nobody waits five minutes for it. */
function withShortCache(secret: SecretConfig): SecretConfig {
  switch (secret.kind) {
    case 'jwt':
      return { ...secret, signerCache: shortCache };
    case 'encryption':
      return { ...secret, readerCache: shortCache };
    default:
      return secret;
  }
}

/**
 * Synthesizes the stack of `config` below `directory`.
 * @param ca PEM of the authority that signed the database's certificate
 * @returns the folder of the assembly
 */
export async function synthesize(
  config: RotationConfig,
  ca: string,
  directory: string,
  signal: AbortSignal,
  run: RunScript = inItsOwnProcess,
): Promise<string> {
  const place = join(directory, 'deployment');
  await mkdir(place, { recursive: true });
  const configFile = join(place, 'rotation.config.json');
  const assembly = join(directory, 'cdk.out');
  await writeFile(join(place, 'ca.pem'), ca);
  await writeFile(configFile, JSON.stringify(config, undefined, 2));
  await run('the synthesis of the stack', ['bin/app.ts', '--output', assembly], signal, {
    QUARTERTURN_CONFIG: configFile,
  });
  return assembly;
}

export const inItsOwnProcess: RunScript = async (what, script, signal, environment = {}) => {
  const child = spawn(process.execPath, ['--import', 'tsx', ...script], {
    cwd: root,
    signal,
    // Built up, not inherited: no AWS_* or NODE_* of the shell reaches a synthesis that is to stay local.
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      ...(process.env.TMPDIR && { TMPDIR: process.env.TMPDIR }),
      JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  const keep = (chunk: Buffer) => {
    written = (written + chunk.toString('utf8')).slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'));
  });
  if (code !== 0) {
    throw new AssemblyError(what, code, written.trim());
  }
};

export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
  readonly code = 'ERR_ROTATION_ASSEMBLY';
  constructor(what: string, exit: number | string, written: string) {
    super(`${what} ended with ${exit}:\n${written}`);
  }
}
