/** Workers look at the pause before every window, and wait while it stands. */
import {
  type ReencryptionPaused,
  reencryptionPausedSchema,
} from '../../../domain/events/reencryption.ts';
import type { Tools } from '../doors.ts';
import { activeJob, pauseJob } from '../job.ts';
import { withLedger } from '../rows-login.ts';

export const pauseReencryption = (tools: Tools) => setPaused(tools, true);
/** An execution that nobody runs any more is started by whoever asks. */
export const resumeReencryption = (tools: Tools) => setPaused(tools, false);

async function setPaused(tools: Tools, paused: boolean): Promise<ReencryptionPaused> {
  const { secretName: secret } = tools.deployed;
  const job = await withLedger(tools, async (session) => {
    await pauseJob(session, secret, paused);
    return activeJob(session, secret);
  });
  return reencryptionPausedSchema.parse({
    secret,
    ...(job !== undefined && { jobId: job.id }),
    paused: job?.paused ?? false,
  } satisfies ReencryptionPaused);
}
