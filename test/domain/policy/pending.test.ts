import { expect, test } from '@jest/globals';
import { hadItsMoment, judgePending } from '../../../domain/policy/pending.ts';

const now = new Date('2026-05-17T17:00:00Z');
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

test.each([
  [{}, 'underWay', before(0)],
  [{ recordedAt: before(539) }, 'underWay', before(539)],
  [{ recordedAt: before(540) }, 'stuck', before(540)],
  // Recorded counts before seen: the record may be older.
  [{ recordedAt: before(540), firstSeenAt: before(10) }, 'stuck', before(540)],
  [{ firstSeenAt: before(540) }, 'stuck', before(540)],
  [{ recordedAt: before(1), failure: {} }, 'stuck', before(1)],
  [{ recordedAt: 'never' }, 'stuck', 'never'],
] as const)('%j is %s', (facts, state, since) => {
  expect(judgePending({ ...facts, now })).toEqual({ state, since });
});

test.each([
  [before(239), false],
  [before(240), true],
  ['never', true],
])('what was seen at %s had its moment: %s', (seenAt, had) => {
  expect(hadItsMoment(seenAt, now)).toBe(had);
});
