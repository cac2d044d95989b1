import { describe, expect, test } from '@jest/globals';
import type { Freeze } from '../../../domain/policy/freeze.ts';
import {
  announcementOf,
  type PlannedSecret,
  planTurns,
  type Schedule,
} from '../../../domain/policy/plan.ts';
import { isInside, type Window, weekdays } from '../../../domain/policy/window.ts';

const hour = 3_600_000;
const day = 24 * hour;
const at = (instant: string) => new Date(instant);
const always: Schedule = { noticeMilliseconds: 2 * hour, freezes: [] };
const window: Window = { days: [...weekdays], from: '02:00', to: '06:00', timeZone: 'Etc/UTC' };
const nightly: Schedule = { ...always, window };

type Due = Partial<NonNullable<PlannedSecret['due']>>;
/** Due on 12 February 2026 at 09:00, limit five days later. */
const secretOf = (name: string, due: Due = {}, consumers: string[] = []): PlannedSecret => ({
  name,
  consumers,
  due: {
    rotateAt: at('2026-02-12T09:00:00Z'),
    limitAt: at('2026-02-17T09:00:00Z'),
    since: at('2025-11-19T09:00:00Z'),
    gently: false,
    ...due,
  },
});
const turn = (now: string, schedule = always, due: Due = {}) => {
  const found = planTurns([secretOf('jwt', due)], schedule, at(now)).get('jwt');
  return found && [found.step, found.plannedAt?.toISOString()];
};

