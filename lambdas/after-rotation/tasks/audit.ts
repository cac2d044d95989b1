/** Leaves the proof of a rotation: an event on the bus, one line in the log, and how long it took. */
import type { AfterRotationDoors } from '../doors.ts';
import { measureRotation } from '../measure-rotation.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { proveRotation } from '../prove-rotation.ts';
import { assertStillOurs } from '../still-ours.ts';

export async function audit(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  await proveRotation(doors, execution, progress, { outcome: 'rotated' });
  await measureRotation(doors, progress);
  return progress;
}
