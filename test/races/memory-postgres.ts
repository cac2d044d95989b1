/**
 * Roles, sessions and locks of one cluster, in memory: what a rotation meets of PostgreSQL when two of them meet.
 * A statement it does not know is an error, so that nothing passes here by luck.
 *
 * - an advisory lock belongs to a session and ends with it (manual, "Advisory Locks")
 * - ALTER ROLE keeps the role's row until its transaction ends; the second of two concurrent ones fails with XX000,
 *   "tuple concurrently updated"
 * - a login is decided by the verifier and LOGIN of that moment; 28P01 before 28000
 * - a terminated session meets 57P01 with its next statement
 */
import type { Credential, Endpoint, PostgresDoor, Session } from '../../doors/postgres/door.ts';
import {
  LoginRefusedError,
  PostgresError,
  PostgresUnreachableError,
  RoleCannotLoginError,
} from '../../doors/postgres/errors.ts';
import { scramVerifier } from '../../doors/postgres/scram.ts';
import { Cluster, fits, type Role } from './cluster.ts';
import type { Schedule } from './schedule.ts';

interface Open {
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  terminated: boolean;
  /** Roles as this transaction has changed them, seen by nobody else; undefined: none is open. */
  changed: Map<string, Role> | undefined;
  hasLockTimeout: boolean;
}

type Row = Record<string, unknown>;
type Statement = [
  pattern: RegExp,
  run: (
    session: Open,
    found: RegExpExecArray,
    values: readonly unknown[],
  ) => Row[] | Promise<Row[]>,
];

export class MemoryPostgres extends Cluster {
  readonly #sessions = new Map<number, Open>();
  readonly #advisory = new Map<string, { holder: Open; waiting: (() => void)[] }>();
  readonly #rows = new Map<string, { holder: Open; waiting: (() => void)[] }>();
  #pid = 100;

  addRole(name: string, password?: string): void {
    const salt = Buffer.alloc(16, name);
    const verifier = password === undefined ? undefined : scramVerifier(password, salt);
    this.roles.set(name, { verifier, login: password !== undefined, settings: new Map() });
  }

  /** The cluster as this participant reaches it. */
  door(schedule: Schedule, name: () => string): PostgresDoor {
    return {
      withSession: async (endpoint, credential, work) => {
        const by = name();
        const open = await schedule.call(by, `login ${credential.username}`, () =>
          this.#login(endpoint, credential),
        );
        try {
          return await work(this.#session(schedule, by, open));
        } finally {
          this.#end(open);
        }
      },
    };
  }

  #session(schedule: Schedule, by: string, open: Open): Session {
    const session: Session = {
      query: <R extends Row>(text: string, values: readonly unknown[] = []) =>
        schedule.call(by, text.trim().slice(0, 40).replaceAll(/\s+/g, ' '), () =>
          this.#run(open, text.trim(), values),
        ) as Promise<R[]>,
      transaction: async (work) => {
        open.changed = new Map();
        try {
          const result = await work();
          await schedule.call(by, 'commit', () => this.#commit(open));
          return result;
        } catch (error) {
          this.#rollBack(open);
          throw error;
        }
      },
    };
    return session;
  }

  #login(endpoint: Endpoint, credential: Credential): Open {
    const at = `${endpoint.host} as ${credential.username}`;
    const role = this.roles.get(credential.username);
    if (role === undefined || !fits(role, credential.password)) {
      throw new LoginRefusedError(at);
    }
    if (!role.login) throw new RoleCannotLoginError(at);
    const open: Open = {
      pid: ++this.#pid,
      user: credential.username,
      database: endpoint.dbname,
      terminated: false,
      changed: undefined,
      hasLockTimeout: false,
    };
    this.#sessions.set(open.pid, open);
    return open;
  }

  #end(open: Open): void {
    this.#rollBack(open);
    for (const key of [...this.#advisory.keys()]) letGo(this.#advisory, key, open);
    this.#sessions.delete(open.pid);
  }

  #commit(open: Open): void {
    if (open.terminated) throw new PostgresUnreachableError('memory', '57P01');
    for (const [name, role] of open.changed ?? []) {
      this.roles.set(name, role);
      this.alters.push({ role: name, by: open.user });
      letGo(this.#rows, name, open);
    }
    open.changed = undefined;
  }

  #rollBack(open: Open): void {
    for (const name of open.changed?.keys() ?? []) letGo(this.#rows, name, open);
    open.changed = undefined;
  }

  async #run(open: Open, text: string, values: readonly unknown[]): Promise<Row[]> {
    if (open.terminated) throw new PostgresUnreachableError('memory', '57P01');
    for (const [pattern, run] of this.#statements) {
      const found = pattern.exec(text);
      if (found !== null) return run(open, found, values);
    }
    throw new Error(`This PostgreSQL in memory knows no such statement: ${text}`);
  }

