import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Rated } from '../../../cli/reencryption/follow.ts';
import { progressOf } from '../../../cli/reencryption/progress.ts';
import { fractionDone, rateBetween } from '../../../cli/reencryption/rate.ts';
import { recordedTerminal } from '../recorded-terminal.ts';

const job: NonNullable<Rated['job']> = {
  id: '12',
  epoch: '3',
  targetKid: '9f2c41aa07be63d1',
  mode: 'online',
  state: 'active',
  paused: false,
  pass: 1,
  passKind: 'rewrite',
  ranges: { done: 2, total: 10 },
  rowsEstimated: 10_000,
  columns: [],
  quarantined: { rows: 0, accepted: 0 },
  storesOpen: [],
  createdAt: '2026-05-17T16:00:00.000Z',
};
const look: Rated = { state: 'active', live: true, job, replicationLagSeconds: 0.24 };

test('on a terminal a bar fills, with rows a second, what is left, and lag', async () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 20 });
  const terminal = { ...recordedTerminal({ columns: 80 }), stream: stream as never };
  const progress = progressOf(terminal, false, () => undefined);
  progress.tell({ ...look, rate: { rowsPerSecond: 41_234, secondsLeft: 150 } }, 4_000);
  await progress.done();
  const drawn = (stream.read() as Buffer).toString('utf8');
  expect(drawn).toContain(' 40 % pass 1 rewrite, 41,234 rows/s, 3 min left, lag 0.2 s');
  const [bar = ''] = /[█░]+/.exec(drawn) ?? [];
  expect(bar.split('█').length - 1).toBe(Math.round(bar.length * 0.4));
  // Beside what steers the terminal; a bar that wraps would be drawn twice.
  const line = drawn.split('\n').find((text) => text.includes('█')) ?? '';
  expect(line.length).toBeLessThanOrEqual(80 + 20);
});

test('in a pipe a line is said for every tenth and every pass, and when it is paused', () => {
  const said: string[] = [];
  const progress = progressOf(recordedTerminal(), false, (line) => void said.push(line));
  for (const seen of [2_000, 2_500, 3_100]) progress.tell(look, seen);
  progress.tell({ ...look, job: { ...job, paused: true } }, 3_100);
  progress.tell({ ...look, job: { ...job, pass: 2, passKind: 'sweep' } }, 0);
  progress.tell({ ...look, job: { ...job, ranges: { done: 10, total: 10 } } }, 0);
  expect(said).toEqual([
    'pass 1 rewrite  20 %, lag 0.2 s',
    'pass 1 rewrite  31 %, lag 0.2 s',
    'pass 1 rewrite  31 %, paused, lag 0.2 s',
    'pass 2 sweep    20 %, lag 0.2 s',
    'pass 1 rewrite 100 %, waiting before the next, lag 0.2 s',
  ]);
});

test('an estimate that was too low ends nothing early, one that was too high nothing late', () => {
  expect(fractionDone(job, 50_000)).toBeLessThan(1);
  expect(fractionDone({ ...job, ranges: { done: 10, total: 10 } }, 3_000)).toBe(1);
  expect(fractionDone({ ...job, ranges: { done: 0, total: 0 } }, 0)).toBe(0);
  const at = (seen: number, at: number, pass = 1) => ({ jobId: '12', pass, seen, at });
  expect(rateBetween(at(1_000, 0), at(3_000, 2_000), 10_000)).toEqual({
    rowsPerSecond: 1_000,
    secondsLeft: 7,
  });
  // Another pass counts from zero; one that stands has no rate.
  expect(rateBetween(at(9_000, 0), at(10, 2_000, 2), 10_000)).toBeUndefined();
  expect(rateBetween(at(1_000, 0), at(1_000, 2_000), 10_000)).toBeUndefined();
});
