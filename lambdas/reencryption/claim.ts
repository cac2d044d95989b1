/**
 * Who works on which range. A claim is a lease: renewed with every batch, free again when it runs out or
 * when the session that took it is gone. Two workers on one range do no harm (every batch checks the owner,
 * every row is compared before it is swapped); they only waste work.
 */
import { arrayLiteral } from '../../doors/postgres/array-literal.ts';
import type { BulkSession } from '../../doors/postgres/bulk-session.ts';
import type { Job } from './job.ts';

export interface Range {
  /** bigint, as text. */
  readonly id: string;
  readonly leaf: string;
  readonly declared: string;
  readonly walk: 'key' | 'ctid';
  /** Exclusive; undefined: from the first row. */
  readonly after: readonly string[] | undefined;
  /** Inclusive; undefined: to the last row, and whatever comes after it. */
  readonly upto: readonly string[] | undefined;
  /** Order columns of the last row of the last finished window. */
  readonly checkpoint: readonly string[] | undefined;
  /** Column id → rows rewritten by a window that is not finished. */
  readonly inWindow: ReadonlyMap<string, number>;
}

const claim = `
  with free as (
    select r.id from quarterturn.range as r
     where r.job = $1 and r.pass = $2::int and r.state = 'open' and r.id <> all($5::bigint[])
       and (r.owner is null or r.lease_until < now()
            or not exists (select from pg_stat_activity as a
                            where a.pid = r.owner_pid and a.backend_start = r.owner_since))
     order by r.id limit 1
       for update of r skip locked)
  update quarterturn.range as r
     set owner = $3::uuid, owner_pid = pg_backend_pid(),
         owner_since = (select backend_start from pg_stat_activity where pid = pg_backend_pid()),
         lease_until = now() + make_interval(secs => $4::float8)
    from free join quarterturn.range as same on same.id = free.id
    join quarterturn.leaf as l on l.job = same.job and l.leaf = same.leaf
   where r.id = free.id
  returning r.id, r.leaf, l.declared, l.walk, array_to_json(r.after_key), array_to_json(r.upto_key),
            array_to_json(r.checkpoint)`;

/**
 * Asked after the claim, not in it: a batch of the last owner that commits while the claim waits for the row
 * is in no snapshot of that statement. From the claim on that owner commits nothing more.
 */
const unfinished = `
  select column_id, in_window from quarterturn.range_count where range = $1 and pass = $2::int`;

/** The next free range of the job's pass that is none of `aside`; undefined: none is free now. */
export async function claimRange(
  session: BulkSession,
  job: Job,
  owner: string,
  leaseSeconds: number,
  aside: Iterable<string> = [],
): Promise<Range | undefined> {
  const [row] = await session.rows(claim, [
    job.id,
    String(job.pass),
    owner,
    String(leaseSeconds),
    arrayLiteral([...aside]),
  ]);
  if (row === undefined) {
    return undefined;
  }
  const [id, leaf, declared, walk, after, upto, checkpoint] = row;
  const counts = await session.rows(unfinished, [id ?? '', String(job.pass)]);
  return {
    id: id ?? '',
    leaf: leaf ?? '',
    declared: declared ?? '',
    walk: walk === 'ctid' ? 'ctid' : 'key',
    after: key(after),
    upto: key(upto),
    checkpoint: key(checkpoint),
    inWindow: new Map(counts.map(([column, rows]) => [column ?? '', Number(rows)])),
  };
}

function key(json: string | null | undefined): readonly string[] | undefined {
  return json === null || json === undefined ? undefined : (JSON.parse(json) as string[]);
}

/** Ranges of the pass that are not done, claimed or not. */
export async function openRanges(session: BulkSession, job: Job): Promise<number> {
  const [row] = await session.rows(
    `select count(*) from quarterturn.range where job = $1 and (pass < $2::int or state = 'open')`,
    [job.id, String(job.pass)],
  );
  return Number(row?.[0] ?? 0);
}
