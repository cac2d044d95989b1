/**
 * Changes of roles, each through an admin's session in the cluster's maintenance database.
 * A PostgreSQL role may always change its own password, so whoever is to be shut out loses LOGIN first,
 * then every session, and only then gets a new verifier.
 */
import { createHash } from 'node:crypto';
import type { Session } from './door.ts';
import { PostgresError } from './errors.ts';
import { quotedRole } from './identifiers.ts';
import { serverVersion } from './role-facts.ts';
import { assertVerifier, discardedVerifier } from './scram.ts';

export type Sleep = (milliseconds: number) => Promise<void>;

export class SessionsRemainError extends Error {
  override readonly name = 'SessionsRemainError';
  readonly code = 'ERR_ROTATION_SESSIONS_REMAIN';
  constructor(role: string, left: number) {
    super(
      `${left} sessions of ${role} are still there after repeated termination; it stays NOLOGIN. ` +
        'Check that the admin role has pg_signal_backend, and run the step again.',
    );
  }
}

/**
 * One change of a role at a time, also across its transactions. Advisory locks are per database and
 * roles per cluster, so `session` must be in the one maintenance database of the cluster. The lock is
 * the session's: it ends with the connection, whatever happens to this process.
 */
export function withRoleLock<T>(
  session: Session,
  role: string,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(session, `quarterturn role lock v1\0${role}`, work);
}

/** One bootstrap of a cluster at a time; `session` as for `withRoleLock`. */
export function withBootstrapLock<T>(session: Session, work: () => Promise<T>): Promise<T> {
  return withLock(session, 'quarterturn bootstrap lock v1', work);
}

async function withLock<T>(session: Session, name: string, work: () => Promise<T>): Promise<T> {
  const key = createHash('sha256').update(name).digest();
  const id = key.readBigInt64BE(0).toString();
  await session.query('select pg_catalog.pg_advisory_lock($1::bigint)', [id]);
  try {
    return await work();
  } finally {
    // A session that is gone has let go of the lock already.
    await session
      .query('select pg_catalog.pg_advisory_unlock($1::bigint)', [id])
      .catch(() => undefined);
  }
}

export interface SetVerifierOptions {
  /** true: LOGIN, false: NOLOGIN, 'keep': as it is. */
  login: boolean | 'keep';
}

/** Sets a role's verifier in one transaction. @throws MalformedVerifierError before anything is sent */
export async function setVerifier(
  session: Session,
  role: string,
  verifier: string,
  { login }: SetVerifierOptions,
): Promise<void> {
  assertVerifier(verifier);
  const quoted = await quotedRole(session, role);
  const attribute = login === 'keep' ? '' : login ? ' LOGIN' : ' NOLOGIN';
  await session.transaction(async () => {
    await quietStatements(session);
    // No parameters here: ALTER ROLE takes none. The verifier has passed its pattern above.
    await session.query(`ALTER ROLE ${quoted}${attribute} PASSWORD '${verifier}'`);
  });
}

/** So long a session of the role may keep its row locked before it is ended for that. */
const rowLockTimeout = '1s';

/**
 * NOLOGIN, committed at once: from then on no new session of the role starts. Must run outside a transaction.
 * A session that changed its own password and did not commit holds the role's row locked for as long as it likes
 * (55P03): it is ended, and we are next.
 * @returns process ids of the sessions that were ended for that
 */
export async function revokeLogin(session: Session, role: string): Promise<ReadonlySet<number>> {
  const statement = `ALTER ROLE ${await quotedRole(session, role)} NOLOGIN`;
  const ended = new Set<number>();
  await session.query("select pg_catalog.set_config('lock_timeout', $1, false)", [rowLockTimeout]);
  try {
    // A session that changes its own password in a loop makes ours the second of two concurrent updates
    // (XX000), again and again: it must not win by that.
    for (let attempt = 1; ; attempt++) {
      try {
        await session.query(statement);
        return ended;
      } catch (error) {
        const sqlstate = error instanceof PostgresError ? error.sqlstate : undefined;
        if ((sqlstate !== 'XX000' && sqlstate !== '55P03') || attempt === 50) throw error;
        if (sqlstate === '55P03') {
          for (const pid of await terminateSessions(session, role)) ended.add(pid);
        }
      }
    }
  } finally {
    await session.query('RESET lock_timeout').catch(() => undefined);
  }
}

