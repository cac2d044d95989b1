/** The times of a cache, checked, and the pauses between reads that fail. */
import { ClientSettingsError } from './errors.ts';

export interface CacheTimes {
  readonly maxAge: number;
  readonly refreshAhead: number;
  readonly staleFor: number;
  readonly cooldown: number;
}

const defaultMaxAge = 120_000;
const defaultStaleFor = 180_000;
const defaultCooldown = 10_000;
/** A day: whoever means longer means a restart. */
const longest = 86_400_000;

/** @throws ClientSettingsError */
export function cacheTimes(options: { [Name in keyof CacheTimes]?: number }): CacheTimes {
  const maxAge = milliseconds('maxAge', options.maxAge ?? defaultMaxAge, 1_000, longest);
  return {
    maxAge,
    refreshAhead: milliseconds('refreshAhead', options.refreshAhead ?? maxAge / 5, 0, maxAge),
    staleFor: milliseconds('staleFor', options.staleFor ?? defaultStaleFor, 0, longest),
    cooldown: milliseconds('cooldown', options.cooldown ?? defaultCooldown, 1_000, longest),
  };
}

function milliseconds(name: string, found: number, least: number, most: number): number {
  if (typeof found !== 'number' || !(found >= least && found <= most)) {
    throw new ClientSettingsError(
      `${name} is ${typeof found === 'number' ? `${found} ms` : typeof found}; expected ${least} to ${most} ms.`,
    );
  }
  return found;
}

const firstPause = 1_000;
const longestPause = 30_000;

/** Doubled with each failure, half of it drawn: a fleet that failed together does not come back together. */
export function retryDelay(attempts: number, chance: number): number {
  const pause = Math.min(firstPause * 2 ** (attempts - 1), longestPause);
  return pause / 2 + (pause / 2) * chance;
}
