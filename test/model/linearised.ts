/**
 * Requests that overlapped: is there an order of them, each somewhere between its call and its answer, in which every
 * answer is one the model allows? (Wing and Gong's search; the states are the model's, with all its forks.)
 * @see https://www.cs.cmu.edu/~wing/publications/WingGong93.pdf
 */
import { canonical } from './requests.ts';
import type { Secret } from './secret-state.ts';

export interface Happening {
  what: string;
  /** Ticks. It took effect at or after `from` and before `until`. */
  from: number;
  until: number;
  /** The states after it, given what was seen of it; none: it cannot have happened then. */
  next: (s: Secret) => readonly Secret[];
  /** Nobody knows whether it took effect at all. */
  optional?: true;
}

/** @returns the longest beginning that can be explained; complete when all of it can */
export function explained(
  history: readonly Happening[],
  start: Secret,
): { complete: boolean; order: readonly string[] } {
  const seen = new Set<string>();
  const done = new Set<number>();
  let best: string[] = [];
  const order: string[] = [];

  const search = (s: Secret): boolean => {
    const left = history.flatMap((_, index) => (done.has(index) ? [] : [index]));
    if (left.every((index) => history[index]?.optional)) {
      return true;
    }
    const key = `${left}|${canonical(s)}`;
    if (seen.has(key)) {
      return false;
    }
    seen.add(key);
    const first = Math.min(...left.map((index) => history[index]?.until ?? 0));
    for (const index of left) {
      const it = history[index] as Happening;
      if (it.from >= first) {
        continue;
      }
      done.add(index);
      order.push(it.what);
      best = order.length > best.length ? [...order] : best;
      if (it.next(s).some(search)) {
        return true;
      }
      done.delete(index);
      order.pop();
    }
    return false;
  };

  return search(start) ? { complete: true, order } : { complete: false, order: best };
}