  readonly #statements: readonly Statement[] = [
    [/^select 1$/, () => [{ one: 1 }]],
    [/pg_is_in_recovery\(\)/, () => [{ standby: false }]],
    [/pg_advisory_lock/, (open, _, [id]) => take(this.#advisory, `${open.database}/${id}`, open)],
    [
      /pg_advisory_unlock/,
      (open, _, [id]) => letGo(this.#advisory, `${open.database}/${id}`, open),
    ],
    [/^with recursive membership/, (_open, _found, [role]) => this.#facts(String(role))],
    [
      /^select format\('%I', rolname\)/,
      (_open, _found, [role]) => (this.roles.has(String(role)) ? [{ quoted: `"${role}"` }] : []),
    ],
    [/server_version_num/, () => [{ version: 180_004 }]],
    [/as quiet\(setting, value\)/, () => []],
    [/set_config\('lock_timeout', \$1, false\)/, (open) => limitLocks(open, true)],
    [/^RESET lock_timeout$/, (open) => limitLocks(open, false)],
    [/pg_terminate_backend/, (open, _, [role]) => this.#terminate(open, String(role))],
    [/'authentication_timeout'/, () => [{ seconds: 60 }]],
    [/from pg_catalog\.pg_prepared_xacts/, () => []],
    [
      /^select session_user::text as login/,
      ({ user }) => [{ login: user, identity: this.roles.get(user)?.settings.get('role') ?? user }],
    ],
    [/from pg_catalog\.pg_db_role_setting/, (_open, _found, [role]) => this.#settings(role)],
    [
      /^ALTER ROLE "(\w+)" SET "role" = '(\w+)'$/,
      (open, [, role = '', to = '']) =>
        this.#alter(open, role, (it) => void it.settings.set('role', to)),
    ],
    [
      /^ALTER ROLE "(\w+)"( LOGIN| NOLOGIN)?(?: PASSWORD '(.+)')?$/,
      (open, [, role = '', login, verifier]) =>
        this.#alter(open, role, (it) => {
          if (login !== undefined) it.login = login === ' LOGIN';
          if (verifier !== undefined) it.verifier = verifier;
        }),
    ],
  ];

  async #alter(open: Open, name: string, change: (role: Role) => void): Promise<Row[]> {
    const waited = this.#rows.get(name);
    if (waited !== undefined && waited.holder !== open) {
      if (open.hasLockTimeout) throw new PostgresError('memory', '55P03', '');
      const before = this.alters.length;
      await take(this.#rows, name, open);
      letGo(this.#rows, name, open);
      if (this.alters.slice(before).some(({ role }) => role === name)) {
        throw new PostgresError('memory', 'XX000', 'tuple concurrently updated');
      }
    }
    const role = this.roles.get(name);
    if (role === undefined) throw new PostgresError('memory', '42704', '');
    if (open.changed === undefined) {
      change(role);
      this.alters.push({ role: name, by: open.user });
      return [];
    }
    const copy = open.changed.get(name) ?? { ...role, settings: new Map(role.settings) };
    if (!open.changed.has(name)) await take(this.#rows, name, open);
    open.changed.set(name, copy);
    change(copy);
    return [];
  }

  #terminate(by: Open, role: string): Row[] {
    const found = [...this.#sessions.values()].filter(
      ({ user, pid }) => user === role && pid !== by.pid,
    );
    for (const session of found) {
      session.terminated = true;
      this.terminated.push(session.user);
      this.#end(session);
    }
    return found.map(({ pid }) => ({ pid, signalled: true }));
  }

  #facts(name: string): Row[] {
    const role = this.roles.get(name);
    const none = { superuser: false, create_role: false, replication: false, bypass: false };
    const rest = { valid_until: null, connection_limit: -1, member_of: [] };
    return role === undefined
      ? []
      : [{ ...none, ...rest, can_login: role.login, member_of_superuser: false }];
  }

  #settings(role: unknown): Row[] {
    const settings = this.roles.get(String(role))?.settings ?? new Map();
    return [...settings].map(([name, value]) => ({ database: null, setting: `${name}=${value}` }));
  }
}

function limitLocks(open: Open, isLimited: boolean): Row[] {
  open.hasLockTimeout = isLimited;
  return [];
}

type Locks = Map<string, { holder: Open; waiting: (() => void)[] }>;

async function take(locks: Locks, key: string, by: Open): Promise<Row[]> {
  for (let lock = locks.get(key); lock !== undefined; lock = locks.get(key)) {
    const { waiting } = lock;
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  locks.set(key, { holder: by, waiting: [] });
  return [];
}

function letGo(locks: Locks, key: string, by: Open): Row[] {
  const lock = locks.get(key);
  if (lock?.holder !== by) return [];
  locks.delete(key);
  for (const wake of lock.waiting) wake();
  return [];
}
