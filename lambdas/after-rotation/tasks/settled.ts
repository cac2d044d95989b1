/**
 * Has the service closed a rotation? AWSPENDING absent or on AWSCURRENT: before that, RotateSecret answers
 * "A previous rotation isn't complete" (API_RotateSecret). The event that starts an AfterRotation fires
 * inside finishSecret, so the first looks usually find it open.
 */
import { currentVersion, pendingVersion, versionWith } from '../../../domain/policy/labels.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { NotSettledError, SupersededError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { assertStillOurs } from '../still-ours.ts';

/** Looks at one rotation before it counts as stuck; the machine waits 5 seconds between two. */
export const maximumPolls = 120;

/** The rotation that made the version. */
export async function settled(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretArn, versionId, activation } = progress;
  const stages = (await doors.secretsManager.describe(secretArn)).versionIdsToStages;
  const current = currentVersion(stages);
  const pending = pendingVersion(stages);
  // Resumed after its own activation was promoted: the activation is waited for further on.
  if (activation !== null && current === activation)
    return { ...progress, settled: true, polls: 0 };
  if (current !== versionId && pending !== versionId && progress.polls > 0) {
    throw new SupersededError(versionId, current);
  }
  const closed = current === versionId && isClosed(pending, current, activation);
  return closed ? { ...progress, settled: true, polls: 0 } : asked(progress, versionId, stages);
}

/** The rotation that activates the published key. */
export async function activated(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretArn, activation } = progress;
  const stages = (await doors.secretsManager.describe(secretArn)).versionIdsToStages;
  const current = currentVersion(stages);
  if (activation !== null && current === activation) {
    const pending = versionWith('AWSPENDING', stages);
    if (isClosed(pending, current, null)) return { ...progress, settled: true, polls: 0 };
  }
  return asked(progress, activation ?? progress.versionId, stages);
}

/** Our own activation, started before this task was run again, is not in the way. */
function isClosed(pending: string | undefined, current: string, activation: string | null) {
  return pending === undefined || pending === current || pending === activation;
}

function asked(
  progress: Progress,
  rotation: string,
  stages: Readonly<Record<string, readonly string[]>>,
): Progress {
  const polls = progress.polls + 1;
  if (polls >= maximumPolls) {
    throw new NotSettledError(rotation, pendingVersion(stages), currentVersion(stages));
  }
  return { ...progress, settled: false, polls };
}
