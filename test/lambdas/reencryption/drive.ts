/** A whole job, from wherever the ledger says it stands: what the state machine does, in one process. */
import { randomUUID } from 'node:crypto';
import type { BulkSession } from '../../../doors/postgres/bulk-session.ts';
import { type Job, jobById, openJob } from '../../../lambdas/reencryption/job.ts';
import { ledger, type Verdict, verdict } from '../../../lambdas/reencryption/ledger.ts';
import { isSwept, openPass, passResult } from '../../../lambdas/reencryption/pass.ts';
import { type PlanLimits, plan } from '../../../lambdas/reencryption/plan.ts';
import { acceptQuarantined } from '../../../lambdas/reencryption/sign-off.ts';
import { type Engine, work } from '../../../lambdas/reencryption/worker.ts';
import { fenceState, takeFence } from '../../../lambdas/reencryption/writer-fence.ts';
import { later } from './material.ts';

export interface Drive {
  readonly secret: string;
  readonly targetKid: string;
  readonly plan: PlanLimits;
  /** Quarantined values somebody has signed off: column id and reason. */
  readonly accepted?: readonly { columnId: string; reason: string }[];
}

export interface Driven {
  readonly job: string;
  readonly passes: number;
  readonly verdict: Verdict;
}

/** What is held by a session that was killed a moment ago is free when the server has noticed. */
const patience = 2_000;

/** Run again after it was killed anywhere, it goes on; run again after it was done, it changes nothing. */
export async function drive(engine: Engine, task: Drive): Promise<Driven> {
  const inSession = <T>(work: (session: BulkSession) => Promise<T>) =>
    engine.door.withBulkSession(engine.endpoint, engine.credential, 15_000, work);
  const job = await inSession((session) => begin(session, engine, task));
  if (job.state === 'verified') {
    return { job: job.id, passes: job.pass + 1, verdict: { green: true, findings: [] } };
  }
  for (let idle = 0; idle < patience; idle++) {
    const { done, ranges } = await work(engine, job.id, randomUUID(), later);
    idle = ranges > 0 ? 0 : idle;
    const ended = done ? await inSession((session) => next(session, engine, task, job)) : undefined;
    if (ended !== undefined) {
      return ended;
    }
  }
  throw new Error(`Job ${job.id} of ${task.secret} does not come to an end.`);
}

async function begin(session: BulkSession, engine: Engine, task: Drive): Promise<Job> {
  const [last] = await session.query<{ id: string }>(
    `select id::text from quarterturn.job
      where secret = $1 and target_kid = $2 and state <> 'closed' order by epoch desc limit 1`,
    [task.secret, task.targetKid],
  );
  const job =
    last === undefined
      ? await openJob(session, { ...task, keysetVersion: 'of the test', mode: 'online' })
      : await jobById(session, last.id);
  if (job.state === 'active') {
    await plan(session, job, engine.columns, task.plan);
  }
  return job;
}

/** Opens the pass that comes next, or says how it ended; undefined: there is work. */
async function next(
  session: BulkSession,
  engine: Engine,
  task: Drive,
  { id }: Job,
): Promise<Driven | undefined> {
  const job = await jobById(session, id);
  const result = await passResult(session, id);
  const open = async (kind: 'sweep' | 'verify' | 'count') => {
    await openPass(session, id, kind, result.pass, engine.columns, task.plan);
    return undefined;
  };
  const behind = async (fence: 'writers' | 'counts', kind: 'verify' | 'count') => {
    await takeFence(session, id, fence);
    return (await fenceState(session, id, fence)).cleared ? open(kind) : undefined;
  };
  switch (job.passKind) {
    case 'rewrite':
      return open('sweep');
    case 'sweep':
      return isSwept(result) ? behind('writers', 'verify') : open('sweep');
    case 'verify':
      return result.remaining > 0 ? open('sweep') : behind('counts', 'count');
    case 'count':
      for (const one of task.accepted ?? []) {
        await acceptQuarantined(session, id, { ...one, by: 'the data officer' });
      }
      return { job: id, passes: job.pass + 1, verdict: await verdict(session, id) };
  }
}

/** Counts of every pass, column by column. */
export async function countsOfPasses(session: BulkSession, { job, passes }: Driven) {
  const all = [];
  for (let pass = 0; pass < passes; pass++) {
    all.push((await ledger(session, job, pass)).columns);
  }
  return all;
}
