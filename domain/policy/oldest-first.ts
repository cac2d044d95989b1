import type { Verdict } from './due.ts';

/**
 * The secrets to rotate, the oldest material first. A tick starts only so many of them, so that a fleet
 * that falls due together is not restarted together; one that is refused gives its place to the next.
 */
export function oldestFirst<Entry extends { readonly verdict: Verdict }>(
  entries: readonly Entry[],
): Entry[] {
  return entries
    .filter(({ verdict }) => verdict.act === 'rotate')
    .sort((a, b) => (a.verdict.rotatedAt?.getTime() ?? 0) - (b.verdict.rotatedAt?.getTime() ?? 0));
}
