/**
 * Stryker's test runner for this tree: suites in one process, modules anew for each mutant. Stryker switches mutants
 * by a global (its "mutant schemata"), so nothing is compiled again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { Bundles } from './bundles.ts';
import { inMemorySuites } from './in-memory-suites.ts';
import { nearestFirst } from './nearest-first.ts';
import { runSuite, type TestRun } from './suite.ts';

type Counts = Record<string, number>;

interface StrykerGlobal {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Counts; perTest: Record<string, Counts> };
}

/**
 * What a file's modules ran while they were loaded, or its hooks: no single test's. A mutant that is such in one
 * file, Stryker asks about without naming tests; `mutants` of another are those that its tests come by.
 */
interface LoadCoverage {
  [file: string]: { milliseconds: number; mutants: string[]; leftOut: string[] };
}

/** What runs while files load is run by nearly every suite; the nearest ones are those that are about it. */
const nearest = 10;

const between = '::';
const idOf = (file: string, name: string) => `${file}${between}${name}`;

function shared(): StrykerGlobal {
  const holder = globalThis as unknown as Record<string, StrykerGlobal>;
  holder[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
  return holder[INSTRUMENTER_CONSTANTS.NAMESPACE] as StrykerGlobal;
}

export class InProcessRunner implements TestRunner {
  readonly #root = process.cwd();
  readonly #bundles = new Bundles(this.#root, join(this.#root, '.bundles'));
  #loadCoverage: LoadCoverage | undefined;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun({ files }: DryRunOptions): Promise<DryRunResult> {
    const namespace = shared();
    const tests: TestResult[] = [];
    const coverage = { static: {} as Counts, perTest: {} as Record<string, Counts> };
    const loadCoverage: LoadCoverage = {};
    const asked = new RegExp(process.env.MUTATION_SUITES ?? '');
    const suites = inMemorySuites(this.#root, files ?? []).filter((file) => asked.test(file));
    for (const file of suites) {
      const ofFile = { static: {} as Counts, perTest: {} as Record<string, Counts> };
      namespace.mutantCoverage = ofFile;
      const start = performance.now();
      const runs = await this.#run(file, () => true, false).catch((error: Error) => {
        process.stderr.write(`left out: ${file}, which does not load: ${error.message}\n`);
        return [];
      });
      // Green under Jest, and not here: it needs what this runner does not give. It can notice nothing.
      const leftOut = runs.filter(({ status }) => status === 'failed').map(({ name }) => name);
      for (const name of leftOut) {
        process.stderr.write(`left out: ${idOf(file, name)}\n`);
        delete ofFile.perTest[idOf(file, name)];
      }
      const reached = [ofFile.static, ...Object.values(ofFile.perTest)];
      loadCoverage[file] = {
        milliseconds: performance.now() - start,
        mutants: [...new Set(reached.flatMap((counts) => Object.keys(counts)))],
        leftOut,
      };
      for (const [mutant, count] of Object.entries(ofFile.static)) {
        coverage.static[mutant] = (coverage.static[mutant] ?? 0) + count;
      }
      Object.assign(coverage.perTest, ofFile.perTest);
      const kept = runs.filter(({ name }) => !leftOut.includes(name));
      tests.push(...kept.map((run) => asResult(file, run)));
    }
    for (const it of Object.values(loadCoverage)) {
      it.mutants = it.mutants.filter((mutant) => mutant in coverage.static);
    }
    writeFileSync(this.#coverageFile, JSON.stringify(loadCoverage));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: coverage };
  }

  async mutantRun({
    activeMutant,
    testFilter,
    hitLimit,
    disableBail,
    sandboxFileName,
  }: MutantRunOptions): Promise<MutantRunResult> {
    const namespace = shared();
    const wanted = this.#wanted(activeMutant.id, testFilter);
    const files = nearestFirst(
      [...wanted.keys()],
      relative(this.#root, sandboxFileName),
      (file) => this.#coverage[file]?.milliseconds ?? 0,
    ).slice(0, testFilter === undefined ? nearest : undefined);
    const environment = { ...process.env };
    namespace.activeMutant = activeMutant.id;
    namespace.hitCount = hitLimit === undefined ? undefined : 0;
    namespace.hitLimit = hitLimit;
    namespace.mutantCoverage = { static: {}, perTest: {} };
    const tests: TestResult[] = [];
    let broken: unknown;
    try {
      for (const file of files) {
        const names = wanted.get(file);
        const wants = (name: string) =>
          names?.has(name) ?? !(this.#coverage[file]?.leftOut ?? []).includes(name);
        // A suite that does not even load with it: no test's merit, so another one is asked.
        const runs = await this.#run(file, wants, !disableBail).catch((error: Error) => {
          broken ??= error;
          return [];
        });
        tests.push(...runs.map((run) => asResult(file, run)));
        const overrun = determineHitLimitReached(namespace.hitCount, hitLimit);
        if (overrun !== undefined) return toMutantRunResult(overrun);
        if (!disableBail && runs.some(({ status }) => status === 'failed')) break;
      }
    } finally {
      namespace.activeMutant = undefined;
      process.env = environment;
    }
    const isNoticed = tests.some(({ status }) => status === TestStatus.Failed);
    if (!isNoticed && tests.length < (testFilter?.length ?? 1)) {
      const found = `${tests.length} of ${testFilter?.length ?? 'all'} tests were found again`;
      const errorMessage = String((broken as Error | undefined)?.stack ?? broken ?? found);
      return toMutantRunResult({ status: DryRunStatus.Error, errorMessage });
    }
    return toMutantRunResult({ status: DryRunStatus.Complete, tests }, disableBail);
  }

  async #run(file: string, wants: (name: string) => boolean, bail: boolean): Promise<TestRun[]> {
    const namespace = shared();
    namespace.currentTestId = undefined;
    const suite = await this.#bundles.load(file);
    return runSuite(suite, {
      wants,
      onTest: (name) => {
        namespace.currentTestId = name === undefined ? undefined : idOf(file, name);
      },
      onResult: ({ status }) => bail && status === 'failed',
    });
  }

  /** File → names of its tests, or undefined for all of them: what is run while some file loads, any may notice. */
  #wanted(mutant: string, filter: string[] | undefined): Map<string, Set<string> | undefined> {
    const wanted = new Map<string, Set<string> | undefined>();
    if (filter === undefined) {
      for (const [file, { mutants }] of Object.entries(this.#coverage)) {
        if (mutants.includes(mutant)) wanted.set(file, undefined);
      }
      return wanted;
    }
    for (const id of filter) {
      const at = id.indexOf(between);
      const file = id.slice(0, at);
      const names = wanted.get(file) ?? new Set();
      wanted.set(file, names.add(id.slice(at + between.length)));
    }
    return wanted;
  }

  get #coverageFile(): string {
    return join(this.#root, '.bundles-coverage.json');
  }

  get #coverage(): LoadCoverage {
    if (this.#loadCoverage === undefined && existsSync(this.#coverageFile)) {
      this.#loadCoverage = JSON.parse(readFileSync(this.#coverageFile, 'utf8')) as LoadCoverage;
    }
    return this.#loadCoverage ?? {};
  }
}

function asResult(file: string, { name, status, milliseconds, message }: TestRun): TestResult {
  const base = { id: idOf(file, name), name, timeSpentMs: milliseconds, fileName: file };
  switch (status) {
    case 'passed':
      return { ...base, status: TestStatus.Success };
    case 'skipped':
      return { ...base, status: TestStatus.Skipped };
    case 'failed':
      return { ...base, status: TestStatus.Failed, failureMessage: message };
  }
}