/** @returns process ids of the role's sessions, each told to end */
async function terminateSessions(session: Session, role: string): Promise<number[]> {
  const rows = await session.query<{ pid: number }>(
    `select pid, pg_catalog.pg_terminate_backend(pid) as signalled
       from pg_catalog.pg_stat_activity
      where usename = $1 and pid <> pg_catalog.pg_backend_pid()`,
    [role],
  );
  return rows.map(({ pid }) => pid);
}

/** Replaces the role's verifier by one whose password nobody knows. */
export async function discardVerifier(session: Session, role: string): Promise<void> {
  await setVerifier(session, role, discardedVerifier(), { login: false });
}

export interface EndedSessions {
  ended: number;
  /** Prepared transactions survive their session and keep their locks. */
  preparedRolledBack: number;
  /** Left to a superuser in their database: only the owner or a superuser may roll them back. */
  preparedLeft: number;
}

const endAttempts = 60;
const pauseMilliseconds = 250;

/**
 * Terminates the role's sessions until none is seen twice in a row, at most 60 looks 250 ms apart.
 * Must run outside a transaction: within one, pg_stat_activity is a snapshot that never changes.
 * @param already process ids of sessions that were ended before, and count, too
 * @throws SessionsRemainError
 */
export async function endSessions(
  session: Session,
  role: string,
  sleep: Sleep,
  already: ReadonlySet<number> = new Set(),
): Promise<EndedSessions> {
  const seen = new Set(already);
  let left = 0;
  let clean = 0;
  for (let attempt = 0; attempt < endAttempts; attempt++) {
    const pids = await terminateSessions(session, role);
    for (const pid of pids) seen.add(pid);
    left = pids.length;
    clean = left === 0 ? clean + 1 : 0;
    if (clean === 2) {
      return { ended: seen.size, ...(await rollBackPrepared(session, role)) };
    }
    await sleep(pauseMilliseconds);
  }
  throw new SessionsRemainError(role, left);
}

async function rollBackPrepared(
  session: Session,
  role: string,
): Promise<Pick<EndedSessions, 'preparedRolledBack' | 'preparedLeft'>> {
  const rows = await session.query<{ here: boolean; statement: string }>(
    `select database = pg_catalog.current_database() as here,
            format('ROLLBACK PREPARED %L', gid) as statement
       from pg_catalog.pg_prepared_xacts where owner = $1`,
    [role],
  );
  let rolledBack = 0;
  for (const { statement } of rows.filter(({ here }) => here)) {
    try {
      await session.query(statement);
      rolledBack += 1;
    } catch (error) {
      if (!(error instanceof PostgresError && error.sqlstate === '42501')) {
        throw error;
      }
    }
  }
  return { preparedRolledBack: rolledBack, preparedLeft: rows.length - rolledBack };
}

/**
 * Where the session may, keeps the next statement out of the server's log and statistics: they would
 * hold the verifier. Only for the open transaction. Asks for the permission instead of trying: a
 * refused SET would abort the transaction.
 */
export async function quietStatements(session: Session): Promise<void> {
  const permitted =
    (await serverVersion(session)) >= 150000
      ? `pg_catalog.has_parameter_privilege(current_user, setting, 'SET')`
      : `pg_catalog.current_setting('is_superuser') = 'on'`;
  await session.query(
    `select pg_catalog.set_config(setting, value, true)
       from (values ('log_statement', 'none'), ('log_min_duration_statement', '-1'),
                    ('log_min_duration_sample', '-1'), ('log_min_error_statement', 'panic'),
                    ('pg_stat_statements.track_utility', 'off')) as quiet(setting, value)
      where pg_catalog.current_setting(setting, true) is not null and ${permitted}`,
  );
}
