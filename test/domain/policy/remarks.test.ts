/** What was changed behind the deployment's back, what carries its tags, and what is worth a word a day. */
import { describe, expect, test } from '@jest/globals';
import { type DriftFacts, driftOf, type ServiceFacts } from '../../../domain/policy/drift.ts';
import { isOverdueOrStuck } from '../../../domain/policy/overdue.ts';
import { remarksOf } from '../../../domain/policy/remarks.ts';
import { strayReason, straysOf } from '../../../domain/policy/strays.ts';

const now = new Date('2026-05-17T12:00:00Z');
const service: ServiceFacts = {
  rotationFunctionArn:
    'arn:aws:lambda:eu-west-1:123456789012:function:quarterturn-pharmacy-prod-jwt',
  expected: { function: 'quarterturn-pharmacy-prod-jwt', region: 'eu-west-1' },
  rule: { scheduleExpression: 'rate(89 days)', automaticallyAfterDays: 89, duration: '4h' },
  lastChanged: new Date('2026-05-17T11:00:00Z'),
};
const facts: DriftFacts = { armed: true, rotationEnabled: true, cadenceDays: 90, service, now };
const codes = (change: Partial<ServiceFacts>, more: Partial<DriftFacts> = {}) =>
  driftOf({ ...facts, ...more, service: { ...service, ...change } }).map(({ code }) => code);
const another = service.rotationFunctionArn?.replace('-jwt', '-pii');

describe('a secret as the deployment left it', () => {
  test('is no finding', () => {
    expect(driftOf(facts)).toEqual([]);
    expect(codes({ rule: { automaticallyAfterDays: 89, duration: '4h' } })).toEqual([]);
  });

  test.each<[string, Partial<ServiceFacts>, string[]]>([
    ['another function', { rotationFunctionArn: another }, ['functionChanged']],
    [
      'the function of that name in another region',
      { rotationFunctionArn: service.rotationFunctionArn?.replace('eu-west-1', 'us-east-1') },
      ['functionChanged'],
    ],
    ['no function', { rotationFunctionArn: undefined }, ['functionChanged']],
    ['no rule', { rule: undefined }, ['ruleMissing']],
    ['an empty rule', { rule: {} }, ['ruleMissing']],
    [
      'a later rule',
      { rule: { ...service.rule, scheduleExpression: 'rate(365 days)' } },
      ['ruleChanged'],
    ],
    [
      'a rule in days alone',
      { rule: { automaticallyAfterDays: 30, duration: '4h' } },
      ['ruleChanged'],
    ],
    ['a window of another length', { rule: { ...service.rule, duration: '24h' } }, ['ruleChanged']],
    ['no window', { rule: { ...service.rule, duration: undefined } }, ['ruleChanged']],
    [
      'function and rule',
      { rotationFunctionArn: another, rule: undefined },
      ['functionChanged', 'ruleMissing'],
    ],
    ['a deletion', { deletedAt: now, rule: undefined }, ['scheduledForDeletion']],
    ['a primary elsewhere', { primaryRegion: 'us-east-1', rule: undefined }, ['isReplica']],
    ['a primary here', { primaryRegion: 'eu-west-1' }, []],
  ])('%s: %j', (_title, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  test('that was changed within the hour is looked at again: a deployment is under way', () => {
    const lastChanged = new Date(now.getTime() - 3_599_999);
    expect(codes({ rule: undefined, lastChanged })).toEqual([]);
    expect(codes({ rule: undefined, lastChanged: undefined })).toEqual(['ruleMissing']);
  });

  test('before it is armed, or switched off, has no function and rule of ours', () => {
    expect(codes({ rule: undefined }, { armed: false })).toEqual([]);
    expect(codes({ rule: undefined }, { rotationEnabled: false })).toEqual([]);
    expect(codes({ deletedAt: now }, { armed: false })).toEqual(['scheduledForDeletion']);
  });

  test('says what was found, what was expected, and what to do', () => {
    expect(driftOf({ ...facts, service: { ...service, rule: {} } })[0]?.message).toBe(
      "has no rotation rule of Secrets Manager's own; expected rate(89 days) within 4h, which rotates where the schedule cannot. Deploy the stack again",
    );
  });
});

test('a freeze is remarked of what the schedule would rotate, and of nothing else', () => {
  const dates = {
    rotateAt: new Date('2026-05-20T00:00:00Z'),
    limitAt: new Date('2026-05-25T00:00:00Z'),
  };
  const schedule = {
    freezes: [{ from: '2026-05-19T00:00:00Z', until: '2026-06-01T00:00:00Z', reason: 'audit' }],
  };
  const remarked = (decision: string) =>
    remarksOf({ ...facts, schedule }, { decision, ...dates }).map(({ code }) => code);
  expect(remarked('notDue')).toEqual(['shutOut']);
  expect(remarked('due')).toEqual(['shutOut']);
  expect(remarked('unarmed')).toEqual([]);
  expect(remarked('inProgress')).toEqual([]);
});

test('strays: what carries the tags and is not in the manifest; replicas and deleted ones told apart', () => {
  const strays = straysOf(
    [
      { name: 'pharmacy/prod/jwt' },
      { name: 'pharmacy/prod/old' },
      { name: 'pharmacy/prod/copy', primaryRegion: 'us-east-1' },
      { name: 'pharmacy/prod/replicated', primaryRegion: 'eu-west-1' },
      { name: 'pharmacy/prod/gone', deletedDate: now, primaryRegion: 'us-east-1' },
    ],
    new Set(['pharmacy/prod/jwt']),
    'eu-west-1',
  );
  expect(strays.map(({ name, kind }) => [name.slice(14), kind])).toEqual([
    ['old', 'stray'],
    ['copy', 'replica'],
    ['replicated', 'stray'],
    ['gone', 'deleted'],
  ]);
  for (const stray of strays) expect(strayReason(stray)).toContain(stray.name);
});

describe('a word a day', () => {
  const limitAt = new Date('2026-05-19T12:00:00Z');
  test.each([
    ['of what is near its limit and blocked', 'held', true, limitAt, false, true],
    ['not of what is near and due', 'due', false, limitAt, false, false],
    ['of what is near and frozen', 'due', false, limitAt, true, true],
    [
      'not of what is blocked with time to spare',
      'unmanagedWrite',
      true,
      new Date('2026-05-19T12:00:01Z'),
      true,
      false,
    ],
    ['of what is overdue', 'overdue', true, new Date('2026-01-01T00:00:00Z'), false, true],
    [
      'not of what rotates at last',
      'inProgress',
      false,
      new Date('2026-01-01T00:00:00Z'),
      false,
      false,
    ],
    ['of what is as old as nobody knows', 'badDate', true, undefined, false, true],
    ['not of what has no value yet', 'uninitialised', false, undefined, false, false],
  ] as const)('%s', (_title, decision, finding, limit, remarked, told) => {
    const verdict = { decision, finding, ...(limit && { limitAt: limit }) };
    expect(isOverdueOrStuck(verdict, remarked, now)).toBe(told);
  });
});
