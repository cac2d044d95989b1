/**
 * The same schedules on a real PostgreSQL: the matrix' stand with real connections. What the server holds is read from
 * `pg_authid` after every call, so that the same invariants are looked at; between schedules it is put back to what it
 * was. A model that said otherwise than the server would be found out here.
 */
import pg from 'pg';
import type { Credential, Endpoint } from '../../doors/postgres/door.ts';
import { withClient } from '../../doors/postgres/node-postgres.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import type { Role, ServerState } from './postgres/cluster.ts';
import type { Connection } from './postgres/door.ts';
import type { Room } from './room.ts';
import { type Kept, Stand } from './stand.ts';

const statementTimeout = 15_000;

/** A session of the product's own client, kept open until it is ended or cut. */
function connect(endpoint: Endpoint, credential: Credential): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const session = withClient(endpoint, credential, statementTimeout, async (client) => {
      const ended = new Promise<void>((end) => {
        resolve({
          query: (text, values = []) => client.query(text, [...values]),
          async cut() {
            const { stream } = (
              client as unknown as { connection: { stream: { destroy(): void } } }
            ).connection;
            stream.destroy();
            end();
          },
          async end() {
            end();
            await session;
          },
        });
      });
      await ended;
    });
    session.catch(reject);
  });
}

export interface RealServer {
  /** A stand over this server, which is put to what was kept. */
  stand(room: Room, kept?: Kept): Promise<Stand>;
  stop(): Promise<void>;
}

export async function realServer({ server, at }: Pharmacy): Promise<RealServer> {
  const { host, port, ca } = at('postgres');
  const superuser = new pg.Client({
    ...{ host, port, database: 'postgres', ssl: { ca } },
    ...{ user: server.superuser.username, password: server.superuser.password },
  });
  superuser.on('error', () => undefined);
  await superuser.connect();

  async function state(before: ServerState): Promise<ServerState> {
    const { rows } = await superuser.query<{
      name: string;
      login: boolean;
      verifier: string | null;
    }>(
      `select rolname as name, rolcanlogin as login, rolpassword as verifier from pg_authid
        where rolname !~ '^pg_'`,
    );
    const roles = new Map<string, Role>();
    let isSame = before.roles.size === rows.length;
    for (const { name, login: canLogin, verifier } of rows) {
      const known = before.roles.get(name);
      const isKnown = known?.canLogin === canLogin && known.verifier === verifier;
      isSame &&= isKnown;
      roles.set(name, isKnown ? known : { ...unknown, ...known, name, canLogin, verifier });
    }
    return isSame ? before : { ...before, roles };
  }

  async function restore({ roles }: ServerState): Promise<void> {
    // A server that is busy may not have seen yet that the sockets of the schedule before were cut: its locks stand.
    await superuser.query(
      `select pg_terminate_backend(pid, 10000) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    const now = await state({ roles: new Map(), jobs: [], notes: new Map() });
    for (const { name, canLogin, verifier } of roles.values()) {
      const found = now.roles.get(name);
      if (found?.canLogin !== canLogin || found.verifier !== verifier) {
        const password = verifier === null ? 'null' : `'${verifier}'`;
        const login = canLogin ? 'login' : 'nologin';
        await superuser.query(`alter role "${name}" ${login} password ${password}`);
      }
    }
  }

  const nobody: ServerState = { roles: new Map(), jobs: [], notes: new Map() };
  const initial = await state(nobody);
  return {
    async stand(room, kept) {
      await restore(kept?.server ?? initial);
      const stand = new Stand(room, kept, connect);
      const refresh = async () => stand.cluster.commit(await state(stand.cluster.state));
      stand.refresh = refresh;
      await refresh();
      return stand;
    },
    stop: () => superuser.end(),
  };
}

const unknown: Omit<Role, 'name' | 'canLogin' | 'verifier'> = {
  ...{ superuser: false, createRole: false, validUntil: null, connectionLimit: -1 },
  ...{ memberOf: [], administeredBy: [], settings: [] },
};
