/** How much is left, from what the ledger has already counted: no table is read for it. */
import type { Session } from '../../doors/postgres/door.ts';
import type { ReencryptedColumn } from './column.ts';
import type { ColumnLedger, Ledger } from './ledger.ts';

export interface ValuesLeft {
  readonly columnId: string;
  readonly rows: number;
}

/**
 * While rows are rewritten, an estimate: the planner's rows without those looked at. From the first sweep on,
 * what the pass found and did not change.
 */
export async function valuesLeft(
  session: Session,
  { job, columns: counted }: Pick<Ledger, 'job' | 'columns'>,
  columns: readonly ReencryptedColumn[],
): Promise<ValuesLeft[]> {
  const leaves = await session.query<{ declared: string; rows: number }>(
    `select declared, sum(rows_estimated)::float8 as rows from quarterturn.leaf where job = $1 group by 1`,
    [job.id],
  );
  const planned = new Map(leaves.map(({ declared, rows }) => [declared, rows]));
  return columns.map(({ id, table }) => {
    const found = counted.find(({ columnId }) => columnId === id);
    const rows =
      job.passKind === 'rewrite'
        ? Math.max(0, (planned.get(table) ?? 0) - (found === undefined ? 0 : behind(found)))
        : found === undefined
          ? 0
          : unchanged(found);
    return { columnId: id, rows };
  });
}

const behind = ({ nulls, skipped, rewritten }: ColumnLedger) => nulls + skipped + rewritten;
const unchanged = ({ quarantined, gone, remaining }: ColumnLedger) =>
  quarantined + gone + remaining;

/** Sweeps of the job that still found values to rewrite: a writer seals under another key. */
export async function sweepsThatFound(session: Session, jobId: string): Promise<number> {
  const [row] = await session.query<{ sweeps: number }>(
    `select count(distinct c.pass)::int as sweeps
       from quarterturn.range_count as c join quarterturn.range as r on r.id = c.range
      where r.job = $1 and c.pass > 0 and c.rewritten + c.gone > 0`,
    [jobId],
  );
  return row?.sweeps ?? 0;
}

/**
 * Values that did not open when verified, without those the sweep before has put into quarantine: sweeping once
 * more would leave these as they are. Of any other pass, what it counted.
 */
export async function unexplained(session: Session, { job, columns }: Ledger): Promise<number> {
  const sum = (rows: readonly number[]) => rows.reduce((total, one) => total + one, 0);
  if (job.passKind !== 'verify') {
    return sum(columns.map(({ remaining }) => remaining));
  }
  const known = await session.query<{ column: string; rows: number }>(
    `select column_id as column, count(*)::float8 as rows from quarterturn.quarantine
      where job = $1 and seen_pass = $2::int - 1 group by 1`,
    [job.id, job.pass],
  );
  const rows = new Map(known.map((one) => [one.column, one.rows]));
  return sum(
    columns.map(({ columnId, remaining }) => Math.max(0, remaining - (rows.get(columnId) ?? 0))),
  );
}

export interface ColumnCounts {
  readonly columnId: string;
  readonly rewritten: number;
  readonly opened: number;
  readonly quarantined: number;
  readonly remaining: number;
}

/** Of a job that was counted: what it sealed in all its passes, and what its last verification and count found. */
export async function countsOfJob(
  session: Session,
  { id, pass }: { id: string; pass: number },
): Promise<ColumnCounts[]> {
  return session.query<ColumnCounts & Record<string, unknown>>(
    `select c.column_id as "columnId", sum(c.rewritten)::float8 as rewritten,
            coalesce(sum(c.opened) filter (where c.pass = $2::int - 1), 0)::float8 as opened,
            coalesce(sum(c.quarantined) filter (where c.pass = $2::int - 1), 0)::float8 as quarantined,
            coalesce(sum(c.remaining) filter (where c.pass = $2::int), 0)::float8 as remaining
       from quarterturn.range_count as c join quarterturn.range as r on r.id = c.range
      where r.job = $1 group by 1 order by 1`,
    [id, pass],
  );
}
