/**
 * The strands of one execution: its main line, and one for every branch and iteration under way.
 *
 * While a strand works, the clock is told so (`track`), and time stands still in manual mode. While all of
 * them sleep, nothing is tracked: otherwise a Wait state would wait for ever for the clock to move.
 */
import type { SandboxClock } from '../clock.ts';

/** Ends a strand from outside: the execution was stopped, timed out, or a sibling failed. Never caught by states. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

export class Strands {
  readonly #clock: SandboxClock;
  #working = 0;
  #rest: () => void = () => undefined;

  constructor(clock: SandboxClock) {
    this.#clock = clock;
  }

  begin(): void {
    this.#working += 1;
    if (this.#working === 1) {
      void this.#clock.track(
        new Promise<void>((resolve) => {
          this.#rest = resolve;
        }),
      );
    }
  }

  end(): void {
    this.#working -= 1;
    if (this.#working === 0) {
      this.#rest();
    }
  }

  /** Sleeps on the clock. @throws the signal's reason */
  sleep(until: Date, label: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const interrupted = () => {
        takeBack();
        this.begin();
        reject(signal.reason);
      };
      const takeBack = this.#clock.at(until, label, async () => {
        signal.removeEventListener('abort', interrupted);
        this.begin();
        resolve();
      });
      signal.addEventListener('abort', interrupted, { once: true });
      this.end();
    });
  }

  /** Rests until it is resumed, by the end of another execution for instance; not by the signal. */
  rest(start: (resume: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      start(() => {
        this.begin();
        resolve();
      });
      this.end();
    });
  }

  /** Work that counts as busy, ended by a deadline on the clock or by the signal, whichever is first. */
  async within<T>(
    work: Promise<T>,
    deadline: Date,
    label: string,
    late: () => Error,
    signal: AbortSignal,
  ): Promise<T> {
    // Whoever was stopped as this began hears of no failure: nobody is left to hear it.
    work.catch(() => undefined);
    signal.throwIfAborted();
    let takeBack: () => void = () => undefined;
    let interrupted: () => void = () => undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      takeBack = this.#clock.at(deadline, label, async () => reject(late()));
      interrupted = () => reject(signal.reason);
      signal.addEventListener('abort', interrupted, { once: true });
    });
    try {
      return await Promise.race([work, ended]);
    } finally {
      takeBack();
      signal.removeEventListener('abort', interrupted);
    }
  }

  /**
   * Runs `count` strands, at most `limit` at a time. The first failure interrupts the others and is thrown
   * once they have come to rest; until then, results are kept by the caller.
   */
  async all<T>(
    count: number,
    limit: number,
    run: (index: number, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const siblings = new AbortController();
    const both = AbortSignal.any([siblings.signal, signal]);
    const results: T[] = [];
    const failures: unknown[] = [];
    let next = 0;
    let left = Math.min(limit, count);
    const line = async () => {
      while (next < count && failures.length === 0) {
        const index = next++;
        try {
          results[index] = await run(index, both);
        } catch (failure) {
          failures.push(failure);
          siblings.abort(new InterruptedError('another branch or iteration failed'));
        }
      }
      left -= 1;
      // The last one leaves its place to the strand that waits for them all.
      if (left > 0) {
        this.end();
      }
    };
    const lines = Array.from({ length: left }, (_, index) => {
      if (index > 0) {
        this.begin();
      }
      return line();
    });
    await Promise.all(lines);
    if (failures.length > 0) {
      throw failures[0];
    }
    return results;
  }
}
