/**
 * Is the version AWSCURRENT, and has the service closed the rotation? What a step has failed with is told meanwhile:
 * the service tries again by itself.
 */
import { currentVersion, pendingVersion } from '../../../domain/policy/labels.ts';
import type { EmergencyDoors } from '../doors.ts';
import { NotPromotedError } from '../errors.ts';
import { pauseBefore } from '../pauses.ts';
import { type AskedProgress, askedProgressSchema } from '../progress.ts';
import { change } from './prepare.ts';

const withinSeconds = 600;
/** The label stands before RotateSecret answers; reads of it may be a moment old. */
const goneSeconds = 30;

export async function promoted(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<AskedProgress & { promoted: boolean; waitSeconds: number }> {
  const progress = askedProgressSchema.parse(given);
  const { id, key, token, secretArn, secretName, looks, among } = progress;
  const now = doors.clock.now();
  const since = progress.since ?? now.toISOString();
  const stages = (await doors.secretsManager.describe(secretArn)).versionIdsToStages;
  const current = currentVersion(stages);
  const pending = pendingVersion(stages);
  if (current === token && (pending === undefined || pending === current)) {
    await change(doors, id, key, ({ reason: _reason, ...standing }) => ({
      ...standing,
      state: 'promoted',
      promotedAt: standing.promotedAt ?? now.toISOString(),
    }));
    const { since: _since, ...rest } = progress;
    return { ...rest, promoted: true, looks: 0, waitSeconds: 2 };
  }

  const failure = (await doors.controlTable.getRotation(secretName, token))?.failure;
  const told = failure && `${failure.step} failed with ${failure.code}: ${failure.message}`;
  const elapsed = (now.getTime() - new Date(since).getTime()) / 1000;
  const isGone = current !== token && pending !== token && elapsed >= goneSeconds;
  if (elapsed >= withinSeconds || isGone) {
    const found = isGone
      ? `AWSPENDING was taken from it (AWSCURRENT is ${current ?? 'absent'})`
      : `AWSPENDING is ${pending ?? 'absent'} after ${Math.round(elapsed)} s`;
    throw new NotPromotedError(secretName, token, told ? `${found}; ${told}` : found);
  }
  if (told !== undefined) {
    await change(doors, id, key, (standing) => ({ ...standing, reason: told.slice(0, 1024) }));
  }
  const waitSeconds = pauseBefore(looks, among, withinSeconds);
  return { ...progress, since, promoted: false, looks: looks + 1, waitSeconds };
}
