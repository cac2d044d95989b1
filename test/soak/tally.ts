/** Counts what was tried and what failed, and how long it took. */
export class Tally {
  readonly name: string;
  attempts = 0;
  /** Code of an error → how often. */
  readonly failures = new Map<string, number>();
  milliseconds: number[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A failure is counted, not thrown. */
  async count<T>(work: () => Promise<T> | T): Promise<T | undefined> {
    const begun = performance.now();
    this.attempts += 1;
    try {
      return await work();
    } catch (error) {
      const code = (error as { code?: unknown }).code ?? (error as Error).name;
      this.failures.set(String(code), (this.failures.get(String(code)) ?? 0) + 1);
      return undefined;
    } finally {
      this.milliseconds.push(performance.now() - begun);
    }
  }

  /** What is counted begins here. */
  clear(): void {
    this.attempts = 0;
    this.milliseconds = [];
    this.failures.clear();
  }

  /** @param share from 0 to 1; 0.99: the time that one in a hundred takes longer than */
  quantile(share: number): number {
    const sorted = [...this.milliseconds].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }
}

/** Adds up tallies of the same kind, e.g. of five readers. */
export function together(name: string, tallies: readonly Tally[]): Tally {
  const sum = new Tally(name);
  for (const tally of tallies) {
    sum.attempts += tally.attempts;
    for (const [code, count] of tally.failures) {
      sum.failures.set(code, (sum.failures.get(code) ?? 0) + count);
    }
    sum.milliseconds = sum.milliseconds.concat(tally.milliseconds);
  }
  return sum;
}
