/** Which Retry or Catch an error belongs to, and how long a retry waits (states-language.net, "Errors"). */
import type { Catcher, Retrier } from './definition.ts';
import type { StateError } from './state-error.ts';

export function covers(errorEquals: readonly string[], failure: StateError): boolean {
  if (failure.terminal) {
    return false;
  }
  return errorEquals.some(
    (name) =>
      name === 'States.ALL' ||
      name === failure.error ||
      (name === 'States.TaskFailed' && failure.error !== 'States.Timeout'),
  );
}

export function catcherFor(
  catchers: readonly Catcher[] | undefined,
  failure: StateError,
): Catcher | undefined {
  return catchers?.find((catcher) => covers(catcher.ErrorEquals, failure));
}

/** Counts the attempts of one visit to a state; each retrier has its own count. */
export class Retries {
  readonly #retriers: readonly Retrier[];
  readonly #used = new Map<Retrier, number>();
  total = 0;

  constructor(retriers: readonly Retrier[] | undefined) {
    this.#retriers = retriers ?? [];
  }

  /** Seconds until the next attempt; undefined when there is none. */
  next(failure: StateError): number | undefined {
    const retrier = this.#retriers.find((one) => covers(one.ErrorEquals, failure));
    if (retrier === undefined) {
      return undefined;
    }
    const used = this.#used.get(retrier) ?? 0;
    if (used >= (retrier.MaxAttempts ?? 3)) {
      return undefined;
    }
    this.#used.set(retrier, used + 1);
    this.total += 1;
    const seconds = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** used;
    return Math.min(seconds, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  }
}
