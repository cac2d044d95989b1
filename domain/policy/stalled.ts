/** Does a re-encryption stand still? Rows stay under a key that was to be left behind. */
import type { SecretFacts } from './due.ts';

/** A batch takes seconds, a wait of the machine minutes; a pause is somebody's, and told after an hour, too. */
export const stillFor = 60 * 60_000;

/** Why somebody should look at it; undefined: it moves, or there is nothing to move. */
export function whyStalled({
  reencryption,
  now,
}: Pick<SecretFacts, 'reencryption' | 'now'>): string | undefined {
  if (reencryption === undefined) return undefined;
  const { state, targetKid, at } = reencryption;
  if (state === 'stopped') {
    return `the re-encryption toward key ${targetKid} stopped at ${at}: quarterturn reencrypt status says why, then resume it`;
  }
  const open = state === 'due' || state === 'active';
  // Written so that an unreadable instant counts as standing still.
  const moving = now.getTime() - new Date(at).getTime() < stillFor;
  return !open || moving
    ? undefined
    : `the re-encryption toward key ${targetKid} is ${state} and has not moved since ${at}: quarterturn reencrypt status`;
}
