/**
 * Marks the AfterRotation finished, and that of the activation with it: one execution did the work of
 * both. The activation's first: it is AWSCURRENT's, which is what the cadence looks at.
 */
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { LostAfterRotationError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';

export async function finish(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const { secretName, versionId, activation, basedOn } = progress;
  const { controlTable } = doors;
  if (activation !== null) {
    const record = await controlTable.getAfterRotation(secretName, activation);
    if (record?.state === 'stopped') throw new LostAfterRotationError(activation, record.state);
    if (record !== undefined) await close(doors, secretName, record, execution);
  }

  const record = await controlTable.getAfterRotation(secretName, versionId);
  if (record?.state !== 'finished') {
    if (record?.state !== 'running' || record.execution !== execution) {
      throw new LostAfterRotationError(versionId, record?.state ?? 'absent');
    }
    await close(doors, secretName, record, execution);
  }

  // This version is an activation whose execution died after it was promoted: that one's record, too.
  if (record?.owner !== undefined && basedOn !== null) {
    const publishing = await controlTable.getAfterRotation(secretName, basedOn);
    if (publishing?.execution === record.owner && publishing?.state !== 'due') {
      await close(doors, secretName, publishing, execution);
    }
  }
  return progress;
}

async function close(
  doors: AfterRotationDoors,
  secretName: string,
  record: AfterRotationRecord,
  execution: string,
): Promise<void> {
  if (record.state === 'finished') return;
  const { reason: _, ...open } = record;
  const moved = await doors.controlTable.moveAfterRotation(secretName, [record.state], {
    ...open,
    state: 'finished',
    execution,
    at: doors.clock.now().toISOString(),
  });
  if (moved) return;
  const found = await doors.controlTable.getAfterRotation(secretName, record.versionId);
  if (found?.state !== 'finished') {
    throw new LostAfterRotationError(record.versionId, found?.state ?? 'absent');
  }
}
