/** Cuts the tables into ranges. Leaf by leaf in the ledger: called again it goes on where it was. */
import type { Tools } from '../doors.ts';
import { jobById } from '../job.ts';
import { ledger } from '../ledger.ts';
import { plan as writePlan } from '../plan.ts';
import { assertStillOurs, keep } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { valuesLeft } from '../values-left.ts';
import { assertNotClosed } from './pass.ts';
import { type Progress, progressSchema } from './progress.ts';

export async function plan(tools: Tools, execution: string, given: unknown): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(tools, execution, progress);
  const { columns, planLimits } = tools.deployed;
  const rowsLeft = await withLedger(tools, async (session) => {
    const job = await jobById(session, progress.jobId);
    assertNotClosed(job);
    if (job.state !== 'active') {
      return undefined;
    }
    await writePlan(session, job, columns, planLimits);
    return valuesLeft(session, await ledger(session, job.id), columns);
  });
  // Whoever asks for another rotation from now on is told how much is left.
  if (rowsLeft !== undefined) {
    await keep(tools, execution, progress.targetKid, {
      rowsLeft,
      at: tools.clock.now().toISOString(),
    });
  }
  return progress;
}
