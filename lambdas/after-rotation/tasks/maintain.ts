/**
 * Maintenance mode, before the published key is activated: are all rows under it? If not, the re-encryption is
 * started and this execution hands over to it; the record stays `running`, so that nothing else rotates. When
 * they are, the re-encryption starts AfterRotation again, and this task lets it go on.
 */
import type { AfterRotationDoors } from '../doors.ts';
import { NoAfterRotationError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { startReencryption } from '../start-reencryption.ts';
import { assertStillOurs } from '../still-ours.ts';

export async function maintain(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretName, versionId, publishedKid } = progress;
  if (publishedKid === null) {
    throw new NoAfterRotationError(secretName, versionId);
  }
  const { state } = await startReencryption(doors, progress, {
    targetKid: publishedKid,
    versionId,
  });
  return { ...progress, verified: state === 'verified' };
}
