/**
 * Takes the consumer: two secrets may share one, and it is restarted for one of them at a time. The lock outlives
 * whatever may still go on, so nobody renews it; who died with it gives way when it expires.
 */
import type { RolloutDoors } from '../doors.ts';
import type { ConsumerSettings } from '../environment.ts';
import { LockHeldError } from '../errors.ts';
import { later, ownerOf, type Progress, progressSchema, settingsOf } from '../progress.ts';

/** For everything between the loops: retries of tasks, calls that are slow. */
const slackSeconds = 900;

/** Until it is steady, and then well. */
export const lockedForSeconds = ({ steadySeconds, health }: ConsumerSettings): number =>
  steadySeconds + (health?.withinSeconds ?? 0) + slackSeconds;

export async function lock(
  doors: Pick<RolloutDoors, 'records' | 'consumers' | 'clock'>,
  _execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const settings = settingsOf(doors.consumers, progress.consumer);
  const now = doors.clock.now();
  // Whoever has it has it no longer than that.
  const lockBy = progress.lockBy ?? later(now, lockedForSeconds(settings) + 60).toISOString();
  const standing = await take(doors, progress, now, settings);
  if (standing !== undefined && now >= new Date(lockBy)) {
    throw new LockHeldError(progress.consumer, standing.owner, standing.expiresAt);
  }
  return {
    ...progress,
    lockBy,
    locked: standing === undefined,
  };
}

/** @returns the lock of another one; undefined: it is taken, for so long from now on */
export function take(
  { records }: Pick<RolloutDoors, 'records'>,
  progress: Progress,
  now: Date,
  settings: ConsumerSettings,
) {
  return records.takeLock(progress.consumer, {
    owner: ownerOf(progress),
    at: now.toISOString(),
    expiresAt: later(now, lockedForSeconds(settings)).toISOString(),
  });
}
