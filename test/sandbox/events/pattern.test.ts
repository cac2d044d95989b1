import { describe, expect, test } from '@jest/globals';
import { compilePattern, type EventPattern } from '../../../sandbox/events/pattern.ts';

const event = {
  source: 'aws.secretsmanager',
  resources: ['arn:a', 'arn:b'],
  detail: { name: 'prod/jwt', labelUpdated: 'AWSCURRENT', count: 3, nothing: null, tags: [] },
};
const matches = (detail: Record<string, unknown>) => compilePattern({ detail })(event);

describe('a pattern matches', () => {
  test.each<[string, EventPattern, boolean]>([
    ['an exact value', { source: ['aws.secretsmanager'] }, true],
    ['any of several', { source: ['x', 'aws.secretsmanager'] }, true],
    ['not another value', { source: ['aws.kms'] }, false],
    ['one element of an array in the event', { resources: ['arn:b'] }, true],
    ['every field of a nested object', { detail: { name: ['prod/jwt'], count: [3] } }, true],
    ['not when one nested field differs', { detail: { name: ['prod/jwt'], count: [4] } }, false],
    ['not a number given as text', { detail: { count: ['3'] } }, false],
    ['not a field that is missing', { detail: { absent: ['x'] } }, false],
    ['null', { detail: { nothing: [null] } }, true],
  ])('%s', (_title, pattern, expected) => {
    expect(compilePattern(pattern)(event)).toBe(expected);
  });

  test.each([
    ['prefix', { name: [{ prefix: 'prod/' }] }, { name: [{ prefix: 'dev/' }] }],
    ['suffix', { name: [{ suffix: '/jwt' }] }, { name: [{ suffix: '/db' }] }],
    [
      'equals-ignore-case',
      { labelUpdated: [{ 'equals-ignore-case': 'awscurrent' }] },
      { labelUpdated: [{ 'equals-ignore-case': 'awspending' }] },
    ],
    [
      'anything-but a list',
      { name: [{ 'anything-but': ['x', 'y'] }] },
      { name: [{ 'anything-but': ['x', 'prod/jwt'] }] },
    ],
    [
      'anything-but a prefix',
      { name: [{ 'anything-but': { prefix: 'dev/' } }] },
      { name: [{ 'anything-but': { prefix: 'prod/' } }] },
    ],
    ['exists', { name: [{ exists: true }] }, { absent: [{ exists: true }] }],
    ['exists: false', { absent: [{ exists: false }] }, { name: [{ exists: false }] }],
    ['numeric', { count: [{ numeric: ['>', 2, '<=', 3] }] }, { count: [{ numeric: ['>', 3] }] }],
  ])('%s, and only then', (_operator, yes, no) => {
    expect([matches(yes), matches(no)]).toEqual([true, false]);
  });
});

test('$or matches when one of its objects does, beside what must hold in any case', () => {
  const either = { $or: [{ name: ['prod/jwt'], count: [4] }, { labelUpdated: ['AWSCURRENT'] }] };
  expect(matches(either)).toBe(true);
  expect(matches({ $or: [{ name: ['x'] }, { absent: ['x'] }] })).toBe(false);
  expect(matches({ ...either, count: [4] })).toBe(false);
});

describe('an event pattern stops the load by name when it has', () => {
  test.each([
    ['wildcard', { detail: { name: [{ wildcard: 'prod/*' }] } }, 'detail.name'],
    ['$or of one', { $or: [{ source: ['a'] }] }, '$or'],
    ['another operator over fields', { $and: [{ source: ['a'] }] }, '$and'],
    ['an operator with two names', { source: [{ prefix: 'a', suffix: 'b' }] }, 'source'],
    ['a numeric comparison it does not know', { n: [{ numeric: ['~', 1] }] }, 'numeric'],
    ['an argument it does not know', { a: [{ prefix: { 'equals-ignore-case': 'x' } }] }, 'prefix'],
    ['a value outside an array', { source: 'aws.kms' }, 'source'],
    ['an empty array', { source: [] }, 'source'],
  ])('%s', (_title, pattern, named) => {
    expect(() => compilePattern(pattern)).toThrow(named);
  });
});
