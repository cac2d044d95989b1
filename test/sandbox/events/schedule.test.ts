import { describe, expect, test } from '@jest/globals';
import { parseSchedule } from '../../../sandbox/events/schedule.ts';

const since = new Date('2026-05-17T17:00:00Z'); // a Sunday
const next = (expression: string, after = since) =>
  parseSchedule(expression, since)(after)?.toISOString();

describe('the next instant of', () => {
  test.each([
    ['rate(5 minutes)', '2026-05-17T17:05:00.000Z'],
    ['rate(1 hour)', '2026-05-17T18:00:00.000Z'],
    ['rate(89 days)', '2026-08-14T17:00:00.000Z'],
    ['cron(0 12 * * ? *)', '2026-05-18T12:00:00.000Z'],
    ['cron(0/15 * * * ? *)', '2026-05-17T17:15:00.000Z'],
    ['cron(10/20 * * * ? *)', '2026-05-17T17:10:00.000Z'],
    ['cron(0 8 1 * ? *)', '2026-06-01T08:00:00.000Z'],
    ['cron(0 18 ? * MON-FRI *)', '2026-05-18T18:00:00.000Z'],
    ['cron(0 18 ? * 2 *)', '2026-05-18T18:00:00.000Z'],
    ['cron(0 18 L * ? *)', '2026-05-31T18:00:00.000Z'],
    ['cron(0 18 ? * 6L *)', '2026-05-29T18:00:00.000Z'],
    ['cron(0 9 ? * 3#1 *)', '2026-06-02T09:00:00.000Z'],
    ['cron(0 9 1 1 ? 2028)', '2028-01-01T09:00:00.000Z'],
  ])('%s is %s', (expression, expected) => {
    expect(next(expression)).toBe(expected);
  });

  test('a rate keeps its phase, however late it is asked', () => {
    expect(next('rate(1 hour)', new Date('2026-05-17T20:59:59Z'))).toBe('2026-05-17T21:00:00.000Z');
    expect(next('rate(1 hour)', new Date('2026-05-17T21:00:00Z'))).toBe('2026-05-17T22:00:00.000Z');
  });

  test('a year that has passed never comes', () => {
    expect(next('cron(0 9 1 1 ? 2020)')).toBeUndefined();
  });
});

test.each([
  ['rate(1 hours)'],
  ['rate(5 minute)'],
  ['rate(0 days)'],
  ['cron(0 12 * * *)'],
  ['cron(0 12 * * * *)'],
  ['cron(0 12 ? * ? *)'],
  ['cron(0 25 * * ? *)'],
  ['at(2026-01-01T00:00:00)'],
])('%s is refused as AWS does', (expression) => {
  expect(() => next(expression)).toThrow(`ScheduleExpression is not valid: ${expression}`);
});
