/**
 * Restarts the consumer once in this round. What is about to be done is written down before it is done, and after a
 * crash the platform tells whether it was: the same instant never restarts twice.
 */
import type { RolloutDoors } from '../doors.ts';
import { LockHeldError, RestartNotBegunError } from '../errors.ts';
import { move, ownRecord } from '../move.ts';
import { platformOf } from '../platform.ts';
import { later, type Progress, progressSchema, restartOf, settingsOf } from '../progress.ts';
import { take } from './lock.ts';

export async function restart(
  doors: RolloutDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const settings = settingsOf(doors.consumers, progress.consumer);
  const target = settings.restart;
  const done = { ...progress, restarted: true };
  if (target === undefined) return done;
  const known = await ownRecord(doors, execution, progress);
  if (known.restart !== undefined) return done;

  const now = doors.clock.now();
  const standing = await take(doors, progress, now, settings);
  if (standing !== undefined) {
    throw new LockHeldError(progress.consumer, standing.owner, standing.expiresAt);
  }
  const { restartedAt = now.toISOString() } = await move(doors, execution, progress, (record) => ({
    state: 'restarting',
    restartedAt: record.restartedAt ?? now.toISOString(),
  }));
  const at = new Date(restartedAt);
  const begun = await platformOf(doors.platforms, target).restart(target, restartOf(progress, at));
  if ('id' in begun) {
    await move(doors, execution, progress, () => ({
      state: 'steadying',
      restart: begun.id.slice(0, 256),
    }));
    // Decided on long ago, by an execution that got no further: the time of its instances begins now.
    const steadyBy = later(now, settings.steadySeconds).toISOString();
    return { ...done, steadyBy };
  }
  const restartBy = progress.restartBy ?? later(now, settings.steadySeconds).toISOString();
  if (now >= new Date(restartBy)) {
    throw new RestartNotBegunError(progress.consumer, begun.waiting, settings.steadySeconds);
  }
  doors.log.info('waiting', { consumer: progress.consumer, for: begun.waiting });
  return { ...progress, restartBy, restarted: false };
}
