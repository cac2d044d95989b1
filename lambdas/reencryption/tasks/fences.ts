/** Notes which transactions are alive, and asks later whether all of them have ended. */
import type { Tools } from '../doors.ts';
import { assertStillOurs } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { fenceState, takeFence } from '../writer-fence.ts';
import { type Progress, progressSchema } from './progress.ts';

type Task = (tools: Tools, execution: string, given: unknown) => Promise<Progress>;

const take =
  (name: string): Task =>
  async (tools, execution, given) => {
    const progress = progressSchema.parse(given);
    await assertStillOurs(tools, execution, progress);
    await withLedger(tools, (session) => takeFence(session, progress.jobId, name));
    return { ...progress, cleared: false, polls: 0 };
  };

const ended =
  (name: string): Task =>
  async (tools, execution, given) => {
    const progress = progressSchema.parse(given);
    await assertStillOurs(tools, execution, progress);
    const state = await withLedger(tools, (session) => fenceState(session, progress.jobId, name));
    const { cleared, transactions, prepared } = state;
    tools.log.info('fence', { fence: name, job: progress.jobId, cleared, transactions, prepared });
    return { ...progress, cleared, polls: progress.polls + 1 };
  };

export const fenceWriters = take('writers');
export const writersEnded = ended('writers');
export const fenceCounts = take('counts');
export const countsEnded = ended('counts');
