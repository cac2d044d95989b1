/** Does a re-encryption stand still? Rows stay under a key that was to be left behind. */
import type { SecretFacts } from './due.ts';

/** A batch takes seconds, a wait of the machine minutes. */
export const stillFor = 60 * 60_000;
/** A pause is somebody's own doing, until it looks forgotten. */
export const pausedFor = 24 * 60 * 60_000;

export interface Standstill {
  /** Somebody should look at it. */
  readonly finding: boolean;
  readonly reason: string;
}

/** @returns undefined: it moves, or there is nothing to move */
export function standstillOf({
  reencryption,
  now,
}: Pick<SecretFacts, 'reencryption' | 'now'>): Standstill | undefined {
  if (reencryption === undefined) return undefined;
  const { state, mode, targetKid, at, pausedSince } = reencryption;
  const what = `the re-encryption toward key ${targetKid}`;
  if (state === 'stopped') {
    const reason = `${what} stopped at ${at}: quarterturn reencrypt status says why, then resume it`;
    return { finding: true, reason };
  }
  const open = state === 'due' || state === 'active';
  // Written so that an unreadable instant counts as standing still.
  const within = (instant: string, milliseconds: number) =>
    now.getTime() - new Date(instant).getTime() < milliseconds;
  if (open && pausedSince !== undefined) {
    return {
      finding: !within(pausedSince, pausedFor),
      reason: `${what} is paused since ${pausedSince}: quarterturn reencrypt resume`,
    };
  }
  if (!open || within(at, stillFor)) return undefined;
  const reason =
    state === 'due' && mode === 'maintenance'
      ? `${what} waits since ${at} for its consumers to be stopped: quarterturn reencrypt consumers`
      : `${what} is ${state} and has not moved since ${at}: quarterturn reencrypt status`;
  return { finding: true, reason };
}
