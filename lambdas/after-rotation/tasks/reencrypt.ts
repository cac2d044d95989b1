/**
 * Rows follow the key that is primary now. In maintenance mode they have gone before: then consumers, which
 * were stopped for it, may start.
 */
import type { AfterRotationDoors } from '../doors.ts';
import { NoAfterRotationError } from '../errors.ts';
import { letConsumersStart } from '../let-consumers-start.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { startReencryption } from '../start-reencryption.ts';
import { assertStillOurs } from '../still-ours.ts';

export async function reencrypt(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretName, activation } = progress;
  const versionId = activation ?? progress.versionId;
  const targetKid = (await doors.controlTable.getAfterRotation(secretName, versionId))?.primary;
  if (targetKid === undefined) {
    throw new NoAfterRotationError(secretName, versionId);
  }
  const { state, mode } = await startReencryption(doors, progress, {
    targetKid,
    versionId,
  });
  if (mode === 'maintenance' && state === 'verified') {
    await letConsumersStart(doors, execution, secretName);
  }
  // Where consumers are asked whether they are well, they are started before, and not again.
  return { ...progress, reencrypt: false };
}
