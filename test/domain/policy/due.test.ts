import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import {
  type Decision,
  decide,
  InvalidPolicyError,
  nextDue,
  type SecretFacts,
  type Verdict,
} from '../../../domain/policy/due.ts';
import { formatDateLabel } from '../../../domain/policy/labels.ts';

const day = 86_400_000;
const rotatedAt = new Date('2025-11-18T09:30:00Z');
const stages = (...current: string[]) => ({ v1: ['AWSCURRENT', ...current] });
const facts: SecretFacts = {
  armed: true,
  origin: 'new',
  cadenceDays: 90,
  rotationEnabled: true,
  versionIdsToStages: stages(formatDateLabel(rotatedAt)),
  now: new Date('2025-12-01T00:00:00Z'),
};
const daysLater = (days: number, seconds = 0) =>
  new Date(rotatedAt.getTime() + days * day + seconds * 1000);
const record = (
  state: 'due' | 'running' | 'finished' | 'stopped',
  more: Partial<NonNullable<SecretFacts['afterRotation']>> = {},
) => ({ versionId: 'v1', state, at: '2025-11-18T09:30:00Z', live: false, ...more });

describe('the schedule table', () => {
  test.each([
    [90, '2026-02-16'],
    [180, '2026-05-17'],
  ])('rotated 2025-11-18, every %i days: next due %s', (cadenceDays, due) => {
    const verdict = decide({
      ...facts,
      cadenceDays,
      versionIdsToStages: stages('rotated-20251118T000000Z'),
    });
    expect(verdict.limitAt?.toISOString()).toBe(`${due}T00:00:00.000Z`);
  });

  test('the answer is the same in every time zone, across summer time and leap days, the window included', () => {
    const script = `
      import { nextDue } from './domain/policy/due.ts';
      import { parseDateLabel } from './domain/policy/labels.ts';
      import { isInside, nextOpening } from './domain/policy/window.ts';
      const starts = ['20251118T000000Z', '20240229T120000Z', '20251231T235959Z', '20260301T013000Z'];
      const now = new Date('2030-01-01T00:00:00Z');
      const window = { days: ['sun', 'mon'], from: '22:30', to: '02:30', timeZone: 'America/New_York' };
      const openings = ['2026-03-08T06:59:00Z', '2026-03-08T08:00:00Z', '2026-10-28T00:00:00Z'].flatMap((at) =>
        [isInside(window, new Date(at)), nextOpening(window, new Date(at)).toISOString()]);
      console.log(JSON.stringify([...openings, ...starts.flatMap((start) => {
        const parsed = parseDateLabel('rotated-' + start, now);
        return [90, 180].map((days) => nextDue(parsed.at, days).toISOString());
      })]));`;
    const answers = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'].map((TZ) =>
      execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
        env: { PATH: process.env.PATH, TZ },
        encoding: 'utf8',
      }).trim(),
    );
    expect(new Set(answers)).toEqual(
      new Set([
        JSON.stringify([
          // Saturday night is not one of its days; on Sunday it opens by summer time.
          false,
          '2026-03-09T02:30:00.000Z',
          false,
          '2026-03-09T02:30:00.000Z',
          false,
          '2026-11-02T03:30:00.000Z',
          '2026-02-16T00:00:00.000Z',
          '2026-05-17T00:00:00.000Z',
          '2024-05-29T12:00:00.000Z',
          '2024-08-27T12:00:00.000Z',
          '2026-03-31T23:59:59.000Z',
          '2026-06-29T23:59:59.000Z',
          '2026-05-30T01:30:00.000Z',
          '2026-08-28T01:30:00.000Z',
        ]),
      ]),
    );
  });
});

