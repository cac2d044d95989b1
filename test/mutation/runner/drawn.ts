/**
 * A sample of mutants: each is drawn with the same chance, by a hash of the seed and of what it is, so that the same
 * seed draws the same ones whatever else was changed. Stryker knows no samples; a checker may say of a mutant that it
 * is not to be run, which Stryker calls "compile error" and leaves out of every score.
 */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { type Checker, type CheckResult, CheckStatus } from '@stryker-mutator/api/check';
import type { Mutant } from '@stryker-mutator/api/core';

export const notDrawn = 'not drawn';

/** In [0, 1). */
export function lotOf(seed: number, mutant: Omit<Mutant, 'id'>): number {
  const { fileName, location, mutatorName, replacement } = mutant;
  const { start, end } = location;
  const what = [seed, fileName, start.line, start.column, end.line, end.column, mutatorName];
  const hash = createHash('sha256')
    .update(JSON.stringify([...what, replacement]))
    .digest();
  return hash.readUInt32BE(0) / 2 ** 32;
}

export class Drawn implements Checker {
  /** From the environment: a checker's process is Stryker's. */
  readonly #seed = Number(process.env.MUTATION_SEED ?? 0);
  readonly #share = Number(process.env.MUTATION_SHARE ?? 1);
  /** Where Stryker was started; checkers work in its copy. */
  readonly #root = process.env.MUTATION_ROOT ?? process.cwd();

  async init(): Promise<void> {}

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, this.#ruling(mutant)]));
  }

  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }

  #ruling(mutant: Mutant): CheckResult {
    const fileName = relative(this.#root, mutant.fileName);
    return lotOf(this.#seed, { ...mutant, fileName }) < this.#share
      ? { status: CheckStatus.Passed }
      : { status: CheckStatus.CompileError, reason: notDrawn };
  }
}
