import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  disabledDays,
  type HeldKey,
  type LeavingFacts,
  leavingKeys,
  type ProvenZero,
  usedUntil,
  type WhyItStays,
} from '../../../domain/policy/prune.ts';

const day = 86_400_000;
const from = Date.UTC(2026, 0, 1);
/** Days since the first key. */
const on = (days: number): string => new Date(from + days * day).toISOString();
const [old, middle, primary] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'];

/** A history in which everything that must have happened has: the old key may be pruned, the middle one disabled. */
interface History {
  handedOver: number;
  proven: number;
  disabled: number;
  activated: number;
  counted: number;
  now: number;
  retention: number;
}
const histories = fc
  .record({
    handedOver: fc.integer({ min: 1, max: 90 }),
    toProof: fc.integer({ min: 1, max: 30 }),
    toDisabled: fc.integer({ min: 1, max: 90 }),
    toActivation: fc.integer({ min: 1, max: 5 }),
    toCount: fc.integer({ min: 1, max: 30 }),
    more: fc.integer({ min: 0, max: 400 }),
    retention: fc.integer({ min: 0, max: 400 }),
  })
  .map(({ handedOver, toProof, toDisabled, toActivation, toCount, more, retention }): History => {
    const proven = handedOver + toProof;
    const disabled = proven + toDisabled;
    const activated = disabled + toActivation;
    const counted = activated + toCount;
    const now = Math.max(counted, disabled + disabledDays, proven + retention) + more;
    return { handedOver, proven, disabled, activated, counted, now, retention };
  });

function factsOf(history: History): LeavingFacts & { keys: readonly [HeldKey, HeldKey, HeldKey] } {
  const { handedOver, proven, disabled, activated, counted, now, retention } = history;
  const proof = (first: number): ProvenZero => ({
    targetKid: primary,
    epoch: '7',
    firstProvenAt: on(first),
    lastProvenAt: on(counted),
    scope: 'all',
  });
  return {
    keys: [
      { kid: primary, state: 'primary', createdAt: on(disabled), primarySince: on(activated) },
      { kid: middle, state: 'decryptOnly', createdAt: on(0), primarySince: on(handedOver) },
      {
        kid: old,
        state: 'disabled',
        createdAt: on(0),
        primarySince: on(0),
        disabledAt: on(disabled),
      },
    ],
    job: { state: 'verified', targetKid: primary, epoch: '7' },
    zeroProofs: new Map([
      [old, proof(proven)],
      [middle, proof(counted)],
    ]),
    scope: 'all',
    retentionDays: retention,
    now: new Date(on(now)),
  };
}

const actOf = (facts: LeavingFacts, kid: string) =>
  leavingKeys(facts).find((ruling) => ruling.kid === kid);
const stays = (kid: string, why: WhyItStays) => ({ kid, act: 'stay', why });

type Broken = (facts: ReturnType<typeof factsOf>, history: History) => LeavingFacts;
const withProof = (change: Partial<ProvenZero>): Broken => {
  return (facts) => ({
    ...facts,
    zeroProofs: new Map(
      [...facts.zeroProofs].map(([kid, proof]) => [kid, { ...proof, ...change }]),
    ),
  });
};
const withOld = (change: (history: History) => Partial<HeldKey>): Broken => {
  return (facts, history) => ({
    ...facts,
    keys: facts.keys.map((key) => (key.kid === old ? { ...key, ...change(history) } : key)),
  });
};
const withJob = (job: LeavingFacts['job']): Broken => {
  return (facts) => ({ ...facts, job });
};
const verified = { state: 'verified', targetKid: primary, epoch: '7' };

/** Without each of these, neither key moves. */
const both: readonly [string, WhyItStays, Broken][] = [
  ['there never was a job', 'jobNotVerified', withJob(undefined)],
  ...(['due', 'active', 'stopped', 'unproven', 'closed'] as const).map(
    (state): [string, WhyItStays, Broken] => [
      `the job is ${state}`,
      'jobNotVerified',
      withJob({ ...verified, state }),
    ],
  ),
  ['the job had another target', 'jobTowardAnotherKey', withJob({ ...verified, targetKid: old })],
  ['the job has no epoch', 'notInTheLastCount', withJob({ state: 'verified', targetKid: primary })],
  ['an earlier job proved it', 'notInTheLastCount', withProof({ epoch: '6' })],
  ['it was proven toward another key', 'notInTheLastCount', withProof({ targetKid: old })],
  ['nothing is proven', 'noProofOfZeroRows', (facts) => ({ ...facts, zeroProofs: new Map() })],
  [
    'columns or stores are declared otherwise since',
    'declaredOtherwiseSince',
    (facts) => ({ ...facts, scope: 'more' }),
  ],
  ['nobody noted what was counted', 'declaredOtherwiseSince', withProof({ scope: undefined })],
  ['the proof has no date', 'provenBeforeLastUse', withProof({ firstProvenAt: 'never' })],
  [
    'it is proven from before its last use',
    'provenBeforeLastUse',
    withProof({ firstProvenAt: on(0) }),
  ],
  [
    'it is proven at the instant of its last use, when a row may just have been written',
    'provenBeforeLastUse',
    (facts) => ({
      ...facts,
      zeroProofs: new Map(
        [...facts.zeroProofs].map(([kid, proof]) => {
          const firstProvenAt = new Date(usedUntil(facts.keys, kid)).toISOString();
          return [kid, { ...proof, firstProvenAt }];
        }),
      ),
    }),
  ],
];

