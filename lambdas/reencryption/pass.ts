/**
 * Passes of a job over its ranges: rewrite once, sweep until nothing is left, then verify and count. The
 * order is enforced here, not trusted to whoever calls: a zero that was counted too early is no zero.
 */
import type { Session } from '../../doors/postgres/door.ts';
import type { ReencryptedColumn } from './column.ts';
import { JobFencedError, StepOrderError } from './errors.ts';
import { type Job, jobById, type PassKind } from './job.ts';
import { type PlanLimits, plan } from './plan.ts';
import { isCleared } from './writer-fence.ts';

export interface PassResult {
  readonly pass: number;
  readonly kind: PassKind;
  /** Ranges not done. */
  readonly open: number;
  readonly rewritten: number;
  readonly gone: number;
  readonly quarantined: number;
  readonly remaining: number;
}

export async function passResult(session: Session, jobId: string): Promise<PassResult> {
  const job = await jobById(session, jobId);
  const [row] = await session.query<Omit<PassResult, 'pass' | 'kind'> & Record<string, unknown>>(
    `select (select count(*) from quarterturn.range
              where job = $1 and (state = 'open' or pass < $2))::int as open,
            coalesce(sum(c.rewritten), 0)::float8 as rewritten, coalesce(sum(c.gone), 0)::float8 as gone,
            coalesce(sum(c.quarantined), 0)::float8 as quarantined,
            coalesce(sum(c.remaining), 0)::float8 as remaining
       from quarterturn.range as r
       join quarterturn.range_count as c on c.range = r.id and c.pass = $2
      where r.job = $1`,
    [jobId, job.pass],
  );
  return {
    pass: job.pass,
    kind: job.passKind,
    open: row?.open ?? 0,
    rewritten: row?.rewritten ?? 0,
    gone: row?.gone ?? 0,
    quarantined: row?.quarantined ?? 0,
    remaining: row?.remaining ?? 0,
  };
}

/** A pass that changed nothing and missed nothing leaves nothing for the next one. */
export function isSwept({ kind, open, rewritten, gone }: PassResult): boolean {
  return kind === 'sweep' && open === 0 && rewritten === 0 && gone === 0;
}

const follows: Readonly<Record<PassKind, readonly PassKind[]>> = {
  rewrite: [],
  sweep: ['rewrite', 'sweep', 'verify', 'count'],
  verify: ['sweep'],
  count: ['verify'],
};

/**
 * Opens the next pass over every range, those of new partitions included. Asked again with the same `after`
 * it does nothing: a task that is retried must not begin two passes.
 *
 * - sweep after anything: what is found late is swept again
 * - verify after a sweep that left nothing, once every writer of then has ended (fence "writers")
 * - count after a verify, once every transaction alive at its end has ended (fence "counts")
 *
 * @param after number of the pass it follows
 * @throws StepOrderError, JobFencedError
 */
export async function openPass(
  session: Session,
  jobId: string,
  kind: Exclude<PassKind, 'rewrite'>,
  after: number,
  columns: readonly ReencryptedColumn[],
  limits?: PlanLimits,
): Promise<Job> {
  const before = await jobById(session, jobId);
  if (before.state !== 'active') {
    throw new JobFencedError(jobId, before.state, 'active');
  }
  if (before.pass === after + 1 && before.passKind === kind) {
    return before;
  }
  const result = await passResult(session, jobId);
  if (before.pass !== after || result.open > 0 || !follows[kind].includes(before.passKind)) {
    throw new StepOrderError(
      `Pass ${after + 1} (${kind}) cannot begin: the job is in pass ${before.pass} (${before.passKind}) with ${result.open} ranges open.`,
    );
  }
  await assertReady(session, kind, jobId, result);
  await plan(session, before, columns, limits);
  await session.transaction(async () => {
    const [row] = await session.query(
      `update quarterturn.job set pass = $2, pass_kind = $3
        where id = $1 and state = 'active' and pass = $4 returning id`,
      [jobId, after + 1, kind, after],
    );
    if (row !== undefined) {
      await session.query(
        `update quarterturn.range set pass = $2, state = 'open', checkpoint = null, owner = null,
                owner_pid = null, owner_since = null, lease_until = null
          where job = $1`,
        [jobId, after + 1],
      );
    }
  });
  return jobById(session, jobId);
}

async function assertReady(
  session: Session,
  kind: PassKind,
  jobId: string,
  result: PassResult,
): Promise<void> {
  if (kind === 'verify') {
    if (!isSwept(result)) {
      throw new StepOrderError(
        `Verification cannot begin: the last sweep rewrote ${result.rewritten} rows and missed ${result.gone}; sweep again until it finds none.`,
      );
    }
    await assertCleared(session, jobId, 'writers', undefined);
  }
  if (kind === 'count') {
    await assertCleared(session, jobId, 'counts', result.pass);
  }
}

async function assertCleared(
  session: Session,
  jobId: string,
  name: string,
  pass: number | undefined,
): Promise<void> {
  if (!(await isCleared(session, jobId, name, pass))) {
    throw new StepOrderError(
      `The fence "${name}" of job ${jobId} is not taken, or transactions from before it are still alive; wait for them.`,
    );
  }
}
