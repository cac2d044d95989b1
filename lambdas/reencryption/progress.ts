/** What is written down with the rows, in their transaction: counts, findings, how far the range is. */
import { arrayLiteral } from '../../doors/postgres/array-literal.ts';
import type { BulkSession } from '../../doors/postgres/bulk-session.ts';
import type { Range } from './claim.ts';
import { RangeLostError } from './errors.ts';
import type { Job } from './job.ts';

export interface Counts {
  nulls: number;
  /** Empty, or sealed under the target key already. */
  skipped: number;
  /** Rows really changed, as the server counted them. */
  rewritten: number;
  quarantined: number;
  /** Deleted, moved, or written again and again while it was tried; what remains of them the sweep finds. */
  gone: number;
  /** Verification: opened with the target key. */
  opened: number;
  /** Verification: ciphertext of another key. */
  remaining: number;
}

export interface ColumnProgress extends Counts {
  readonly columnId: string;
  /** Rows rewritten by the window under way: absolute, not added. */
  inWindow: number;
}

export function noProgress(columnId: string, inWindow: number): ColumnProgress {
  const counts = { nulls: 0, skipped: 0, rewritten: 0, quarantined: 0, gone: 0, opened: 0 };
  return { columnId, inWindow, remaining: 0, ...counts };
}

export interface Quarantined {
  readonly columnId: string;
  readonly rowKey: readonly string[];
  readonly reason: string;
  readonly kid: string | undefined;
}

const record = `
  with held as (
    update quarterturn.range
       set lease_until = now() + make_interval(secs => $3::float8),
           checkpoint = coalesce($4::text[], checkpoint), state = $5,
           owner = case when $5 = 'done' then null else owner end
     where id = $1 and owner = $2::uuid and state = 'open'
    returning id),
  counted as (
    insert into quarterturn.range_count as c
           (range, pass, column_id, nulls, skipped, rewritten, quarantined, gone, opened, remaining, in_window)
    select held.id, $6::int, n.*
      from held, unnest($7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
                        $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[]) as n
    on conflict (range, pass, column_id) do update
       set nulls = c.nulls + excluded.nulls, skipped = c.skipped + excluded.skipped,
           rewritten = c.rewritten + excluded.rewritten,
           quarantined = c.quarantined + excluded.quarantined, gone = c.gone + excluded.gone,
           opened = c.opened + excluded.opened, remaining = c.remaining + excluded.remaining,
           in_window = excluded.in_window)
  select count(*) from held`;

export interface Progress {
  readonly columns: readonly ColumnProgress[];
  /** Order columns of the last row of a finished window. */
  readonly checkpoint?: readonly string[] | undefined;
  readonly done?: boolean;
}

/** In the caller's transaction. @throws RangeLostError */
export async function recordProgress(
  session: BulkSession,
  {
    job,
    range,
    owner,
    leaseSeconds,
  }: { job: Job; range: Range; owner: string; leaseSeconds: number },
  { columns, checkpoint, done = false }: Progress,
): Promise<void> {
  const list = (of: (column: ColumnProgress) => number | string) =>
    arrayLiteral(columns.map((column) => String(of(column))));
  const [row] = await session.rows(record, [
    range.id,
    owner,
    String(leaseSeconds),
    checkpoint === undefined ? null : arrayLiteral(checkpoint),
    done ? 'done' : 'open',
    String(job.pass),
    list(({ columnId }) => columnId),
    list(({ nulls }) => nulls),
    list(({ skipped }) => skipped),
    list(({ rewritten }) => rewritten),
    list(({ quarantined }) => quarantined),
    list(({ gone }) => gone),
    list(({ opened }) => opened),
    list(({ remaining }) => remaining),
    list(({ inWindow }) => inWindow),
  ]);
  if (row?.[0] !== '1') {
    throw new RangeLostError(range.id);
  }
}

/** A sign-off stands for what was found then: another reason or key needs another one. */
const recordFindings = `
  insert into quarterturn.quarantine as q (job, leaf, column_id, row_key, reason, kid, seen_pass)
  select $1::bigint, $2, f.column_id, array(select json_array_elements_text(f.row_key::json)), f.reason, f.kid, $3::int
    from unnest($4::text[], $5::text[], $6::text[], $7::text[]) as f(column_id, row_key, reason, kid)
  on conflict (job, leaf, column_id, row_key) do update
     set seen_pass = excluded.seen_pass, reason = excluded.reason, kid = excluded.kid,
         accepted_by = case when q.reason = excluded.reason and q.kid is not distinct from excluded.kid
                            then q.accepted_by end,
         accepted_at = case when q.reason = excluded.reason and q.kid is not distinct from excluded.kid
                            then q.accepted_at end`;

/** In the caller's transaction. */
export async function recordQuarantine(
  session: BulkSession,
  job: Job,
  range: Range,
  findings: readonly Quarantined[],
): Promise<void> {
  if (findings.length > 0) {
    await session.rows(recordFindings, [
      job.id,
      range.leaf,
      String(job.pass),
      arrayLiteral(findings.map(({ columnId }) => columnId)),
      arrayLiteral(findings.map(({ rowKey }) => JSON.stringify(rowKey))),
      arrayLiteral(findings.map(({ reason }) => reason)),
      arrayLiteral(findings.map(({ kid }) => kid ?? null)),
    ]);
  }
}
