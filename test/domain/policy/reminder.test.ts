import { expect, test } from '@jest/globals';
import { reminderOf } from '../../../domain/policy/reminder.ts';

const changedAt = new Date('2025-11-18T00:00:00Z');
const after = (now: string, remindDays = 90) =>
  reminderOf({ changedAt, remindDays, now: new Date(now) });

test('somebody is reminded from the day on which it is as old as configured, across leap days and summer times', () => {
  expect(after('2026-02-15T23:59:59Z')).toBeUndefined();
  expect(after('2026-02-16T00:00:00Z')).toBe(90);
  expect(after('2026-05-17T00:00:00Z', 180)).toBe(180);
  expect(after('2028-11-18T00:00:00Z', 1_096)).toBe(1_096);
});

test('a date in the future, or none, is an error and never "not due"', () => {
  expect(() => after('2025-11-17T23:59:59Z')).toThrow(RangeError);
  expect(() => after('no date')).toThrow(RangeError);
  expect(() =>
    reminderOf({ changedAt: new Date('no date'), remindDays: 90, now: changedAt }),
  ).toThrow(RangeError);
});
