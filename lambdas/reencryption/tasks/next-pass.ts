/** Opens the pass that follows the one this execution has seen; asked twice it is opened once. */
import type { Tools } from '../doors.ts';
import type { PassKind } from '../job.ts';
import { openPass } from '../pass.ts';
import { assertStillOurs, keep } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { type Progress, progressSchema } from './progress.ts';

type Task = (tools: Tools, execution: string, given: unknown) => Promise<Progress>;

const next =
  (kind: Exclude<PassKind, 'rewrite'>): Task =>
  async (tools, execution, given) => {
    const progress = progressSchema.parse(given);
    await assertStillOurs(tools, execution, progress);
    const { columns, planLimits } = tools.deployed;
    const job = await withLedger(tools, (session) =>
      openPass(session, progress.jobId, kind, progress.pass, columns, planLimits),
    );
    await keep(tools, execution, progress.targetKid, {
      pass: { number: job.pass, kind: job.passKind },
      at: tools.clock.now().toISOString(),
    });
    const sweeps = progress.sweeps + (kind === 'sweep' ? 1 : 0);
    const counters = { sweeps, polls: 0, looked: 0, stalled: 0 };
    return { ...progress, ...counters, pass: job.pass, stage: job.passKind };
  };

export const sweep = next('sweep');
export const verify = next('verify');
export const count = next('count');
