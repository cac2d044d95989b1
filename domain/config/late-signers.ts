/** Signers that learn a new key only by a start: until they are started, they sign with the one it replaced. */
import { learnsBy } from './consumer-schema.ts';
import { durationSeconds } from './duration.ts';
import type { RotationConfig } from './rotation-config.ts';

/**
 * Seconds from the activation of a key until the last of them is started with it, at most. One after the other, each
 * after a pause, and each may first wait for another rotation that has it. Their last tokens live on from then.
 */
export function lateSignersSeconds(
  { consumers, rollout }: Pick<RotationConfig, 'consumers' | 'rollout'>,
  key: string,
): number {
  const pause = Math.max(...[rollout.pause, rollout.canaryPause].map(seconds));
  return consumers
    .filter((consumer) => consumer.reads.includes(key) && learnsBy(consumer) === 'restart')
    .map(({ steadyWithin, health }) => seconds(steadyWithin) + seconds(health?.within ?? '0s'))
    .reduce((sum, each) => sum + 2 * each + pause, 0);
}

const seconds = (text: string): number => (text === '0s' ? 0 : durationSeconds(text));
