import { describe, expect, test } from '@jest/globals';
import { isDrillDue, nextDrill } from '../../../domain/policy/drill-due.ts';

describe('when the next drill is due', () => {
  test.each([
    ['2026-01-01T08:00:00Z', 3, '2026-04-01T08:00:00.000Z'],
    ['2026-11-15T08:00:00Z', 3, '2027-02-15T08:00:00.000Z'],
    // Shorter months: their last day.
    ['2026-11-30T08:00:00Z', 3, '2027-02-28T08:00:00.000Z'],
    ['2028-01-31T23:59:59Z', 1, '2028-02-29T23:59:59.000Z'],
    ['2026-03-31T08:00:00Z', 12, '2027-03-31T08:00:00.000Z'],
  ])('after %s, every %d months: %s', (last, everyMonths, due) => {
    expect(nextDrill(new Date(last), everyMonths).toISOString()).toBe(due);
  });

  test('it is late from three days after', () => {
    const due = new Date('2026-04-01T08:00:00Z');
    expect(isDrillDue(due, new Date('2026-04-04T07:59:59Z'))).toBe(false);
    expect(isDrillDue(due, new Date('2026-04-04T08:00:00Z'))).toBe(true);
  });
});