describe('a rotation is announced before it starts', () => {
  test.each([
    ['nothing yet, with more than an hour to spare', '2026-02-12T05:54:00Z', undefined],
    ['nothing, with just what the next look leaves', '2026-02-12T05:55:00Z', undefined],
    [
      'for when it is due, with a second less',
      '2026-02-12T05:55:01Z',
      ['announce', '2026-02-12T09:00:00.000Z'],
    ],
    ['for when it is due', '2026-02-12T06:00:00Z', ['announce', '2026-02-12T09:00:00.000Z']],
    ['two hours before at least', '2026-02-12T07:00:30Z', ['announce', '2026-02-12T09:00:00.000Z']],
    [
      'later, where the tick came late',
      '2026-02-12T08:10:20Z',
      ['announce', '2026-02-12T10:10:00.000Z'],
    ],
    ['past its limit as well', '2026-03-12T08:00:00Z', ['announce', '2026-03-12T10:00:00.000Z']],
  ])('%s', (_title, now, expected) => {
    expect(turn(now)).toEqual(expected);
  });

  test('for the opening of the window, and not hours ahead of it', () => {
    expect(turn('2026-02-12T09:00:00Z', nightly)).toEqual(['wait', undefined]);
    expect(turn('2026-02-12T22:50:00Z', nightly)).toEqual(['wait', undefined]);
    // Two hours of notice, one until the next look, and five minutes by which that may be late.
    expect(turn('2026-02-12T22:55:00Z', nightly)).toEqual(['wait', undefined]);
    expect(turn('2026-02-12T22:55:01Z', nightly)).toEqual(['announce', '2026-02-13T02:00:00.000Z']);
    expect(turn('2026-02-12T23:00:00Z', nightly)).toEqual(['announce', '2026-02-13T02:00:00.000Z']);
    // Within the window there are two hours for the notice and one for the rotation; later there are not.
    expect(turn('2026-02-13T03:00:00Z', nightly)).toEqual(['announce', '2026-02-13T05:00:00.000Z']);
    expect(turn('2026-02-13T03:10:00Z', nightly)).toEqual(['wait', undefined]);
  });

  test('never inside of a freeze', () => {
    const freeze: Freeze = {
      from: '2026-02-12T00:00:00Z',
      until: '2026-02-14T00:00:00Z',
      reason: 'release',
    };
    const frozen = { ...always, freezes: [freeze] };
    expect(turn('2026-02-12T10:00:00Z', frozen)).toEqual(['wait', undefined]);
    expect(turn('2026-02-13T21:00:00Z', frozen)).toEqual(['announce', '2026-02-14T00:00:00.000Z']);
  });

  test('later than that, where waiting for the notice would miss the limit', () => {
    expect(turn('2026-02-17T06:30:00Z')).toEqual(['announce', '2026-02-17T08:30:00.000Z']);
    // At its limit it is in time, just; after that it is late already, and announced as ever.
    expect(turn('2026-02-17T07:00:00Z')).toEqual(['announce', '2026-02-17T09:00:00.000Z']);
    expect(turn('2026-02-17T09:00:00Z')).toEqual(['announce', '2026-02-17T11:00:00.000Z']);
    expect(turn('2026-02-17T07:30:00Z')).toEqual(['rotate', '2026-02-17T07:30:00.000Z']);
    // The window stands: half an hour before it closes for the last time there is no notice.
    expect(turn('2026-02-17T04:30:00Z', nightly)).toEqual(['rotate', '2026-02-17T04:30:00.000Z']);
    expect(turn('2026-02-17T06:30:00Z', nightly)).toEqual(['wait', undefined]);
    // A shorter one, where it is not open yet.
    expect(turn('2026-02-17T01:30:00Z', { ...nightly, noticeMilliseconds: 6 * hour })).toEqual([
      'announce',
      '2026-02-17T02:00:00.000Z',
    ]);
  });

  test('not before it is due, however near its limit is', () => {
    const tight = { limitAt: at('2026-02-12T09:30:00Z') };
    expect(turn('2026-02-12T08:00:00Z', always, tight)).toEqual([
      'announce',
      '2026-02-12T09:00:00.000Z',
    ]);
    expect(turn('2026-02-12T09:00:00Z', always, tight)).toEqual([
      'rotate',
      '2026-02-12T09:00:00.000Z',
    ]);
  });

  test('before a freeze whose end nobody can read: there is no later', () => {
    const endless = {
      ...always,
      freezes: [{ from: '2026-02-13T10:00:00Z', until: 'then', reason: 'x' }],
    };
    expect(turn('2026-02-13T07:00:00Z', endless)).toEqual(['announce', '2026-02-13T09:00:00.000Z']);
    expect(turn('2026-02-13T09:00:00Z', endless)).toEqual(['rotate', '2026-02-13T09:00:00.000Z']);
    expect(turn('2026-02-13T10:00:00Z', endless)).toEqual(['wait', undefined]);
    expect(turn('2026-03-13T10:00:00Z', endless)).toEqual(['wait', undefined]);
    // Not due when it begins, and past its limit: neither is a reason to go against it.
    const shut = { rotateAt: at('2026-02-13T10:30:00Z') };
    expect(turn('2026-02-13T09:30:00Z', endless, shut)).toEqual(['wait', undefined]);
  });

  test('and tells then, when it rotates at once', () => {
    const [hurried] = planTurns([secretOf('jwt')], always, at('2026-02-17T08:30:00Z')).values();
    expect(hurried).toMatchObject({ step: 'rotate', tell: true });
  });
});

