/** docs/scale.md says what its formula gives. `UPDATE_DOCS=1` writes it anew. */
import { expect, test } from '@jest/globals';
import { duration, measured, scaleOf } from '../../bench/reencryption/scale.ts';
import { scaleDocument } from '../../bench/reencryption/scale-document.ts';
import { expectDocument } from '../document.ts';

test('docs/scale.md is what the formula gives for the measured figures', () => {
  expectDocument('docs/scale.md', scaleDocument());
});

const figures = { columns: 1, worker: 30, cryptography: 15, server: 16.75, log: 700 };

test('two workers are the bound until the log is', () => {
  const two = scaleOf(1e8, 2, figures);
  expect(two).toMatchObject({ ranges: 1_000, rate: 40_000, boundBy: 'workers', logGigabytes: 70 });
  expect(two.cores).toBeCloseTo(0.67, 9);
  expect(two.rewriteHours).toBeCloseTo(2_500 / 3_600, 9);
  // 5 µs of cryptography, half of 31.75 µs, 0.6875 µs on the way.
  expect(two.verifyHours).toBeCloseTo(1_078.125 / 3_600, 9);
  const many = scaleOf(1e8, 16, figures);
  expect(many).toMatchObject({ rate: 100_000, boundBy: 'log' });
});

test('dollars are gigabyte-seconds, calls, transitions and requests', () => {
  const { lambda, stepFunctions, aurora } = scaleOf(1e8, 2, figures);
  // Two workers: three calls each to rewrite, two to verify, one each to sweep and to count.
  const calls = 2 * (3 + 2 + 1 + 1);
  const seconds = 2 * (2_500 + 1_078.125);
  expect(lambda).toBeCloseTo(seconds * (1769 / 1024) * 0.0000166667 + calls * 0.0000002, 9);
  expect(stepFunctions).toBeCloseTo((4 * 2 * 3 + calls * 2 + 100) * 0.000025, 9);
  expect(aurora).toBeCloseTo(((1e8 * 700) / 4096 + (4 * 1e8 * 290) / 8192) * 0.0000002, 6);
});

test('more rows never take less, more workers never take longer', () => {
  for (const each of measured) {
    const hours = (rows: number, workers: number) => scaleOf(rows, workers, each).rewriteHours;
    expect(hours(1e9, 2)).toBeCloseTo(10 * hours(1e8, 2), 9);
    expect(hours(1e9, 16)).toBeLessThanOrEqual(hours(1e9, 8));
  }
  expect([duration(0.5), duration(1.25)]).toEqual(['30 min', '1.3 h']);
});