describe('by age', () => {
  test.each<[string, Date, Decision, Verdict['act'], boolean]>([
    ['a second before cadence − lead', daysLater(85, -1), 'notDue', 'nothing', false],
    ['at cadence − lead', daysLater(85), 'due', 'rotate', false],
    ['a second before the limit', daysLater(90, -1), 'due', 'rotate', false],
    ['at the limit', daysLater(90), 'overdue', 'rotate', true],
    ['a second after the limit', daysLater(90, 1), 'overdue', 'rotate', true],
  ])('%s', (_title, now, decision, act, finding) => {
    expect(decide({ ...facts, now })).toMatchObject({ decision, act, finding });
  });

  test('it is told since when it is in use, and its dates', () => {
    expect(decide(facts)).toMatchObject({
      rotatedAt,
      rotateAt: daysLater(85),
      limitAt: daysLater(90),
    });
    expect(decide({ ...facts, leadDays: 20 }).rotateAt).toEqual(daysLater(70));
  });

  test('one that its owners change as needed has no dates to come', () => {
    const { reason: _told, ...verdict } = decide({ ...facts, cadenceDays: undefined });
    expect(verdict).toEqual({ decision: 'asNeeded', act: 'nothing', finding: false, rotatedAt });
  });

  test('of several date labels the oldest counts', () => {
    const labels = stages('rotated-20251118T093000Z', 'rotated-20251120T000000Z');
    expect(decide({ ...facts, versionIdsToStages: labels }).rotatedAt).toEqual(rotatedAt);
  });

  test('a clock five minutes behind that of the labels is not an error', () => {
    const now = new Date(rotatedAt.getTime() - 5 * 60_000);
    expect(decide({ ...facts, now }).decision).toBe('notDue');
  });
});

describe('a date that cannot be read is an error, never "not due"', () => {
  test.each([
    ['unparsable', 'rotated-soon'],
    ['no real date', 'rotated-20260230T000000Z'],
    ['in the future', 'rotated-20260101T000000Z'],
  ])('%s', (_title, label) => {
    expect(decide({ ...facts, versionIdsToStages: stages(label) })).toMatchObject({
      decision: 'badDate',
      act: 'nothing',
      finding: true,
    });
  });

  test('lost: the AfterRotation is finished and no label arrived', () => {
    const versionIdsToStages = { ...stages(), v0: ['AWSPREVIOUS', 'rotated-20251118T093000Z'] };
    const verdict = decide({ ...facts, versionIdsToStages, afterRotation: record('finished') });
    expect(verdict).toMatchObject({ decision: 'badDate', finding: true });
    expect(verdict.reason).toContain('lost');
  });

  test('the age of an adopted secret is not known', () => {
    const unknown = { ...facts, origin: 'adopted' as const, versionIdsToStages: stages() };
    expect(decide(unknown).decision).toBe('badDate');
    expect(decide({ ...unknown, adoptedMaterialSince: 'NaN' }).decision).toBe('badDate');
    expect(decide({ ...unknown, adoptedMaterialSince: '2027-01-01T00:00:00Z' }).decision).toBe(
      'badDate',
    );
  });

  test('there is no AWSCURRENT', () => {
    expect(decide({ ...facts, versionIdsToStages: {} }).decision).toBe('badDate');
  });
});

describe('where the age comes from', () => {
  test('a label on its way from AWSPREVIOUS counts until it arrives', () => {
    const versionIdsToStages = { ...stages(), v0: ['AWSPREVIOUS', 'rotated-20251118T093000Z'] };
    const afterRotation = record('running', { live: true });
    expect(decide({ ...facts, versionIdsToStages, afterRotation }).rotatedAt).toEqual(rotatedAt);
  });

  test('an adopted secret counts from its adoption', () => {
    const verdict = decide({
      ...facts,
      origin: 'adopted',
      versionIdsToStages: { ...stages(), v0: ['AWSPREVIOUS'] },
      adoptedMaterialSince: '2025-08-01T00:00:00Z',
    });
    expect(verdict).toMatchObject({ decision: 'overdue', act: 'rotate' });
  });

  test('a write that no rotation made is a finding, and does not reset the age', () => {
    const versionIdsToStages = {
      v2: ['AWSCURRENT'],
      v1: ['AWSPREVIOUS', 'rotated-20251118T093000Z'],
    };
    expect(decide({ ...facts, versionIdsToStages })).toMatchObject({
      decision: 'unmanagedWrite',
      act: 'nothing',
      finding: true,
      rotatedAt,
    });
  });

  test('a value written over the empty one of a new secret is unmanaged, too', () => {
    const versionIdsToStages = { v2: ['AWSCURRENT'], v1: ['AWSPREVIOUS'] };
    expect(decide({ ...facts, versionIdsToStages }).decision).toBe('unmanagedWrite');
  });

  test('a new secret without date and AWSPREVIOUS gets its first value', () => {
    expect(decide({ ...facts, versionIdsToStages: stages() })).toMatchObject({
      decision: 'uninitialised',
      act: 'makeFirstValue',
      finding: false,
    });
  });

  test('regression: nor does a first value that was given up with its date keep a new secret from getting one', () => {
    const versionIdsToStages = { ...stages(), v2: ['rotated-20251119T000000Z'] };
    expect(decide({ ...facts, versionIdsToStages })).toMatchObject({
      decision: 'uninitialised',
      act: 'makeFirstValue',
    });
    // What AWSPREVIOUS shows did move.
    const moved = { ...versionIdsToStages, v2: ['rotated-20251119T000000Z', 'AWSPREVIOUS'] };
    expect(decide({ ...facts, versionIdsToStages: moved }).decision).toBe('unmanagedWrite');
  });
});

