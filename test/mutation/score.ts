/** What came of mutants, counted as Stryker counts: one that ran into its time limit is noticed, too. */
import type { MutantResult, MutantStatus } from '@stryker-mutator/api/core';

export interface Tally {
  mutants: number;
  killed: number;
  timedOut: number;
  survived: number;
  /** No suite that runs in memory comes by: survived, for the score. */
  uncovered: number;
  /** Its modules do not load, or its tests were not found again: in no score. */
  broken: number;
}

const counted: Partial<Record<MutantStatus, keyof Tally>> = {
  Killed: 'killed',
  Timeout: 'timedOut',
  Survived: 'survived',
  NoCoverage: 'uncovered',
  RuntimeError: 'broken',
};

export function tallyOf(results: readonly Pick<MutantResult, 'status'>[]): Tally {
  const tally: Tally = { mutants: 0, killed: 0, timedOut: 0, survived: 0, uncovered: 0, broken: 0 };
  for (const { status } of results) {
    const kind = counted[status];
    if (kind === undefined) continue;
    tally[kind] += 1;
    if (kind !== 'broken') tally.mutants += 1;
  }
  return tally;
}

const percent = (share: number) => Math.round(share * 1_000) / 10;

export const scoreOf = ({ mutants, killed, timedOut }: Tally): number =>
  percent((killed + timedOut) / Math.max(mutants, 1));

/** Of those that some suite comes by. */
export const scoreOfCovered = (tally: Tally): number =>
  scoreOf({ ...tally, mutants: tally.mutants - tally.uncovered });

/** Wilson's interval at 95 %: holds near 100 % and for small samples, where the textbook's does not. */
export function interval({ mutants, killed, timedOut }: Tally): { low: number; high: number } {
  const z = 1.96;
  const n = Math.max(mutants, 1);
  const share = (killed + timedOut) / n;
  const centre = share + (z * z) / (2 * n);
  const reach = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const whole = 1 + (z * z) / n;
  return { low: percent((centre - reach) / whole), high: percent((centre + reach) / whole) };
}
