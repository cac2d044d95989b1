import { describe, expect, test } from '@jest/globals';
import {
  daysUntilNext,
  nextWindow,
  parseRotationRules,
} from '../../../sandbox/secrets-manager/schedule-expression.ts';

/** Opening and last second of the window after 2027-01-10T12:30Z. */
function windowOf(rules: Record<string, unknown>, base = '2027-01-10T12:30:00Z'): string[] {
  const { opens, closes } = nextWindow(parseRotationRules(rules), new Date(base));
  return [opens, closes].map((date) => date.toISOString().replace('.000', ''));
}

describe('windows', () => {
  test.each([
    [{ AutomaticallyAfterDays: 90 }, '2027-04-10T00:00:00Z', '2027-04-10T23:59:59Z'],
    [
      { ScheduleExpression: 'rate(89 days)', Duration: '4h' },
      '2027-04-09T00:00:00Z',
      '2027-04-09T03:59:59Z',
    ],
    [{ ScheduleExpression: 'rate(4 hours)' }, '2027-01-10T16:00:00Z', '2027-01-10T16:59:59Z'],
    [
      { ScheduleExpression: 'rate(36 hours)', Duration: '2h' },
      '2027-01-12T00:00:00Z',
      '2027-01-12T01:59:59Z',
    ],
    [
      { ScheduleExpression: 'cron(0 3 1 1/3 ? *)', Duration: '3h' },
      '2027-04-01T03:00:00Z',
      '2027-04-01T05:59:59Z',
    ],
    // Weekdays are counted from SUN=1.
    [{ ScheduleExpression: 'cron(0 16 ? * 1 *)' }, '2027-01-10T16:00:00Z', '2027-01-10T23:59:59Z'],
    [{ ScheduleExpression: 'cron(0 8 ? * 2#1 *)' }, '2027-02-01T08:00:00Z', '2027-02-01T23:59:59Z'],
    [{ ScheduleExpression: 'cron(0 8 L * ? *)' }, '2027-01-31T08:00:00Z', '2027-01-31T23:59:59Z'],
    [
      { ScheduleExpression: 'cron(0 8,20 * * ? *)' },
      '2027-01-10T20:00:00Z',
      '2027-01-10T23:59:59Z',
    ],
    [{ ScheduleExpression: 'cron(0 1,2 * * ? *)' }, '2027-01-11T01:00:00Z', '2027-01-11T01:59:59Z'],
  ])('%j opens at %s and closes at %s', (rules, opens, closes) => {
    expect(windowOf(rules)).toEqual([opens, closes]);
  });

  test('a quarter by cron is not every 90 days', () => {
    const rules = parseRotationRules({ ScheduleExpression: 'cron(0 3 1 1/3 ? *)' });
    expect(daysUntilNext(rules, new Date('2027-07-01T03:00:00Z'))).toBe(92);
  });
});

describe('rules that are refused', () => {
  test.each([
    {},
    { AutomaticallyAfterDays: 0 },
    { AutomaticallyAfterDays: 1001 },
    { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' },
    { ScheduleExpression: 'rate(3 hours)' },
    { ScheduleExpression: 'rate(10 weeks)' },
    { ScheduleExpression: 'every day' },
    { ScheduleExpression: 'cron(5 3 1 * ? *)' },
    { ScheduleExpression: 'cron(0 3 1 * ? 2027)' },
    { ScheduleExpression: 'cron(0 3 1 * * *)' },
    { ScheduleExpression: 'cron(0 3 ? * ? *)' },
    { ScheduleExpression: 'cron(0 25 1 * ? *)' },
    { ScheduleExpression: 'cron(0 3 29 2 ? *)' },
    { ScheduleExpression: 'rate(10 days);' },
    { AutomaticallyAfterDays: 1, Duration: '4' },
    { AutomaticallyAfterDays: 1, Duration: '25h' },
    { ScheduleExpression: 'rate(4 hours)', Duration: '5h' },
    { ScheduleExpression: 'cron(0 22 1 * ? *)', Duration: '3h' },
    { ScheduleExpression: 'cron(0 8,9 * * ? *)', Duration: '2h' },
  ])('%j', (rules) => {
    expect(() => parseRotationRules(rules)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(InvalidParameter|Validation)Exception$/),
      }),
    );
  });
});
