/** Leaves the proof of a rotation: an event on the bus, one line in the log, and how long it took. */
import type { AfterRotationDoors } from '../doors.ts';
import { measureRotation } from '../measure-rotation.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { proveRotation } from '../prove-rotation.ts';
import { assertStillOurs } from '../still-ours.ts';
import { putProof } from './record-proof.ts';

export async function audit(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretName, versionId, intent } = progress;
  // An execution begun by the release before proves it here, behind its consumers.
  const after = await doors.controlTable.getAfterRotation(secretName, versionId);
  if (intent === 'emergency' && after?.proof === undefined) {
    await putProof(doors, execution, progress);
  }
  await proveRotation(doors, execution, progress, { outcome: 'rotated' });
  await measureRotation(doors, progress);
  return progress;
}
