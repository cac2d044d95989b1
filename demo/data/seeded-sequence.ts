/** A sequence of pseudo-random numbers that is the same on every machine for the same seed. Never for keys. */
export class SeededSequence {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for some hundred rows. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number, both ends included. */
  between(lowest: number, highest: number): number {
    return lowest + (this.#next() % (highest - lowest + 1));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.between(0, choices.length - 1)] ?? choices[0];
  }

  /** An instant of the window, ISO 8601 in UTC, whole seconds. */
  instantWithin(window: { from: string; until: string }): string {
    const from = Date.parse(window.from) / 1000;
    const until = Date.parse(window.until) / 1000;
    return new Date(this.between(from, until - 1) * 1000).toISOString().replace('.000Z', 'Z');
  }
}