describe('an announcement', () => {
  const rotateAt = at('2026-02-12T09:00:00Z');
  const limitAt = at('2026-02-17T09:00:00Z');
  const standsAt = (now: string, schedule = nightly, planned = '2026-02-13T02:00:00Z') =>
    announcementOf(
      { versionId: 'v1', plannedAt: planned },
      { current: 'v1', rotateAt, limitAt },
      schedule,
      at(now),
    );

  test.each([
    ['before its hour', '2026-02-12T23:00:00Z', true],
    ['at its hour', '2026-02-13T02:00:00Z', true],
    ['while the window lasts', '2026-02-13T05:59:00Z', true],
    ['not after it', '2026-02-13T06:00:00Z', false],
    ['not in the next one', '2026-02-14T02:00:00Z', false],
  ])('holds %s', (_title, now, holds) => {
    expect(standsAt(now) !== undefined).toBe(holds);
  });

  test('keeps no secret from rotating beyond its limit, whoever wrote it', () => {
    expect(standsAt('2026-02-16T09:00:00Z', always, '2026-02-17T09:00:00Z')).toBeDefined();
    expect(standsAt('2026-02-16T09:00:00Z', always, '2026-02-17T09:00:01Z')).toBeUndefined();
    expect(standsAt('2026-02-16T09:00:00Z', always, '2099-01-01T00:00:00Z')).toBeUndefined();
    // Past the limit it is announced as ever: two hours ahead.
    expect(standsAt('2026-02-18T09:00:00Z', always, '2026-02-18T11:00:00Z')).toBeDefined();
  });

  test('may be for the very instant at which it is due, and not for one before', () => {
    const [due, before] = ['2026-02-12T09:00:00Z', '2026-02-12T08:59:59Z'];
    expect(standsAt(due, always, due)).toEqual(rotateAt);
    expect(standsAt(due, always, before)).toBeUndefined();
  });

  test('falls with a freeze that has begun and ended since', () => {
    const since = (from: string, until: string) => ({
      ...always,
      freezes: [{ from, until, reason: 'x' }],
    });
    const meanwhile = since('2026-02-13T02:30:00Z', '2026-02-13T03:30:00Z');
    expect(standsAt('2026-02-13T04:00:00Z', meanwhile)).toBeUndefined();
    expect(standsAt('2026-02-13T02:29:59Z', meanwhile)).toBeDefined();
    const earlier = since('2026-02-13T00:30:00Z', '2026-02-13T01:30:00Z');
    expect(standsAt('2026-02-13T04:00:00Z', earlier)).toBeDefined();
  });

  test('without a window it holds for a day', () => {
    expect(standsAt('2026-02-14T01:59:00Z', always)).toBeDefined();
    expect(standsAt('2026-02-14T02:00:00Z', always)).toBeUndefined();
  });

  test('falls with another version, a later due date, a new freeze, and an hour nobody can read', () => {
    const now = at('2026-02-13T02:00:00Z');
    const announced = { versionId: 'v1', plannedAt: '2026-02-13T02:00:00Z' };
    const ofV1 = { current: 'v1', rotateAt, limitAt };
    const freezes = [{ from: '2026-02-13T00:00:00Z', until: '2026-02-20T00:00:00Z', reason: 'x' }];
    expect(announcementOf(announced, ofV1, always, now)).toEqual(now);
    expect(announcementOf(announced, { ...ofV1, current: 'v2' }, always, now)).toBeUndefined();
    const later = { ...ofV1, rotateAt: at('2026-02-13T03:00:00Z') };
    expect(announcementOf(announced, later, always, now)).toBeUndefined();
    expect(announcementOf(announced, ofV1, { ...always, freezes }, now)).toBeUndefined();
    const before = at('2026-02-12T23:00:00Z');
    expect(announcementOf(announced, ofV1, { ...always, freezes }, before)).toBeUndefined();
    const unreadable = { ...announced, plannedAt: 'soon' };
    expect(announcementOf(unreadable, ofV1, always, now)).toBeUndefined();
  });
});

