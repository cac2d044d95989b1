/**
 * A PostgreSQL of roles, in memory: what `pg_authid` holds, who may log in, transactions, and the advisory lock. It
 * answers exactly the statements the rooms send (`statements.ts`) and refuses every other one. What it claims about
 * PostgreSQL is compared with a real server, schedule by schedule (`test/matrix/postgres.test.ts`).
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import pg from 'pg';
import type { Credential, Endpoint } from '../../../doors/postgres/door.ts';

export interface Role {
  readonly name: string;
  readonly canLogin: boolean;
  readonly superuser: boolean;
  readonly createRole: boolean;
  /** As stored; null: no password lets it in. */
  readonly verifier: string | null;
  readonly validUntil: string | null;
  readonly connectionLimit: number;
  /** Direct and through others. */
  readonly memberOf: readonly string[];
  /** May be altered by a role with CREATEROLE that has ADMIN OPTION on it. */
  readonly administeredBy: readonly string[];
  /** `[database or null, name=value]`, as in pg_db_role_setting. */
  readonly settings: readonly (readonly [string | null, string])[];
}

/** A row of quarterturn.job, as `jobColumns` reads it. */
export type JobRow = Readonly<Record<string, unknown>> & {
  readonly secret: string;
  readonly state: string;
};

/** Never changed, only replaced: keeping one is keeping the server. */
export interface ServerState {
  readonly roles: ReadonlyMap<string, Role>;
  readonly jobs: readonly JobRow[];
  /** Ciphertexts of the declared column, by primary key. */
  readonly notes: ReadonlyMap<string, string>;
}

export class Cluster {
  state: ServerState;
  /** Counts commits. */
  revision = 0;
  readonly databases: ReadonlySet<string> = new Set(['postgres', 'pharmacy']);
  readonly #locks = new Map<string, { holder: object; count: number }>();

  constructor(state: ServerState) {
    this.state = state;
  }

  commit(state: ServerState): void {
    if (state !== this.state) {
      this.state = state;
      this.revision += 1;
    }
  }

  /** In the order of the server: the database's name, the password, then whether the role may log in at all. */
  authenticate({ dbname }: Endpoint, { username, password }: Credential): Role {
    const role = this.state.roles.get(username);
    const isExpired = role?.validUntil != null && role.validUntil !== 'infinity';
    if (role?.verifier == null || isExpired || !opens(role.verifier, password)) {
      throw databaseError('28P01', `password authentication failed for user "${username}"`);
    }
    if (!role.canLogin) {
      throw databaseError('28000', `role "${username}" is not permitted to log in`);
    }
    if (role.connectionLimit === 0) {
      throw databaseError('53300', `too many connections for role "${username}"`);
    }
    if (!this.databases.has(dbname)) {
      throw databaseError('3D000', `database "${dbname}" does not exist`);
    }
    return role;
  }

  /** Session-level and re-entrant (pg_advisory_lock). One at a time runs here, so a wait would never end. */
  lock(id: string, holder: object): void {
    const held = this.#locks.get(id);
    if (held !== undefined && held.holder !== holder) {
      throw new Error(`the lock ${id} is held by a session that nobody closed`);
    }
    this.#locks.set(id, { holder, count: (held?.count ?? 0) + 1 });
  }

  unlock(id: string, holder: object): void {
    const held = this.#locks.get(id);
    if (held?.holder !== holder) {
      return;
    }
    if (held.count === 1) {
      this.#locks.delete(id);
    } else {
      this.#locks.set(id, { holder, count: held.count - 1 });
    }
  }

  /** A session ends, and with it its locks. */
  release(holder: object): void {
    for (const [id, held] of this.#locks) {
      if (held.holder === holder) {
        this.#locks.delete(id);
      }
    }
  }

  get lockedBySomebody(): boolean {
    return this.#locks.size > 0;
  }
}

export function databaseError(sqlstate: string, message: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code: sqlstate });
}

const known = new Map<string, string>();

/** As the server checks it (RFC 5802): the StoredKey that follows from the password, its salt and iterations. */
export function opens(verifier: string, password: string): boolean {
  const [, iterations, salt, storedKey] =
    /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(verifier) ?? [];
  if (salt === undefined) {
    return false;
  }
  const name = `${iterations}:${salt}:${password}`;
  let found = known.get(name);
  if (found === undefined) {
    const bytes = Buffer.from(salt, 'base64');
    const salted = pbkdf2Sync(password, bytes, Number(iterations), 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    found = createHash('sha256').update(clientKey).digest('base64');
    known.set(name, found);
  }
  return found === storedKey;
}