describe('secrets that are left alone', () => {
  const old = { ...facts, now: daysLater(400) };

  test.each<[string, Partial<SecretFacts>, Decision]>([
    ['unarmed', { armed: false }, 'unarmed'],
    ['rotation switched off', { rotationEnabled: false }, 'rotationDisabled'],
    ['on hold', { hold: { until: '2030-01-01T00:00:00Z', reason: 'rolled back' } }, 'held'],
    ['on hold, until when cannot be read', { hold: { until: '?', reason: 'x' } }, 'held'],
  ])('%s: reported, not rotated', (_title, change, decision) => {
    expect(decide({ ...old, ...change })).toMatchObject({
      decision,
      act: 'nothing',
      finding: true,
    });
  });

  test('a hold is a finding from two days before the limit', () => {
    const hold = { until: '2030-01-01T00:00:00Z', reason: 'rolled back' };
    expect(decide({ ...facts, hold, now: daysLater(88, -1) }).finding).toBe(false);
    expect(decide({ ...facts, hold, now: daysLater(88) }).finding).toBe(true);
  });

  test('a hold that has ended holds nothing', () => {
    const hold = { until: '2025-12-01T00:00:00Z', reason: 'rolled back' };
    expect(decide({ ...old, hold }).decision).toBe('overdue');
  });

  test('an unarmed new secret gets no first value, and nobody is called', () => {
    const unarmed = { ...facts, armed: false, versionIdsToStages: stages() };
    for (const cadenceDays of [90, undefined]) {
      expect(decide({ ...unarmed, cadenceDays })).toEqual({
        decision: 'unarmed',
        act: 'nothing',
        finding: false,
        reason: 'not armed: adopt it and deploy it with armed: true',
      });
    }
  });

  test('unarmed is a finding where the age is not known, and none where there is no limit', () => {
    const unarmed = { ...facts, armed: false, now: daysLater(400) };
    const unknown = { ...unarmed, origin: 'adopted' as const, versionIdsToStages: stages() };
    expect(decide(unknown)).toMatchObject({ decision: 'unarmed', finding: true });
    expect(decide({ ...unarmed, cadenceDays: undefined })).toMatchObject({
      decision: 'unarmed',
      finding: false,
    });
  });

  test('twenty overdue secrets deployed unarmed: seven days of ticks, no rotation, findings only', () => {
    const unarmed = { ...old, origin: 'adopted' as const, armed: false };
    for (let hour = 0; hour < 7 * 24; hour++) {
      const verdict = decide({ ...unarmed, now: daysLater(400, hour * 3600) });
      expect(verdict).toMatchObject({ act: 'nothing', finding: true });
    }
  });
});

describe('a rotation in progress', () => {
  const versionIdsToStages = { ...facts.versionIdsToStages, t: ['AWSPENDING'] };

  test.each<[string, string | undefined, boolean]>([
    ['is benign while it is young', '2025-11-30T23:51:01Z', false],
    ['is a finding as soon as the watch tells it', '2025-11-30T23:51:00Z', true],
    ['is a finding when nothing is recorded of it', undefined, true],
    ['is a finding when its instant cannot be read', 'then', true],
  ])('%s', (_title, pendingSince, finding) => {
    expect(decide({ ...facts, versionIdsToStages, pendingSince })).toMatchObject({
      decision: 'inProgress',
      act: 'nothing',
      finding,
    });
  });
});

