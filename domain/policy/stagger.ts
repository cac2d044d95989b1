import type { Verdict } from './due.ts';

/**
 * Which of the secrets that are due are rotated in this tick: at most `limit`, the oldest material first,
 * so that a fleet that falls due together is not restarted together. First values and restarts are not
 * counted: nobody reads the one yet, and the other belongs to a rotation that has already happened.
 */
export function stagger<Entry extends { readonly verdict: Verdict }>(
  entries: readonly Entry[],
  limit: number,
): { now: Entry[]; later: Entry[] } {
  const due = entries
    .filter(({ verdict }) => verdict.act === 'rotate')
    .sort((a, b) => (a.verdict.rotatedAt?.getTime() ?? 0) - (b.verdict.rotatedAt?.getTime() ?? 0));
  return { now: due.slice(0, limit), later: due.slice(limit) };
}
