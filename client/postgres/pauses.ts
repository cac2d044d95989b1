const firstPause = 250;
export const longestPause = 5_000;

/** Doubled with each refusal, half of it drawn: a fleet that was refused together does not come back together. */
export function pauseAfter(refusals: number, chance: number): number {
  const pause = Math.min(firstPause * 2 ** Math.min(refusals - 1, 10), longestPause);
  return pause / 2 + (pause / 2) * chance;
}
