/** Leaves the proof of a re-encryption that was judged: an event on the bus and one line in the log. */
import type { AfterRotationDoors } from '../doors.ts';
import { reencryptionProgressSchema } from '../progress.ts';
import { proveReencryption } from '../prove-reencryption.ts';

export async function reencryptionEnded(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<object> {
  const progress = reencryptionProgressSchema.parse(given);
  const { versionId, targetKid, jobId, epoch, startedAt, columns, findings } = progress;
  await proveReencryption(doors, execution, progress, {
    versionId,
    targetKid,
    mode: progress.maintenance ? 'maintenance' : 'online',
    job: { id: jobId, epoch, startedAt, endedAt: doors.clock.now().toISOString() },
    outcome: progress.green ? 'verified' : 'unproven',
    columns,
    findings,
  });
  return { outcome: progress.green ? 'verified' : 'unproven' };
}
