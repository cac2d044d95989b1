/**
 * Waits, without waiting itself, until every transaction of a moment has ended: one that is open may still
 * write what it sealed with the old key, and what it has written is in no count until it commits. Idle ones
 * and prepared ones included.
 *
 * Every transaction holds a lock on its virtual id from its first statement on, whether it writes or not, and
 * pg_locks shows them to every role (manual, "pg_locks"); prepared ones stand in pg_prepared_xacts.
 */
import type { Session } from '../../doors/postgres/door.ts';
import { StepOrderError } from './errors.ts';

export interface FenceState {
  readonly cleared: boolean;
  readonly transactions: number;
  readonly prepared: number;
}

/**
 * Transactions of this database; one cannot cross into another. Autovacuum and walsenders write no values. A role without
 * pg_read_all_stats is not told the type of another's process, but who logged in as what ("pg_stat_activity"): nobody
 * did as autovacuum, which may work on one table for hours.
 */
const alive = `
  select l.virtualxid || '@' || l.pid as id
    from pg_locks as l join pg_stat_activity as a on a.pid = l.pid
   where l.locktype = 'virtualxid' and l.granted and l.virtualxid = l.virtualtransaction
     and a.datname = current_database() and l.pid <> pg_backend_pid()
     and a.usesysid is not null and coalesce(a.backend_type, 'client backend') <> 'walsender'`;

const prepared = `
  select transaction::text || '@' || gid as id from pg_prepared_xacts where database = current_database()`;

/** `name`: what the fence is for, e.g. "writers". Taken again it stays the one that was taken first in this pass. */
export async function takeFence(session: Session, jobId: string, name: string): Promise<void> {
  await session.query(
    `insert into quarterturn.fence as f (job, name, pass, transactions, prepared)
     select id, $2, pass, array(${alive}), array(${prepared}) from quarterturn.job where id = $1
     on conflict (job, name) do update
        set pass = excluded.pass, transactions = excluded.transactions, prepared = excluded.prepared,
            taken_at = now(), cleared_at = null
      where f.pass <> excluded.pass`,
    [jobId, name],
  );
}

/** @throws StepOrderError when it was never taken */
export async function fenceState(
  session: Session,
  jobId: string,
  name: string,
): Promise<FenceState> {
  const [row] = await session.query<{ transactions: number; prepared: number; pass: number }>(
    `select f.pass, cardinality(array(select unnest(f.transactions) intersect (${alive}))) as transactions,
            cardinality(array(select unnest(f.prepared) intersect (${prepared}))) as prepared
       from quarterturn.fence as f where f.job = $1 and f.name = $2`,
    [jobId, name],
  );
  if (row === undefined) {
    throw new StepOrderError(`The fence "${name}" of job ${jobId} was never taken; take it first.`);
  }
  const cleared = row.transactions === 0 && row.prepared === 0;
  if (cleared) {
    await session.query(
      `update quarterturn.fence set cleared_at = coalesce(cleared_at, now()) where job = $1 and name = $2 and pass = $3`,
      [jobId, name, row.pass],
    );
  }
  return { cleared, transactions: row.transactions, prepared: row.prepared };
}

/** `pass`: taken in this pass. */
export async function isCleared(
  session: Session,
  jobId: string,
  name: string,
  pass: number | undefined,
): Promise<boolean> {
  const [row] = await session.query<{ cleared: boolean }>(
    `select cleared_at is not null as cleared from quarterturn.fence
      where job = $1 and name = $2 and ($3::int is null or pass = $3)`,
    [jobId, name, pass ?? null],
  );
  return row?.cleared === true;
}
