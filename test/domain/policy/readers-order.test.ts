/** Who is told first of those who read, and what gives way where there is no room. */
import { describe, expect, test } from '@jest/globals';
import {
  type ReadersOptions,
  readersOf,
  standingOf,
} from '../../../domain/policy/readers/readers.ts';
import { identityKey } from '../../../domain/policy/readers/sighting.ts';
import type { Access, Source, Touched } from '../../../domain/policy/readers/tally.ts';

const user = (name: string) => `arn:aws:iam::111122223333:user/${name}`;
const keyOf = (name: string) => `111122223333 user ${name}`;
const hour = (of: number) => `2026-04-02T${String(of).padStart(2, '0')}:00:00.000Z`;

const touched = (key: string, more: Partial<Touched> = {}): Touched => ({
  key,
  gets: 1,
  batches: 0,
  denied: 0,
  versions: [],
  moreVersions: 0,
  ...more,
});
const source = (address: string, count: number, last = 1): Source => ({
  address,
  userAgent: 'aws-cli',
  region: 'eu-west-1',
  count,
  firstAt: hour(0),
  lastAt: hour(last),
});
const access = (name: string, more: Partial<Access> = {}): Access => ({
  principal: user(name),
  firstAt: hour(0),
  lastAt: hour(1),
  sessions: [],
  sources: [source('192.0.2.1', 1)],
  moreSources: 0,
  secrets: [touched('jwt')],
  ...more,
});
const known: ReadersOptions['known'] = {
  own: new Set([keyOf('function')]),
  declared: new Map([[keyOf('api'), new Set(['jwt', 'db'])]]),
};
const read = (accesses: Access[], more: Partial<ReadersOptions> = {}, moreAccesses = 0) =>
  readersOf(
    { accesses, moreAccesses, events: {} },
    { known, newVersions: { jwt: 'new' }, ...more },
  );
const namesOf = (accesses: Access[]) =>
  read(accesses).readers.map(({ principal }) => principal.split('/')[1]);

describe('who comes first', () => {
  test('is who nobody declared, then who read the new value, then who came last', () => {
    const fresh = { secrets: [touched('jwt', { versions: [{ versionId: 'new', reads: 1 }] })] };
    const inOrder = [
      access('z-new', fresh),
      access('y-late', { lastAt: hour(9) }),
      access('a-early'),
      access('b-early'),
      access('api', { lastAt: hour(23), ...fresh }),
      access('function', { lastAt: hour(23) }),
    ];
    const names = inOrder.map(({ principal }) => principal.split('/')[1]);
    expect(namesOf(inOrder)).toEqual(names);
    expect(namesOf(inOrder.toReversed())).toEqual(names);
    expect(read(inOrder).readers.map(({ standing, readNew }) => [standing, readNew])).toEqual([
      ['unknown', true],
      ['unknown', false],
      ['unknown', false],
      ['unknown', false],
      ['declared', true],
      ['own', false],
    ]);
  });

  test('of its sources is the busiest, of two as busy the later', () => {
    const inOrder = [source('c', 9), source('b', 2, 5), source('a', 2, 4), source('d', 1, 23)];
    for (const sources of [inOrder, inOrder.toReversed()]) {
      const [reader] = read([access('x', { sources })]).readers;
      expect(reader?.sources.map(({ address }) => address)).toEqual(['c', 'b', 'a', 'd']);
    }
  });
});

describe('whose standing', () => {
  test.each<[string, Partial<Access>, string]>([
    ['function', {}, 'own'],
    ['api', {}, 'declared'],
    ['api', { secrets: [touched('jwt'), touched('db')] }, 'declared'],
    ['api', { secrets: [touched('jwt'), touched('pii')] }, 'unknown'],
    ['stranger', {}, 'unknown'],
    ['function', { principal: 'function' }, 'unknown'],
    ['function', { principal: `x ${user('function')}` }, 'unknown'],
  ])('of %s with %j is %s', (name, more, standing) => {
    expect(standingOf(access(name, more), known)).toBe(standing);
  });

  test('hangs on the account and the name, not on a path or a session', () => {
    const role = '111122223333 role r';
    for (const arn of ['iam::111122223333:role/r', 'iam::111122223333:role/p/q/r']) {
      expect(identityKey(`arn:aws:${arn}`)).toBe(role);
    }
    expect(identityKey('arn:aws:sts::111122223333:assumed-role/r/s')).toBe(role);
    expect(identityKey('arn:aws:iam::111122223333:root')).toBe('arn:aws:iam::111122223333:root');
    for (const none of [
      'r',
      'arn:aws:iam::111122223333:group/g',
      ' arn:aws:iam::111122223333:root',
    ]) {
      expect(identityKey(none)).toBeUndefined();
    }
  });
});

describe('where there is no room', () => {
  const sources = Array.from({ length: 8 }, (_, index) => source(`192.0.2.${index}`, 100 - index));
  const many = ['a', 'b', 'c'].map((name) => access(name, { sources, moreSources: 2 }));
  const sizes = (most: number) =>
    many.map((one) => ({ ...one, sources: one.sources.slice(0, most) }));
  const bytesOf = (most: number) =>
    JSON.stringify(read(sizes(most)).readers.map((one) => ({ ...one, moreSources: 2 + 8 - most })))
      .length;

  test('sources give way first, then readers from the end, and both are counted', () => {
    const shown = (bytes: number) => {
      const { readers, moreReaders } = read(many, { bytes }, 4);
      return [readers.map((one) => [one.sources.length, one.moreSources]), moreReaders];
    };
    const three = (length: number, more: number) => [length, more];
    const all = (length: number) => Array.from({ length: 3 }, () => three(length, 10 - length));
    expect(shown(bytesOf(8))).toEqual([all(8), 4]);
    expect(shown(bytesOf(8) - 1)).toEqual([all(5), 4]);
    expect(shown(bytesOf(5) - 1)).toEqual([all(1), 4]);
    expect(shown(bytesOf(1) - 1)).toEqual([all(1).slice(1), 5]);
    expect(shown(2)).toEqual([[], 7]);
  });

  test('versions that are not listed are told of', () => {
    expect(read([access('a')]).hasMoreVersions).toBe(false);
    const more = access('b', { secrets: [touched('jwt'), touched('db', { moreVersions: 1 })] });
    expect(read([access('a'), more]).hasMoreVersions).toBe(true);
  });
});

test('a read that a batch left is not counted twice, nor is one that was refused', () => {
  const readsOf = (more: Partial<Touched>) =>
    read([access('a', { secrets: [touched('jwt', more)] })]).readers[0]?.secrets[0];
  expect(readsOf({ gets: 3, batches: 3 })).toMatchObject({ reads: 3, denied: 0 });
  expect(readsOf({ gets: 0, batches: 3, denied: 1 })).toMatchObject({ reads: 2, denied: 1 });
});
