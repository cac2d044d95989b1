/**
 * Takes one consumer in one round for this execution, and says what there is to do.
 *
 * 1. no record: it begins
 * 2. healthy: nothing to do, however often it is asked
 * 3. under way, by this execution or by one that died: it goes on where that one was; a restart that was decided on
 *    stays decided
 * 4. failed: nothing was known of the consumer; it goes on likewise
 * 5. unhealthy: a person has resumed it; it is restarted again
 */
import type { RolloutRecord } from '../../../domain/events/rollout.ts';
import { rolloutInputSchema } from '../../../domain/events/rollout.ts';
import type { RolloutDoors } from '../doors.ts';
import { keyOf, ownerOf, type Progress, pauseOf, settingsOf } from '../progress.ts';
import { lockedForSeconds } from './lock.ts';

/** Between two attempts to take a consumer that somebody else restarts, and two looks at a platform. */
const lockSeconds = 15;
const steadySeconds = 10;

export async function begin(
  { records, consumers, clock }: RolloutDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const input = rolloutInputSchema.parse(given);
  const settings = settingsOf(consumers, input.consumer);
  const now = clock.now();
  const at = now.toISOString();
  const others = await records.getRollouts(input.secretName, input.versionId);
  // What it was before anything was done for this version: another round has asked.
  const known = others.find(
    ({ consumer, wasHealthy }) => consumer === input.consumer && wasHealthy !== undefined,
  );
  const record = await records.updateRollout(keyOf(input), (standing) =>
    standing?.state === 'healthy'
      ? undefined
      : {
          ...(standing?.state === 'unhealthy' ? {} : pick(standing, ['restartedAt', 'restart'])),
          ...keyOf(input),
          state: standing !== undefined && goesOn(standing) ? standing.state : 'waiting',
          execution,
          startedAt: standing?.startedAt ?? at,
          at,
          ...pick(standing ?? known, ['wasHealthy']),
          ...pick(known, ['wasHealthy']),
        },
  );
  const isHealthy = record?.state === 'healthy';
  if (isHealthy) await records.releaseLock(input.consumer, ownerOf(input), now);

  const { health } = settings;
  const restart =
    settings.restart !== undefined && settings.learns === 'restart' && input.round !== 'confirm';
  return {
    ...input,
    outcome: isHealthy ? 'nothingToDo' : 'begun',
    restart,
    baseline: health !== undefined && record?.wasHealthy === undefined && others.every(isUntouched),
    health: health !== undefined,
    healthFunction: health?.function ?? '',
    exclusive: restart || health !== undefined,
    locked: false,
    restarted: false,
    steady: false,
    wait: {
      lock: pauseOf(lockSeconds, lockedForSeconds(settings)),
      steady: pauseOf(steadySeconds, settings.steadySeconds),
      health: health === undefined ? 1 : pauseOf(health.everySeconds, health.withinSeconds),
    },
    verdict: 'again',
    goodInARow: 0,
    proof: 'none',
  };

  /** Once it was restarted for this version, how it is now says nothing of before. */
  function isUntouched({ consumer, restartedAt }: RolloutRecord): boolean {
    return consumer !== input.consumer || restartedAt === undefined;
  }
}

const goesOn = ({ state }: RolloutRecord): boolean => state !== 'unhealthy' && state !== 'failed';

function pick<Key extends keyof RolloutRecord>(
  record: RolloutRecord | undefined,
  keys: readonly Key[],
): Partial<Pick<RolloutRecord, Key>> {
  const found: Partial<Pick<RolloutRecord, Key>> = {};
  for (const key of keys) {
    if (record?.[key] !== undefined) found[key] = record[key];
  }
  return found;
}