describe('several secrets', () => {
  const planned = (secrets: PlannedSecret[], now: string, schedule = always) =>
    [...planTurns(secrets, schedule, at(now))].map(([name, { step, plannedAt }]) => [
      name,
      step,
      plannedAt?.toISOString().slice(11, 16),
    ]);

  test('that fall due together get an hour each, the oldest first, and nobody is told days ahead', () => {
    const old = { since: at('2025-11-01T00:00:00Z') };
    expect(
      planned(
        [secretOf('a'), secretOf('b', old), secretOf('c'), secretOf('d')],
        '2026-02-12T07:00:00Z',
      ),
    ).toEqual([
      ['b', 'announce', '09:00'],
      ['a', 'announce', '10:00'],
      ['c', 'wait', undefined],
      ['d', 'wait', undefined],
    ]);
  });

  test('one of which nobody knows the age comes first: it may be the oldest', () => {
    const unknown = secretOf('b', { since: undefined });
    for (const secrets of [
      [secretOf('a'), unknown],
      [unknown, secretOf('a')],
    ]) {
      expect(planned(secrets, '2026-02-12T07:00:00Z').map(([name]) => name)).toEqual(['b', 'a']);
    }
  });

  test('what was announced has its turn before what is older', () => {
    const announced = secretOf('a', { announcedFor: at('2026-02-12T09:00:00Z') });
    const older = secretOf('b', { since: at('2025-11-01T00:00:00Z') });
    for (const secrets of [
      [announced, older],
      [older, announced],
    ]) {
      expect(planned(secrets, '2026-02-12T09:00:00Z')).toEqual([
        ['a', 'rotate', '09:00'],
        ['b', 'announce', '11:00'],
      ]);
    }
  });

  test('find an hour between those that were announced only where there is one', () => {
    const taken = ['08:30', '09:30', '11:15'].map((time) =>
      secretOf(time, { announcedFor: at(`2026-02-12T${time}:00Z`) }),
    );
    const hours = (times: number) =>
      planned([secretOf('a'), ...taken.slice(0, times)], '2026-02-12T07:30:00Z').at(-1);
    expect(hours(0)).toEqual(['a', 'announce', '09:30']);
    expect(hours(2)).toEqual(['a', 'announce', '10:30']);
    // 10:30 is within an hour of 11:15, and 12:15 is for a later look to give away.
    expect(hours(3)).toEqual(['a', 'wait', undefined]);
  });

  test('keep the hours that were announced', () => {
    const announced = { announcedFor: at('2026-02-12T09:00:00Z') };
    expect(planned([secretOf('a'), secretOf('b', announced)], '2026-02-12T07:00:00Z')).toEqual([
      ['b', 'wait', '09:00'],
      ['a', 'announce', '10:00'],
    ]);
  });

  test('taken over when they were overdue, of one consumer: a day between two, its other rotations counted', () => {
    const overdue = {
      rotateAt: at('2020-01-01T00:00:00Z'),
      limitAt: at('2020-01-06T00:00:00Z'),
      gently: true,
    };
    const now = '2026-02-12T07:00:00Z';
    const [a, b, c] = [
      secretOf('a', overdue, ['api']),
      secretOf('b', overdue, ['api', 'jobs']),
      secretOf('c', overdue, ['reports']),
    ];
    expect(planned([a, b, c], now)).toEqual([
      ['a', 'announce', '09:00'],
      ['b', 'wait', undefined],
      ['c', 'announce', '10:00'],
    ]);
    const rotated = { name: 'd', consumers: ['api'], rotatedAt: at('2026-02-11T09:30:00Z') };
    expect(planned([a, rotated], now)).toEqual([['a', 'announce', '09:30']]);
    expect(
      planned(
        [
          { ...a, consumers: [] },
          { ...b, consumers: [] },
        ],
        now,
      ),
    ).toHaveLength(2);
  });
});

