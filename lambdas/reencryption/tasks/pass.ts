/** After the workers have ended: what their pass found, what it left, and whether it got anywhere. */
import { currentKeyset, targetWatch } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { JobFencedError } from '../errors.ts';
import { type Job, jobById } from '../job.ts';
import { ledger } from '../ledger.ts';
import { isSwept, passResult } from '../pass.ts';
import { assertStillOurs, keep, movedOrPaused } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { sweepsThatFound, unexplained, valuesLeft } from '../values-left.ts';
import { type Progress, progressSchema } from './progress.ts';

export async function pass(tools: Tools, execution: string, given: unknown): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(tools, execution, progress);
  const { job, result, remaining, looked, sweeps, rowsLeft } = await withLedger(
    tools,
    async (session) => {
      const job = await jobById(session, progress.jobId);
      assertNotClosed(job);
      const found = await ledger(session, job.id);
      return {
        job,
        result: await passResult(session, job.id),
        remaining: await unexplained(session, found),
        looked: found.ranges.done + lookedAt(found.columns),
        sweeps: await sweepsThatFound(session, job.id),
        rowsLeft: await valuesLeft(session, found, tools.deployed.columns),
      };
    },
  );
  // Proven already: nothing is open, whatever was planned later.
  const open = job.state === 'verified' ? 0 : result.open;
  if (job.state === 'active') {
    await targetWatch(tools, await currentKeyset(tools))(job);
  }
  const stands =
    open > 0 && !job.paused && result.pass === progress.pass && looked === progress.looked;
  await keep(tools, execution, progress.targetKid, (standing) => ({
    ...movedOrPaused(standing, job.paused, tools.clock.now()),
    pass: { number: result.pass, kind: result.kind },
    rowsLeft,
  }));
  return {
    ...progress,
    pass: result.pass,
    stage: job.state === 'verified' ? 'verdict' : result.kind,
    open,
    swept: isSwept(result),
    remaining,
    rounds: progress.rounds + 1,
    sweeps: Math.max(progress.sweeps, sweeps),
    looked,
    stalled: stands ? progress.stalled + 1 : 0,
  };
}

/** @throws JobFencedError */
export function assertNotClosed({ id, state }: Pick<Job, 'id' | 'state'>): void {
  if (state === 'closed') {
    throw new JobFencedError(id, state, 'active');
  }
}

function lookedAt(columns: Awaited<ReturnType<typeof ledger>>['columns']): number {
  return columns.reduce((sum, column) => {
    const { nulls, skipped, rewritten, quarantined, gone, opened, remaining } = column;
    return sum + nulls + skipped + rewritten + quarantined + gone + opened + remaining;
  }, 0);
}
