/** The options of a rotating pool, checked. */
import type { PoolConfig } from 'pg';
import { ClientSettingsError } from '../errors.ts';
import type { SecretSource } from '../secret-source.ts';
import type { System } from '../system.ts';
import type { GateClock, LoginReport } from './login-gate.ts';
import type { ConnectionPath } from './refusals.ts';

/** What this pool sets itself. */
const ours = [
  'user',
  'password',
  'host',
  'port',
  'database',
  'connectionString',
  'ssl',
  'stream',
  'Client',
  'maxLifetimeSeconds',
] as const;

export interface RotatingPoolOptions {
  /** Where to connect: of the server, or of the pooler before it. */
  readonly host?: string;
  /** @default 5432 */
  readonly port?: number;
  readonly database?: string;
  /**
   * `secret`: host, port and dbname are read from the secret, once, when the pool is made. Whoever may write the
   * secret then decides where this process connects. Only with `connection: 'direct'`: a secret names its server,
   * never a pooler. @default 'options'
   */
  readonly endpoint?: 'options' | 'secret';
  /** `connection` of the secret in rotation.config.ts: what a refusal looks like. @default 'direct' */
  readonly connection?: ConnectionPath;
  /**
   * `ca`: authorities, as PEM; without it those of Node.js. The certificate must end in one of them and name the
   * host, and there is no fallback. `off`: no TLS, for a server on the same machine. @default {}
   */
  readonly tls?: { readonly ca?: string | readonly string[] } | 'off';
  /**
   * How long a connection is used, in milliseconds; each draws its own end in the last quarter of it, so that a
   * pool does not reconnect at once. A session keeps the credential it began with: this is how long one lives on
   * after a rotation. @default 600_000
   */
  readonly maxLifetime?: number;
  /**
   * How long a caller is kept waiting while its credential is refused, in milliseconds. Longer than the cache's
   * `cooldown`, or the secret is read just once in it. Once AWSCURRENT has moved, whoever asks is let in within
   * `cooldown` and 5 seconds, whatever was refused before. @default 15_000
   */
  readonly retryFor?: number;
  /**
   * Only for `scheme: 'singleUser'`: where AWSPENDING is read after a refusal, for the moments between the change
   * of the password and the move of AWSCURRENT. Needs secretsmanager:GetSecretValue on AWSPENDING, which a
   * condition on `secretsmanager:VersionStage` would otherwise rightly deny. @default never read
   */
  readonly pending?: SecretSource;
  /** Told of refusals and how they ended, for logs and metrics; holds roles and SQLSTATEs, no password. */
  onLogin?(report: LoginReport): void;
  /**
   * Told when an idle connection ended by itself, as those of a retired role do (57P01). The pool goes on.
   * Without a listener on a pool's `error` event pg would end the process; this pool has one.
   */
  onConnectionLost?(error: Error): void;
  /** Further settings of node-postgres' pool, such as `max`, `idleTimeoutMillis`, `application_name`. */
  readonly pool?: Omit<PoolConfig, (typeof ours)[number]>;
  readonly system?: Pick<System, 'now' | 'chance' | 'warn'> & GateClock;
}

export interface PoolTimes {
  readonly maxLifetime: number;
  readonly retryFor: number;
}

const paths: readonly string[] = ['direct', 'pgbouncer', 'rdsProxy'] satisfies ConnectionPath[];

/** @throws ClientSettingsError */
export function checkedOptions(options: RotatingPoolOptions): PoolTimes {
  const { connection = 'direct', endpoint = 'options', pool = {}, host, database } = options;
  if (!paths.includes(connection)) {
    throw new ClientSettingsError(`connection is none of ${paths.join(', ')}.`);
  }
  if (endpoint === 'secret') {
    if (host !== undefined || options.port !== undefined || database !== undefined) {
      throw new ClientSettingsError(
        "endpoint is 'secret', and host, port or database is given too; give one of the two.",
      );
    }
    if (connection !== 'direct') {
      throw new ClientSettingsError(
        `endpoint is 'secret' with connection ${connection}: the secret names the server; give host, port and database of the pooler.`,
      );
    }
  } else if (!host || !database) {
    throw new ClientSettingsError(
      `${host ? 'database' : 'host'} is missing; where to connect comes from the application, not from the secret.`,
    );
  }
  const twice = ours.find((name) => Object.hasOwn(pool, name));
  if (twice !== undefined) {
    throw new ClientSettingsError(
      `pool.${twice} is set by the rotating pool itself; leave it out.`,
    );
  }
  return {
    maxLifetime: milliseconds('maxLifetime', options.maxLifetime ?? 600_000, 1_000, 86_400_000),
    retryFor: milliseconds('retryFor', options.retryFor ?? 15_000, 0, 300_000),
  };
}

function milliseconds(name: string, found: number, least: number, most: number): number {
  if (typeof found !== 'number' || !(found >= least && found <= most)) {
    throw new ClientSettingsError(
      `${name} is ${typeof found === 'number' ? `${found} ms` : typeof found}; expected ${least} to ${most} ms.`,
    );
  }
  return found;
}