describe('an AfterRotation that is not finished', () => {
  const at = '2025-11-30T23:55:00Z';

  test.each<[string, SecretFacts['afterRotation'], Verdict['act'], boolean]>([
    ['due, its event is on the way', record('due', { at }), 'nothing', false],
    ['due, its event was lost', record('due'), 'restartAfterRotation', true],
    ['due, its owner is alive', record('due', { live: true }), 'nothing', false],
    ['running', record('running', { live: true }), 'nothing', false],
    ['running, its execution is dead', record('running', { at }), 'restartAfterRotation', true],
    ['due since an unreadable instant', record('due', { at: '?' }), 'restartAfterRotation', true],
    ['stopped while a key is published', record('stopped', { publishedKid: 'k' }), 'nothing', true],
  ])('%s', (_title, afterRotation, act, finding) => {
    const verdict = decide({ ...facts, afterRotation, now: new Date('2025-12-01T00:00:00Z') });
    expect(verdict).toMatchObject({ decision: 'afterRotationPending', act, finding });
  });

  test('due, and not handed over to a re-encryption, although one runs toward its key', () => {
    const reencryption = {
      state: 'active' as const,
      mode: 'maintenance' as const,
      targetKid: 'k',
      versionId: 'v1',
      at,
    };
    const act = (state: 'due' | 'running') =>
      decide({ ...facts, reencryption, afterRotation: record(state, { publishedKid: 'k' }) }).act;
    expect(act('running')).toBe('nothing');
    expect(act('due')).toBe('restartAfterRotation');
  });

  test('stopped without a published key: the next rotation comes when it is due', () => {
    expect(decide({ ...facts, afterRotation: record('stopped') }).decision).toBe('notDue');
  });

  test('is restarted although the secret is unarmed', () => {
    const verdict = decide({ ...facts, armed: false, afterRotation: record('due') });
    expect(verdict.act).toBe('restartAfterRotation');
  });
});

describe('a policy that leaves no time', () => {
  test.each([
    [{ cadenceDays: 5 }],
    [{ cadenceDays: Number.NaN }],
    [{ cadenceDays: Number.POSITIVE_INFINITY }],
    [{ leadDays: -1 }],
    [{ leadDays: Number.NaN }],
  ])('%p is refused', (change) => {
    expect(() => decide({ ...facts, ...change })).toThrow(InvalidPolicyError);
  });

  test('is told by name and code', () => {
    expect(new InvalidPolicyError('text')).toMatchObject({
      name: 'InvalidPolicyError',
      code: 'ERR_ROTATION_POLICY',
      message: 'text',
    });
  });
});

test.each([90, 180])('ten years of hourly decisions, every %i days', (cadenceDays) => {
  const start = new Date('2026-01-01T00:00:00Z').getTime();
  let since = start;
  let rotations = 0;
  let oldest = 0;
  const hours = 3653 * 24;
  for (let hour = 0; hour < hours; hour++) {
    const now = new Date(start + hour * 3_600_000);
    oldest = Math.max(oldest, now.getTime() - since);
    const label = formatDateLabel(new Date(since));
    if (
      decide({ ...facts, cadenceDays, versionIdsToStages: stages(label), now }).act === 'rotate'
    ) {
      rotations += 1;
      since = now.getTime();
    }
  }
  expect(oldest).toBeLessThanOrEqual(cadenceDays * day);
  // Hourly ticks find every due instant on the hour, so the rhythm is exactly cadence − lead.
  expect(rotations).toBe(Math.floor((hours - 1) / 24 / (cadenceDays - 5)));
});

test('90 days later is the same second of the day', () => {
  expect(nextDue(new Date('2026-03-01T01:30:00Z'), 90).toISOString()).toBe(
    '2026-05-30T01:30:00.000Z',
  );
});
