/** The benchmark runs, and its document has the figures a reader looks for. Not how large they are. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { costOf } from '../../bench/cost.ts';
import { withSection } from '../../bench/document.ts';
import { median, p95 } from '../../bench/measure.ts';
import { root } from '../scripts/tree.ts';

/** It measures for half a minute what nobody else asks for: with PROOF=full. */
const inFull = process.env.PROOF === 'full' ? test : test.skip;

let directory = '';
let document = '';
beforeAll(async () => {
  if (process.env.PROOF !== 'full') {
    return;
  }
  directory = mkdtempSync(join(tmpdir(), 'quarterturn-bench-test-'));
  const output = join(directory, 'benchmarks.md');
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const args = ['--import', 'tsx', 'bench/main.ts', '--quick', '--output', output];
  await promisify(execFile)(process.execPath, args, { cwd: root, env: { PATH, HOME, TMPDIR } });
  document = readFileSync(output, 'utf8');
}, 240_000);
afterAll(() => {
  if (directory !== '') {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** The cells of the first table below a heading, without its titles. */
const tableBelow = (heading: string): string[][] => tablesBelow(heading)[0] ?? [];

function tablesBelow(heading: string): string[][][] {
  const [, section = ''] = document.split(`## ${heading}\n`);
  const tables = (section.split('\n## ')[0] ?? '').match(/(?:^\|.*\n?)+/gm) ?? [];
  return tables.map((table) =>
    table
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

inFull('every bundle is in the table of cold starts, with its goals', () => {
  const rooms = readdirSync(join(root, 'dist/lambdas'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const rows = tableBelow('Cold start');
  expect(rows.map(([room]) => room)).toEqual(rooms.sort());
  for (const row of rows) {
    expect(row.slice(1).join(' ')).toMatch(/^\d+ KB (met|missed) -?\d+ ms (met|missed) \d+ MB$/);
  }
});

inFull('rotations, synthesis and cost have a figure in each cell', () => {
  const rotations = tableBelow('Rotation in the sandbox');
  expect(rotations.map(([kind]) => kind)).toEqual([
    'database, alternating users',
    'JWT, publish',
    'JWT, activate',
  ]);
  for (const row of rotations) {
    expect(row.slice(1).join(' ')).toMatch(/^\d+ ms \d+ ms ≤ \d+ ms: (met|missed) \d+ ×$/);
  }
  const costs = tableBelow('What the functions of a rotation cost');
  expect(costs.map((row) => row.slice(2).join(' '))).toEqual([
    expect.stringMatching(/^\d+ ms \$0\.\d{6} \$\d+\.\d\d$/),
    expect.stringMatching(/^\d+ ms \$0\.\d{6} \$\d+\.\d\d$/),
  ]);
  // Four steps, the starter, and the tasks after the rotation; with an activation twice the steps.
  expect(costs.map(([, invocations]) => Number(invocations))).toEqual([
    expect.closeTo(9, -1),
    expect.closeTo(16, -1),
  ]);
  expect(tableBelow('Synthesis')[0]?.slice(1).join(' ')).toMatch(/^\d+\.\d s \d+ 1$/);
  expect(document).not.toMatch(/NaN|undefined|Infinity|\/(home|work|tmp|Users)\//);
});

inFull(
  'the re-encryption is compared with an update, with cryptography alone and with the usual ways',
  () => {
    const [rates = [], footprint = [], cost = [], usual = []] = tablesBelow('Re-encryption');
    const thousand = /^\d+\.\d k$/;
    for (const [at, columns] of ['1', '3'].entries()) {
      const row = rates[at] ?? [];
      expect(row[0]).toBe(columns);
      for (const cell of row.slice(1, 5)) {
        expect(cell).toMatch(thousand);
      }
      expect(row[5]).toMatch(/^\d+\.\d\d, ≥ 0\.75: (met|missed)$/);
      expect(footprint[at]?.join(' ')).toMatch(
        /^[13] \d+ B \d+ B \d\.\d\d, ≤ 0\.7: (met|missed) \d\.\d\d × \d\.\d\d ×, ≤ 1\.25: (met|missed) \d+ %$/,
      );
      expect(cost[at]?.at(-1)).toMatch(/^\d+ MB, ≤ 220: (met|missed)$/);
    }
    expect(usual).toHaveLength(3);
    for (const [, rate, times] of usual) {
      expect(Number(rate)).toBeGreaterThan(0);
      expect(times).toMatch(/^\d+ ×$/);
    }
  },
);

test('one section is measured anew where it stood or at the end, and the others stay as they are', () => {
  const before = '# Benchmarks\n\nhead\n\n## Cold start\n\nkept\n\n## Cost\n\nkept as well\n';
  const anew = withSection(before, '## Cold start\n\nnew');
  expect(anew).toBe(before.replace('## Cold start\n\nkept', '## Cold start\n\nnew'));
  expect(withSection(anew, '## Cold start\n\nnew')).toBe(anew);
  expect(withSection(before, '## Cold\n\nnew')).toBe(`${before}\n## Cold\n\nnew\n`);
});

test('the figures are the middle and the 95th of a hundred', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([median(samples), p95(samples)]).toEqual([50, 95]);
  expect([median([7]), p95([7]), median([])]).toEqual([7, 7, Number.NaN]);
});

test('cost counts every invocation rounded up, its memory, and a cold start of each function', () => {
  const invocations = new Map([['step', { count: 8, milliseconds: 80.8 }]]);
  const cold = {
    runs: 1,
    bareMilliseconds: 50,
    barePeakMegabytes: 40,
    functions: [{ room: 'jwt', bytes: 1, overNode: 100, peakMegabytes: 60 }],
  };
  const cost = costOf(
    { kind: 'k', runs: 2, rotations: [], invocations },
    new Map([['step', 512]]),
    cold,
  );
  // Four invocations of 11 ms, and 100 ms of a cold start, at half a gigabyte.
  expect(cost).toMatchObject({ invocations: 4, billedMilliseconds: 144 });
  expect(cost.dollars).toBeCloseTo(0.144 * 0.5 * 0.0000166667 + 4 * 0.0000002, 12);
});
