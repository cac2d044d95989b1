/**
 * Of a version that an emergency owns: consumers read several secrets, and the emergency starts or restarts each of
 * them once, when all of its secrets are changed. Until then this waits, bounded; whoever was started after this
 * version came into use is not restarted for it again.
 *
 *   its stage `start` is not over      looked at again, while that emergency runs
 *   done, begun after the promotion    consumers have this version: the round `use` is left out
 *   anything else                      failed, skipped, begun too early, that emergency died: the usual round
 */
import { deploymentDimension } from '../../../domain/config/names.ts';
import type { RotationRecord } from '../../../domain/events/control-records.ts';
import type { StageRecord } from '../../../domain/events/emergency.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { assertStillOurs } from '../still-ours.ts';

/** Looks, 5 seconds apart: an hour. Consumers hold what is refused, so nobody waits for longer. */
export const maximumLooks = 720;

export async function awaitConsumers(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretName, versionId, emergency, polls, waiting } = progress;
  const over = { ...progress, waiting: false, started: false, polls: 0 };
  if (emergency === undefined) return over;
  const records = doors.emergencyRecords(deploymentDimension(await doors.manifest()));
  const start = await records.getStage(emergency, 'start');
  if (start === undefined || start.state === 'running') {
    const looks = (waiting ? polls : 0) + 1;
    const isRunning = (await records.getEmergency(emergency))?.state === 'running';
    if (isRunning && looks < maximumLooks) return { ...progress, waiting: true, polls: looks };
    doors.log.error('emergency-does-not-start-consumers', {
      ...{ secret: secretName, versionId, emergency, isRunning, looks },
    });
    return over;
  }
  const rotation = await doors.controlTable.getRotation(secretName, versionId);
  if (!hadItBefore(start, rotation)) return over;
  const evidence = [{ fact: 'consumersStartedByEmergency', detail: { emergency } }];
  return { ...over, started: true, startedBy: { evidence } };
}

/** A secret whose rotation went through late, or only when the emergency went on, changed behind their backs. */
function hadItBefore(
  { state, startedAt }: StageRecord,
  rotation: Pick<RotationRecord, 'steps'> | undefined,
): boolean {
  const promotion = rotation?.steps.finishSecret;
  if (state !== 'done' || promotion === undefined) return false;
  return Date.parse(promotion.at) + promotion.milliseconds <= Date.parse(startedAt);
}
