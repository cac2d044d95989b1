/**
 * The clock: to the second at each bound, in every time zone the same, with instants that do not exist and clocks
 * that disagree. Secrets Manager's schedules are in UTC; so is every instant here.
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { decide, nextDue, type SecretFacts } from '../../../domain/policy/due.ts';
import { formatDateLabel, parseDateLabel } from '../../../domain/policy/labels.ts';

const second = 1_000;
const day = 86_400 * second;
const minutes = 60 * second;

const factsAt = (rotatedAt: Date, cadenceDays: number, now: Date): SecretFacts => ({
  armed: true,
  origin: 'new',
  cadenceDays,
  rotationEnabled: true,
  versionIdsToStages: { v1: ['AWSCURRENT', formatDateLabel(rotatedAt)] },
  now,
});
const decisionAt = (rotatedAt: Date, cadenceDays: number, now: number) =>
  decide(factsAt(rotatedAt, cadenceDays, new Date(now))).decision;

/** Leap days, the turn of the year, the hours in which summer time begins and ends, and an ordinary night. */
const starts = [
  '2024-02-29T00:00:00Z',
  '2024-02-29T23:59:59Z',
  '2023-12-01T12:00:00Z',
  '2025-12-31T23:59:59Z',
  '2026-01-01T00:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-11-30T10:30:00Z',
  // Two seconds around the leap second of 2016, which no computer's clock shows.
  '2016-12-31T23:59:59Z',
  '2017-01-01T00:00:00Z',
].map((start) => new Date(start));

describe.each([90, 180])('every %i days', (cadenceDays) => {
  test.each(starts.map((start) => [start.toISOString(), start] as const))(
    'from %s: a second before, at, and a second after each bound',
    (_title, start) => {
      const due = start.getTime() + (cadenceDays - 5) * day;
      const limit = start.getTime() + cadenceDays * day;
      const around = (bound: number) =>
        [-second, 0, second].map((offset) => decisionAt(start, cadenceDays, bound + offset));
      expect(around(due)).toEqual(['notDue', 'due', 'due']);
      expect(around(limit)).toEqual(['due', 'overdue', 'overdue']);
      expect(nextDue(start, cadenceDays).getTime()).toBe(limit);
    },
  );
});

test('the decisions are the same in UTC, New York, Kolkata and Apia', () => {
  // One process: Node.js takes up a TZ that changes while it runs.
  const script = `
    import { decide } from './domain/policy/due.ts';
    import { formatDateLabel } from './domain/policy/labels.ts';
    const starts = ${JSON.stringify(starts.map((start) => start.toISOString()))};
    const answers = ['Etc/UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'].map((TZ) => {
      process.env.TZ = TZ;
      const hour = new Date('2026-07-01T00:00:00Z').getHours();
      return [hour, ...starts.flatMap((start) => [90, 180].flatMap((cadenceDays) =>
        [-1, 0, 1].flatMap((seconds) => [5, 0].map((left) => {
          const rotatedAt = new Date(start);
          const now = new Date(rotatedAt.getTime() + (cadenceDays - left) * 86_400_000 + seconds * 1_000);
          const { decision, rotateAt, limitAt } = decide({
            armed: true, origin: 'new', cadenceDays, rotationEnabled: true, now,
            versionIdsToStages: { v1: ['AWSCURRENT', formatDateLabel(rotatedAt)] },
          });
          return decision + rotateAt?.toISOString() + limitAt?.toISOString();
        }))))];
    });
    console.log(JSON.stringify(answers));`;
  const answers: unknown[][] = JSON.parse(
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    }),
  );
  // The zone was another each time, or nothing would be shown.
  expect(answers.map(([hour]) => hour)).toEqual([0, 20, 5, 13]);
  expect(new Set(answers.map(([, ...decisions]) => JSON.stringify(decisions))).size).toBe(1);
});

describe('an instant that does not exist is no date label, and never "not due"', () => {
  test.each([
    ['a leap second', 'rotated-20161231T235960Z'],
    ['29 February of a year without', 'rotated-20250229T000000Z'],
    ['30 February', 'rotated-20240230T000000Z'],
    ['31 April', 'rotated-20260431T000000Z'],
    ['midnight as 24 o’clock', 'rotated-20260517T240000Z'],
    ['month 13', 'rotated-20261301T000000Z'],
    ['no zone', 'rotated-20260517T170002'],
    ['another zone', 'rotated-20260517T170002+0200'],
    ['NaN', 'rotated-NaN'],
    ['nothing', 'rotated-'],
  ])('%s', (_title, label) => {
    const now = new Date('2027-01-01T00:00:00Z');
    expect(parseDateLabel(label, now).ok).toBe(false);
    const verdict = decide({
      ...factsAt(now, 90, now),
      versionIdsToStages: { v1: ['AWSCURRENT', label] },
    });
    expect(verdict).toMatchObject({ decision: 'badDate', finding: true });
  });
});

describe('clocks that disagree by five minutes', () => {
  const rotatedAt = new Date('2026-05-17T17:00:02Z');

  test('the label of a rotation a moment ago may lie ahead of this clock', () => {
    expect(decisionAt(rotatedAt, 90, rotatedAt.getTime() - 5 * minutes)).toBe('notDue');
  });

  test('one that lies further ahead is no clock that disagrees', () => {
    expect(decisionAt(rotatedAt, 90, rotatedAt.getTime() - 5 * minutes - second)).toBe('badDate');
  });

  test.each([-5, 5])(
    'by %i minutes: it is due as much earlier or later, and a lead before its limit',
    (skew) => {
      const due = rotatedAt.getTime() + 85 * day;
      expect(decisionAt(rotatedAt, 90, due + skew * minutes)).toBe(skew < 0 ? 'notDue' : 'due');
      expect(decisionAt(rotatedAt, 90, due + 5 * day - 5 * minutes - second)).toBe('due');
    },
  );
});

describe('an age that is not known', () => {
  const now = new Date('2026-05-17T17:00:02Z');
  const unlabelled = { ...factsAt(now, 90, now), versionIdsToStages: { v1: ['AWSCURRENT'] } };
  const adopted = { ...unlabelled, origin: 'adopted' } as const;

  test.each([
    ['never rotated', unlabelled, 'uninitialised'],
    ['no version is current', { ...unlabelled, versionIdsToStages: {} }, 'badDate'],
    [
      'adopted, from tomorrow',
      { ...adopted, adoptedMaterialSince: '2026-05-18T17:00:02Z' },
      'badDate',
    ],
    ['adopted, from no instant', { ...adopted, adoptedMaterialSince: 'NaN' }, 'badDate'],
    [
      'adopted, from a leap second',
      { ...adopted, adoptedMaterialSince: '2016-12-31T23:59:60Z' },
      'badDate',
    ],
    [
      'rotation is switched off',
      { ...factsAt(new Date(now.getTime() - 86 * day), 90, now), rotationEnabled: false },
      'rotationDisabled',
    ],
  ])('%s', (_title, facts: SecretFacts, decision) => {
    const verdict = decide(facts);
    expect(verdict.decision).toBe(decision);
    expect(verdict.decision).not.toBe('notDue');
  });

  test('a clock that shows no instant decides nothing', () => {
    expect(() => decide(factsAt(now, 90, new Date(Number.NaN)))).toThrow(RangeError);
  });
});
