import { describe, expect, test } from '@jest/globals';
import { lotOf } from './runner/drawn.ts';
import { nearestFirst } from './runner/nearest-first.ts';
import { newSuite, runSuite } from './runner/suite.ts';
import { interval, scoreOf, scoreOfCovered, tallyOf } from './score.ts';

const results = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).flatMap(([status, count]) =>
    Array.from({ length: count }, () => ({ status: status as 'Killed' })),
  );

describe('a score', () => {
  test('counts what no suite comes by as survived, and leaves out what was no mutant', () => {
    const tally = tallyOf(
      results({
        Killed: 6,
        Timeout: 1,
        Survived: 2,
        NoCoverage: 1,
        CompileError: 5,
        RuntimeError: 3,
      }),
    );
    expect(tally).toEqual({
      mutants: 10,
      killed: 6,
      timedOut: 1,
      survived: 2,
      uncovered: 1,
      broken: 3,
    });
    expect(scoreOf(tally)).toBe(70);
    expect(scoreOfCovered(tally)).toBe(77.8);
  });

  // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I: 81 of 263.
  test('has the interval of Wilson', () => {
    const tally = { ...tallyOf([]), mutants: 263, killed: 81 };
    expect(interval(tally)).toEqual({ low: 25.5, high: 36.6 });
    expect(interval({ ...tally, mutants: 10, killed: 10 }).high).toBe(100);
  });
});

describe('a sample', () => {
  const mutant = (line: number) => ({
    fileName: 'domain/policy/due.ts',
    location: { start: { line, column: 2 }, end: { line, column: 9 } },
    mutatorName: 'ConditionalExpression',
    replacement: 'true',
  });
  const drawn = (seed: number, share: number) =>
    Array.from({ length: 4_000 }, (_, line) => line).filter(
      (line) => lotOf(seed, mutant(line)) < share,
    );

  test('is the same for the same seed, another for another, and of the size that was asked for', () => {
    expect(drawn(1, 0.1)).toEqual(drawn(1, 0.1));
    expect(drawn(1, 0.1)).not.toEqual(drawn(2, 0.1));
    expect(Math.abs(drawn(1, 0.1).length - 400)).toBeLessThan(80);
    expect(drawn(1, 1)).toHaveLength(4_000);
  });
});

test('the suite that mirrors a file comes first, then the quick ones', () => {
  const times: Record<string, number> = { 'test/lambdas/a.test.ts': 1, 'test/client/b.test.ts': 2 };
  const suites = [
    'test/client/b.test.ts',
    'test/lambdas/a.test.ts',
    'test/domain/policy/due.test.ts',
  ];
  expect(nearestFirst(suites, 'domain/policy/due.ts', (suite) => times[suite] ?? 9)).toEqual([
    'test/domain/policy/due.test.ts',
    'test/lambdas/a.test.ts',
    'test/client/b.test.ts',
  ]);
});

describe('a suite in one process', () => {
  type Api = {
    test: typeof test;
    describe: typeof describe;
    expect: typeof expect;
    beforeAll: (body: () => void) => void;
    beforeEach: (body: () => void) => void;
  };

  async function outcomes(register: (api: Api) => void, wants = (_name: string) => true) {
    const suite = newSuite();
    register(suite.globals as never);
    const runs = await runSuite(suite, { wants });
    return Object.fromEntries(runs.map(({ name, status }) => [name, status]));
  }

  test('sees what fails: an assertion, a promise, a hook', async () => {
    const found = await outcomes((api) => {
      api.test('right', () => api.expect(1).toBe(1));
      api.test('wrong', () => api.expect(1).toBe(2));
      api.test('late', async () => api.expect(Promise.resolve(1)).resolves.toBe(2));
      api.test('too few', () => api.expect.assertions(1));
      api.test('never', () => new Promise(() => undefined), 10);
      api.describe('in a block', () => {
        api.beforeAll(() => {
          throw new Error('not begun');
        });
        api.test('right', () => undefined);
      });
    });
    expect(found).toEqual({
      right: 'passed',
      wrong: 'failed',
      late: 'failed',
      'too few': 'failed',
      never: 'failed',
      'in a block right': 'failed',
    });
  });

  test('runs what is asked for, tables too, each under a name of its own', async () => {
    const seen: string[] = [];
    const found = await outcomes(
      (api) => {
        api.describe.each(['a', 'b'])('block %s', () => {
          api.beforeEach(() => void seen.push('before'));
          api.test.each([
            [1, 'one'],
            [2, 'two'],
          ])('%d is %s', (number, word) => void seen.push(`${number} ${word}`));
          api.test('the same', () => undefined);
          api.test('the same', () => undefined);
          api.test.skip('not this', () => undefined);
        });
      },
      (name) => name.startsWith('block b'),
    );
    expect(found).toEqual({
      'block b 1 is one': 'passed',
      'block b 2 is two': 'passed',
      'block b the same': 'passed',
      'block b the same #2': 'passed',
      'block b not this': 'skipped',
    });
    expect(seen).toEqual(['before', '1 one', 'before', '2 two', 'before', 'before']);
  });
});
