/** The three ends of a rollout: first the record, then the lock. Written twice they say the same. */
import type { RolloutRecord } from '../../../domain/events/rollout.ts';
import type { RolloutDoors } from '../doors.ts';
import { move } from '../move.ts';
import {
  type Caught,
  caughtSchema,
  keyOf,
  ownerOf,
  type Progress,
  progressSchema,
} from '../progress.ts';

export async function healthy(
  doors: RolloutDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await move(doors, execution, progress, () => ({ state: 'healthy', proof: progress.proof }));
  await doors.records.releaseLock(progress.consumer, ownerOf(progress), doors.clock.now());
  return progress;
}

export const unhealthy = (doors: RolloutDoors, execution: string, given: unknown) =>
  ended(doors, execution, caughtSchema.parse(given), 'unhealthy');

export const failed = (doors: RolloutDoors, execution: string, given: unknown) =>
  ended(doors, execution, caughtSchema.parse(given), 'failed');

/** An execution whose consumer another one has taken over leaves record and lock alone. */
async function ended(
  { records, clock, log }: RolloutDoors,
  execution: string,
  caught: Caught,
  state: 'unhealthy' | 'failed',
): Promise<object> {
  const now = clock.now();
  const reason = reasonOf(caught);
  const record = await records.updateRollout(keyOf(caught), (standing) =>
    standing?.execution === execution && standing.state !== 'healthy'
      ? { ...standing, state, reason, at: now.toISOString() }
      : undefined,
  );
  if (isOwn(record, execution)) {
    await records.releaseLock(caught.consumer, ownerOf(caught), now);
  }
  log.error(state, { consumer: caught.consumer, secret: caught.secretName, reason });
  return { consumer: caught.consumer, round: caught.round, state };
}

const isOwn = (record: RolloutRecord | undefined, execution: string): boolean =>
  record === undefined || record.execution === execution;

/**
 * Step Functions gives a Lambda error's class as `Error` and `{ errorType, errorMessage, trace }` as JSON in
 * `Cause`. Our functions' messages hold no value; the trace is left out, anything unreadable, too.
 */
export function reasonOf({ error }: Pick<Caught, 'error'>): string {
  let message: unknown;
  try {
    message = (JSON.parse(error.Cause ?? '{}') as { errorMessage?: unknown }).errorMessage;
  } catch {
    message = undefined;
  }
  return `${error.Error}${typeof message === 'string' ? `: ${message}` : ''}`.slice(0, 1024);
}