/** Whoever looks every hour and does what the plan says. */
function walk(
  cadences: readonly number[],
  schedule: Schedule,
  { days, lead = 5, outage = [0, 0] }: { days: number; lead?: number; outage?: [number, number] },
) {
  const start = at('2026-01-01T00:20:00Z').getTime();
  const state = cadences.map(() => ({ since: start, announcedAt: 0, plannedAt: '' }));
  const log: { index: number; at: Date; age: number; notice: number }[] = [];
  for (let now = start; now < start + days * day; now += hour) {
    const soon = now + schedule.noticeMilliseconds + 2 * hour;
    const dueAt = (since: number, index: number) => since + ((cadences[index] ?? 0) - lead) * day;
    // For months nothing is asked of anybody.
    if (state.every(({ since }, index) => dueAt(since, index) > soon)) continue;
    const hours = (now - start) / hour;
    if (hours >= outage[0] && hours < outage[1]) continue;
    const planned = state.map(({ since, plannedAt }, index): PlannedSecret => {
      const cadence = cadences[index] ?? 0;
      const rotateAt = new Date(dueAt(since, index));
      const announced = plannedAt === '' ? undefined : { versionId: 'v', plannedAt };
      if (rotateAt.getTime() > soon) return { name: String(index), consumers: [] };
      const limitAt = new Date(since + cadence * day);
      const announcedFor = announcementOf(
        announced,
        { current: 'v', rotateAt, limitAt },
        schedule,
        new Date(now),
      );
      const due = { rotateAt, limitAt, since: new Date(since), announcedFor, gently: false };
      return { name: String(index), consumers: [], due };
    });
    let rotated = 0;
    for (const [name, found] of planTurns(planned, schedule, new Date(now))) {
      const one = state[Number(name)];
      if (one === undefined) continue;
      if (found.step === 'announce') {
        Object.assign(one, { announcedAt: now, plannedAt: found.plannedAt.toISOString() });
      } else if (found.step === 'rotate' && rotated++ === 0) {
        const notice = found.tell ? 0 : now - one.announcedAt;
        log.push({ index: Number(name), at: new Date(now), age: now - one.since, notice });
        Object.assign(one, { since: now, plannedAt: '' });
      }
    }
  }
  return log;
}

describe('for years, a look an hour', () => {
  const cadences = [90, 180, 90];
  const oldest = (log: ReturnType<typeof walk>, index: number) =>
    Math.max(...log.filter((one) => one.index === index).map(({ age }) => age));

  test.each<[string, Schedule, number]>([
    ['at any time', always, 3653],
    [
      'at night in New York',
      { ...nightly, window: { ...window, timeZone: 'America/New_York' } },
      3653,
    ],
    [
      'on week-days past midnight in Samoa, with a day of notice',
      {
        window: {
          days: ['mon', 'wed', 'fri'],
          from: '22:00',
          to: '03:00',
          timeZone: 'Pacific/Apia',
        },
        noticeMilliseconds: day,
        freezes: [],
      },
      1096,
    ],
  ])(
    '%s: never past the limit, never without notice, never outside, nothing twice',
    (_title, schedule, days) => {
      const log = walk(cadences, schedule, { days, lead: 7 });
      for (const [index, cadence] of cadences.entries()) {
        const own = log.filter((one) => one.index === index);
        expect(oldest(log, index)).toBeLessThanOrEqual(cadence * day);
        // Due after cadence − lead, rotated in the opening after that: three days later at most.
        expect(own.length).toBeLessThanOrEqual(Math.floor(days / (cadence - 7)));
        expect(own.length).toBeGreaterThanOrEqual(Math.floor(days / (cadence - 7 + 3)));
        expect(Math.min(...own.map(({ age }) => age))).toBeGreaterThanOrEqual((cadence - 7) * day);
      }
      for (const one of log) {
        expect(one.notice).toBeGreaterThanOrEqual(schedule.noticeMilliseconds - 60_000);
        expect(schedule.window === undefined || isInside(schedule.window, one.at)).toBe(true);
      }
      const times = log.map((one) => one.at.getTime());
      expect(new Set(times).size).toBe(times.length);
    },
  );
});

test('thirty days in which nobody looked: announced anew, one an hour, no storm', () => {
  const cadences = Array.from({ length: 20 }, () => 90);
  // All of them were due, or announced, when it stopped; it comes back three weeks after their limit.
  const log = walk(cadences, always, { days: 120, outage: [84.95 * 24, 114.95 * 24] });
  expect(log).toHaveLength(20);
  const hours = log.map((one) => Math.floor(one.at.getTime() / hour));
  expect(hours.map((one) => one - (hours[0] ?? 0))).toEqual(cadences.map((_, index) => index));
  for (const { notice } of log) {
    expect(notice).toBeGreaterThanOrEqual(2 * hour - 60_000);
    expect(notice).toBeLessThan(4 * hour);
  }
});
