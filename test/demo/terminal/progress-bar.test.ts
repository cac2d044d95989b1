import { describe, expect, test } from '@jest/globals';
import { progressBar, progressInWords, shareOf } from '../../../demo/terminal/progress-bar.ts';

describe('a progress bar', () => {
  test('says share, amount, speed and what is left', () => {
    expect(progressBar({ done: 75_000, total: 300_000, unit: 'values', perSecond: 50_000 })).toBe(
      '█████░░░░░░░░░░░░░░░  25 % of 300,000 values, 50,000/s, 5 s left',
    );
  });

  test('says no speed before there is one', () => {
    expect(progressInWords({ done: 0, total: 300_000, unit: 'values' })).toBe(
      '  0 % of 300,000 values',
    );
    expect(progressInWords({ done: 0, total: 10, unit: 'rows', perSecond: 0 })).toBe(
      '  0 % of 10 rows',
    );
  });

  test('is full when everything is done and not before, and never more than full', () => {
    expect(progressInWords({ done: 299_999, total: 300_000, unit: 'values' })).toContain(' 99 %');
    expect(shareOf({ done: 12, total: 10 })).toBe(1);
    expect(shareOf({ done: 0, total: 0 })).toBe(1);
  });

  test('fits in 80 columns beside the indentation of a terminal', () => {
    const widest = { done: 1, total: 100_000_000, unit: 'values', perSecond: 100_000 };
    expect(progressBar(widest).length).toBeLessThanOrEqual(74);
  });
});