/** Without each of these, a disabled key keeps its bytes. */
const disabledOnly: readonly [string, WhyItStays, Broken][] = [
  [
    'it is disabled a moment less than 30 days',
    'disabledTooShort',
    withOld(({ now }) => ({
      disabledAt: new Date(Date.parse(on(now - disabledDays)) + 1).toISOString(),
    })),
  ],
  [
    'nobody knows since when it is disabled',
    'disabledTooShort',
    withOld(() => ({ disabledAt: '?' })),
  ],
  [
    'the rows were counted before it was disabled only',
    'countedOnce',
    (facts, history) => withProof({ lastProvenAt: on(history.disabled) })(facts, history),
  ],
  [
    'the proof began anew with the last count',
    'countedOnce',
    (facts, history) => withProof({ firstProvenAt: on(history.counted) })(facts, history),
  ],
  [
    'the primary key is the one it was disabled under',
    'countedOnce',
    (facts, history) => ({
      ...facts,
      keys: facts.keys.map((key) =>
        key.kid === primary ? { ...key, primarySince: on(history.disabled) } : key,
      ),
    }),
  ],
  [
    'a backup may hold a row under it',
    'backupsKept',
    (facts, { now, proven }) => ({ ...facts, retentionDays: now - proven + 1 }),
  ],
  [
    'backups are kept for ever',
    'backupsKeptForever',
    (facts) => ({ ...facts, retentionDays: 'forever' }),
  ],
];

describe('a key leaves its keyset', () => {
  test('when everything that must have happened has', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const facts = factsOf(history);
        expect(leavingKeys(facts)).toEqual([
          stays(primary, 'inUse'),
          { kid: middle, act: 'disable' },
          { kid: old, act: 'prune' },
        ]);
      }),
    );
  });

  test.each(both)('not while %s', (_what, why, broken) => {
    fc.assert(
      fc.property(histories, (history) => {
        const facts = broken(factsOf(history), history);
        expect(actOf(facts, old)).toEqual(stays(old, why));
        expect(actOf(facts, middle)).toEqual(stays(middle, why));
      }),
    );
  });

  test.each(disabledOnly)('for good not while %s', (_what, why, broken) => {
    fc.assert(
      fc.property(histories, (history) => {
        const facts = factsOf({ ...history, now: history.now + disabledDays });
        const later = { ...history, now: history.now + disabledDays };
        expect(actOf(broken(facts, later), old)).toEqual(stays(old, why));
      }),
    );
  });

  test('never by what other keys have: each is asked by its own proof', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const facts = factsOf(history);
        const zeroProofs = new Map(facts.zeroProofs);
        zeroProofs.delete(old);
        expect(leavingKeys({ ...facts, zeroProofs })).toEqual([
          stays(primary, 'inUse'),
          { kid: middle, act: 'disable' },
          stays(old, 'noProofOfZeroRows'),
        ]);
      }),
    );
  });

  test('although it leaked, and tombstones are not asked about again', () => {
    const facts = factsOf({
      handedOver: 1,
      proven: 2,
      disabled: 3,
      activated: 4,
      counted: 5,
      now: 100,
      retention: 9,
    });
    const keys = [
      ...facts.keys,
      { kid: 'dddddddddddddddd', state: 'pruned', createdAt: on(0) },
      { kid: 'eeeeeeeeeeeeeeee', state: 'published', createdAt: on(0) },
    ];
    expect(leavingKeys({ ...facts, keys }).slice(3)).toEqual([stays('eeeeeeeeeeeeeeee', 'inUse')]);
  });

  test('that was withdrawn before it was used, with backups counted from when it was disabled', () => {
    const facts = factsOf({
      handedOver: 1,
      proven: 2,
      disabled: 20,
      activated: 21,
      counted: 22,
      now: 60,
      retention: 50,
    });
    const keys = facts.keys.map(({ primarySince, ...key }) =>
      key.kid === primary ? { ...key, primarySince } : key,
    );
    expect(actOf({ ...facts, keys }, old)).toEqual(stays(old, 'backupsKept'));
    expect(actOf({ ...facts, keys, now: new Date(on(70)) }, old)).toMatchObject({ act: 'prune' });
  });
});

describe('a key was used', () => {
  const key = (kid: string, since?: number, state = 'decryptOnly'): HeldKey => ({
    kid,
    state,
    createdAt: on(0),
    ...(since !== undefined && { primarySince: on(since) }),
  });

  test.each([
    ['until the next one became primary', [key(old, 1), key(middle, 5), key(primary, 9)], 5],
    [
      'until it was rolled back from, not until it was first left',
      [key(old, 7), key(middle, 5), key(primary, 9)],
      9,
    ],
    ['never, and then it counts from when it was made', [key(old), key(primary, 9)], 0],
  ] as const)('%s', (_when, keys, until) => {
    expect(usedUntil(keys, old)).toBe(Date.parse(on(until)));
  });

  test.each([
    ['is primary', [key(old, 1, 'primary')]],
    ['has no follower', [key(old, 1)]],
    ['is unknown', [key(primary, 1)]],
    ['has a date nobody can read', [{ ...key(old), primarySince: '?' }, key(primary, 9)]],
    ['was made at a time nobody can read', [{ ...key(old), createdAt: '?' }, key(primary, 9)]],
  ] as const)('for ever, as far as anybody can tell, when it %s', (_what, keys) => {
    expect(usedUntil(keys, old)).toBe(Number.POSITIVE_INFINITY);
  });
});
