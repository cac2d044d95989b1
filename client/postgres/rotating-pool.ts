/** A pool of node-postgres whose credential rotates. Published as `@quarterturn/client/pg`. */
import type { Pool, PoolClient, PoolConfig } from 'pg';
import { peer } from '../missing-peer.ts';
import type { SecretCache } from '../secret-cache.ts';
import { system as machine, wait } from '../system.ts';
import type { DatabaseCredential } from './database-credential.ts';
import { PoolEndedError } from './errors.ts';
import { LoginGate, type Refusal } from './login-gate.ts';
import { checkedOptions, type RotatingPoolOptions } from './pool-settings.ts';
import { refusalOf } from './refusals.ts';
import { rotatingClient } from './rotating-client.ts';
import { verifyFull } from './verify-full.ts';

export { DatabaseCredential, databaseCredential } from './database-credential.ts';
export * from './errors.ts';
export type { GateClock, LoginReport } from './login-gate.ts';
export type { RotatingPoolOptions } from './pool-settings.ts';
export { type ConnectionPath, refusalOf } from './refusals.ts';

/**
 * A `pg.Pool`: each new connection logs in with the credential the cache holds then, and sessions that are open
 * are left alone until their lifetime is over. When a login is refused, the secret is read again and the login
 * repeated, behind the caller's `connect` or `query`.
 *
 * Hand it to whatever takes a `pg.Pool` (`drizzle({ client: pool })`, `new PrismaPg(pool)`).
 *
 * @throws ClientSettingsError; MissingPeerError without pg. Its `connect` and `query` throw, beside pg's own,
 *   CredentialRefusedError, SecretUnavailableError, StaleSecretError, and PoolEndedError to whoever waits for a login
 *   when the pool ends
 */
export async function createRotatingPool(
  cache: SecretCache<DatabaseCredential>,
  options: RotatingPoolOptions,
): Promise<Pool> {
  const { maxLifetime, retryFor } = checkedOptions(options);
  const { Client, Pool } = await peer('pg', 'A rotating pool', () => import('pg'));
  const { connection = 'direct', tls = {}, pending, onLogin, onConnectionLost } = options;
  const system = options.system ?? { ...machine, wait };
  const { host, port, database } = await endpointOf(cache, options);
  const settings: PoolConfig = {
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...options.pool,
    host,
    port,
    database,
    ssl: tls === 'off' ? false : verifyFull(host, tls.ca),
  };
  const at = `${host}:${port}`;
  /** What a listener throws is no reason to end a login, or the process (an `error` event of the pool). */
  const told = (listener: () => void): void => {
    try {
      listener();
    } catch (error) {
      system.warn(error instanceof Error ? error : new Error('a listener of the pool threw'));
    }
  };
  const gate = new LoginGate({
    cache,
    at,
    retryFor,
    pending,
    system,
    sqlstateOf: (error) => refusalOf(error, connection),
    onLogin: (report) => told(() => onLogin?.(report)),
    async tryLogin({ username, password }) {
      const client = new Client({ ...settings, user: username, password });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  });

  class RotatingPool extends Pool {
    readonly #waiting = new Set<() => void>();

    constructor() {
      super({ ...settings, Client: rotatingClient(Client, gate) });
      // The pool asks for it once a connection; in seconds.
      Object.defineProperty(this.options, 'maxLifetimeSeconds', {
        get: () => (maxLifetime / 1000) * (1 - system.chance() / 4),
      });
      this.on('error', (error) => told(() => onConnectionLost?.(error)));
      this.on('release', () => {
        for (const look of this.#waiting) look();
      });
    }

    override connect(): Promise<PoolClient>;
    override connect(callback: Parameters<Pool['connect']>[0]): void;
    override connect(callback?: Parameters<Pool['connect']>[0]): Promise<PoolClient> | undefined {
      const connected = this.#checkOut(() => super.connect());
      if (callback === undefined) {
        return connected;
      }
      connected.then(
        (client) => process.nextTick(callback, undefined, client, client.release),
        (error: Error) => process.nextTick(callback, error, undefined, () => undefined),
      );
      return undefined;
    }

    override end(): Promise<void>;
    override end(callback: () => void): void;
    override end(callback?: () => void): Promise<void> | undefined {
      gate.end();
      const ended = callback === undefined ? super.end() : (super.end(callback) as undefined);
      for (const look of this.#waiting) look();
      return ended;
    }

    async #checkOut(next: () => Promise<PoolClient>): Promise<PoolClient> {
      const begun = system.now().getTime();
      for (;;) {
        try {
          return await next();
        } catch (error) {
          const refusal = gate.refusalOf(error);
          if (refusal === undefined) {
            throw error;
          }
          if (system.now().getTime() - begun > retryFor) {
            throw gate.refusedError(refusal);
          }
          if (!this.ending) {
            await this.#chance(refusal);
          }
          if (this.ending) {
            throw new PoolEndedError(at);
          }
        }
      }
    }

    /** Until a login is worth it, or a session that was open comes back to the pool. */
    #chance(refusal: Refusal): Promise<void> {
      return new Promise<void>((resolve, reject) => {
        const look = () => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
        gate.recover(refusal).then(look, (error) => {
          this.#waiting.delete(look);
          reject(error);
        });
      });
    }
  }
  return new RotatingPool();
}

async function endpointOf(
  cache: SecretCache<DatabaseCredential>,
  { endpoint, host = '', port = 5432, database = '' }: RotatingPoolOptions,
): Promise<{ host: string; port: number; database: string }> {
  if (endpoint !== 'secret') {
    return { host, port, database };
  }
  const stored = (await cache.get()).value.endpoint();
  return { host: stored.host, port: stored.port, database: stored.dbname };
}
