/** Processes that log in: with the library, and as one writes it without. */
import pg from 'pg';
import {
  createRotatingPool,
  type DatabaseCredential,
  databaseCredential,
} from '../../client/postgres/rotating-pool.ts';
import { SecretCache } from '../../client/secret-cache.ts';
import type { RotationWorld } from '../in-process/rotation-world.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import { injectedFrom, sourceOf, systemOf } from './reader.ts';
import { Tally } from './tally.ts';

export interface Reader {
  readonly kind: string;
  readonly logins: Tally;
  /** A session that was opened before the first rotation. */
  readonly session?: Tally;
  /** A connection of its own, one query, closed. Counted. */
  login(): Promise<void>;
  useSession?(): Promise<void>;
  /** A new process, with what its environment holds now. */
  restart?(): Promise<void>;
  /** Reads now, and from then on Secrets Manager does not answer it, until it is told otherwise. */
  cutOff?(): Promise<void>;
  reconnect?(): void;
  stop(): Promise<void>;
}

export interface Place {
  readonly world: RotationWorld<unknown>;
  readonly pharmacy: Pharmacy;
}

type Options = {
  readonly learns?: 'by itself' | 'by restart';
  /** Reads AWSPENDING after a refusal: singleUser only. */
  readonly pending?: boolean;
  /** Is to be cut off from Secrets Manager. */
  readonly cutOff?: boolean;
};

const whoami = 'select session_user::text as role';

export async function libraryReader(
  kind: string,
  { world, pharmacy }: Place,
  { learns = 'by itself', pending = false, cutOff = false }: Options = {},
): Promise<Reader> {
  const logins = new Tally(kind);
  const session = new Tally(kind);
  const line = sourceOf(world);
  const system = systemOf(world);
  let cache: SecretCache<DatabaseCredential>;
  let pool = await started();
  let open = await pool.connect();

  async function started(): Promise<pg.Pool> {
    const source = learns === 'by itself' ? line.source : await injectedFrom(world);
    cache = new SecretCache(source, { parse: databaseCredential(), system });
    return createRotatingPool(cache, {
      host: 'localhost',
      port: pharmacy.server.port,
      database: 'pharmacy',
      tls: { ca: pharmacy.server.ca },
      ...(pending && { pending: line.source }),
      // What a machine at work makes of a login must not look like a rotation's doing.
      pool: { max: 3, connectionTimeoutMillis: 20_000 },
      system,
    });
  }
  return {
    kind,
    logins,
    session,
    ...(cutOff && {
      async cutOff() {
        await cache.refreshNow('before it is cut off');
        line.isCutOff = true;
      },
      reconnect() {
        line.isCutOff = false;
      },
    }),
    async login() {
      await logins.count(async () => {
        const client = await pool.connect();
        try {
          await client.query(whoami);
        } finally {
          client.release(true);
        }
      });
    },
    async useSession() {
      await session.count(() => open.query(whoami));
    },
    ...(learns === 'by restart' && {
      async restart() {
        open.release(true);
        await pool.end();
        pool = await started();
        // Whether a process can log in when it starts is one of its logins; what is held stays the old one if not.
        open = (await logins.count(() => pool.connect())) ?? open;
      },
    }),
    async stop() {
      open.release(true);
      await pool.end();
    },
  };
}

/** A password function over a cache, and no second look when it is refused. */
export function naiveReader(
  kind: string,
  { world, pharmacy }: Place,
  times: { maxAge?: number; staleFor?: number } = {},
): Reader {
  const logins = new Tally(kind);
  const cache = new SecretCache<DatabaseCredential>(sourceOf(world).source, {
    parse: databaseCredential(),
    system: systemOf(world),
    ...times,
  });
  return {
    kind,
    logins,
    async login() {
      await logins.count(async () => {
        const { username, password } = (await cache.get()).value;
        const client = new pg.Client({
          host: 'localhost',
          port: pharmacy.server.port,
          database: 'pharmacy',
          ssl: { ca: pharmacy.server.ca },
          user: username,
          password,
        });
        client.on('error', () => undefined);
        try {
          await client.connect();
          await client.query(whoami);
        } finally {
          await client.end().catch(() => undefined);
        }
      });
    },
    stop: async () => undefined,
  };
}
