/** Whose an access was, which secret it was about, and what a look covers. */
import { describe, expect, test } from '@jest/globals';
import {
  type DayOfTrail,
  delivered,
  lastDayOf,
  trailCoverage,
} from '../../../domain/policy/readers/coverage.ts';
import { readersOf } from '../../../domain/policy/readers/readers.ts';
import { isBy, principalOf, type Sighting } from '../../../domain/policy/readers/sighting.ts';
import { bounds, Tally } from '../../../domain/policy/readers/tally.ts';
import { secretMatcher } from '../../../domain/policy/readers/which-secret.ts';

const account = '111122223333';
const arn = (resource: string, region = 'eu-west-1', of = account) =>
  `arn:aws:secretsmanager:${region}:${of}:secret:${resource}`;

describe('which secret', () => {
  const keyOf = secretMatcher(
    [
      { key: 'jwt', names: ['app/jwt'] },
      { key: 'odd', names: ['app/jwt-AbCdEf'] },
      { key: 'vendor', names: ['app/vendor', 'app/vendor/inbox'] },
    ],
    account,
  );
  test.each([
    ['app/jwt', 'jwt'],
    [arn('app/jwt-Xy12Z9'), 'jwt'],
    [arn('app/jwt'), 'jwt'],
    [arn('app/jwt-Xy12Z9', 'us-east-1'), 'jwt'],
    ['arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:app/jwt-Xy12Z9', 'jwt'],
    // A name that ends like a suffix is a name.
    ['app/jwt-AbCdEf', 'odd'],
    [arn('app/jwt-AbCdEf'), 'odd'],
    [arn('app/jwt-AbCdEf-Xy12Z9'), 'odd'],
    ['app/vendor/inbox', 'vendor'],
    ['app/jwt-Xy12Z9', undefined],
    ['APP/JWT', undefined],
    [arn('app/jwt-Xy12Z9', 'eu-west-1', '444455556666'), undefined],
    [arn('other/app/jwt-Xy12Z9'), undefined],
    ['', undefined],
    ['__proto__', undefined],
  ])('%s is %s', (id, key) => {
    expect(keyOf(id)).toBe(key);
  });
});

describe('whose', () => {
  test.each([
    [
      'a session, its role',
      {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::1:x',
        issuer: 'arn:aws:iam::111122223333:role/p/r',
      },
      'arn:aws:iam::111122223333:role/p/r',
    ],
    [
      'a session whose issuer is not told, its role',
      { type: 'AssumedRole', arn: `arn:aws:sts::${account}:assumed-role/r/s` },
      `arn:aws:iam::${account}:role/r`,
    ],
    [
      'root',
      { type: 'Root', arn: `arn:aws:iam::${account}:root`, issuer: '' },
      `arn:aws:iam::${account}:root`,
    ],
    [
      'a service',
      { type: 'AWSService', invokedBy: 'backup.amazonaws.com' },
      'backup.amazonaws.com',
    ],
    [
      'another account',
      { type: 'AWSAccount', account: '444455556666', principalId: 'AIDAX' },
      'account 444455556666, AIDAX',
    ],
    ['nobody that is told', { type: 'Unknown' }, 'Unknown unknown'],
  ])('%s', (_, identity, principal) => {
    expect(principalOf(identity).principal).toBe(principal);
  });

  test('a role is found by its ARN with and without path, and by a session; a name alone is none', () => {
    const identity = {
      type: 'AssumedRole',
      arn: `arn:aws:sts::${account}:assumed-role/r/s`,
      issuer: `arn:aws:iam::${account}:role/p/r`,
    };
    for (const principal of [
      `arn:aws:iam::${account}:role/r`,
      `arn:aws:iam::${account}:role/p/r`,
      `arn:aws:sts::${account}:assumed-role/r/other`,
    ]) {
      expect(isBy(principal)(identity)).toBe(true);
    }
    for (const principal of [
      'r',
      `arn:aws:iam::${account}:user/r`,
      'arn:aws:iam::444455556666:role/r',
    ]) {
      expect(isBy(principal)(identity)).toBe(false);
    }
  });
});

const sighting = (changed: Partial<Sighting> = {}): Sighting => ({
  kind: 'read',
  identity: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/alice` },
  secrets: ['jwt'],
  refused: false,
  address: '192.0.2.1',
  userAgent: 'aws-cli',
  region: 'eu-west-1',
  count: 1,
  firstAt: '2026-05-17T10:00:00Z',
  lastAt: '2026-05-17T10:00:00Z',
  ...changed,
});
const tallied = (...sightings: Sighting[]) => {
  const tally = new Tally(secretMatcher([{ key: 'jwt', names: ['jwt'] }], account));
  for (const one of sightings) tally.add(one);
  return tally.state;
};
const nothing = { known: { own: new Set<string>(), declared: new Map() }, newVersions: {} };

describe('how often', () => {
  const readsOf = (...sightings: Sighting[]) =>
    readersOf(tallied(...sightings), nothing).readers[0]?.secrets[0];

  test('a batch and the read it leaves are one read; a batch alone is one, too', () => {
    expect(readsOf(sighting({ kind: 'batch' }), sighting())).toMatchObject({ reads: 1 });
    expect(readsOf(sighting({ kind: 'batch' }))).toMatchObject({ reads: 1 });
  });

  test('of a batch that was answered, the secret that was refused was not read', () => {
    expect(readsOf(sighting({ kind: 'batch' }), sighting({ refused: true }))).toMatchObject({
      ...{ reads: 0, denied: 1 },
    });
  });

  test('a decryption alone is a version that was read, and who read it is told', () => {
    expect(
      readsOf(
        sighting({ kind: 'decrypt', versionId: 'v1', address: 'secretsmanager.amazonaws.com' }),
      ),
    ).toEqual({ key: 'jwt', reads: 0, denied: 0, versions: [{ versionId: 'v1', reads: 1 }] });
  });
});

test('somebody with many programs crowds nobody out, and what there is no room for is counted', () => {
  const noise = Array.from({ length: 5_000 }, (_, index) =>
    sighting({ userAgent: `${'x'.repeat(300)}${index}`, address: `192.0.2.${index}` }),
  );
  const others = Array.from({ length: bounds.accesses + 50 }, (_, index) =>
    sighting({ identity: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/u${index}` } }),
  );
  const state = tallied(...noise, ...others);
  expect(JSON.stringify(state).length).toBeLessThan(bounds.bytes + 30_000);
  expect(state.accesses).toHaveLength(bounds.accesses);
  expect(state.moreAccesses).toBe(51);
  expect(state.accesses[0]).toMatchObject({ moreSources: 5_000 - bounds.sources });
  const { readers, moreReaders } = readersOf(state, { ...nothing, bytes: 20_000 });
  expect(JSON.stringify(readers).length).toBeLessThanOrEqual(20_000);
  expect(readers.length + moreReaders).toBe(bounds.accesses + 51);
});

describe('what is covered', () => {
  const day = (of: string, changed: Partial<DayOfTrail> = {}): DayOfTrail => ({
    ...{ region: 'eu-west-1', day: of, events: 9, reads: 5, decryptions: 2 },
    firstAt: `${of.replaceAll('/', '-')}T00:00:10Z`,
    lastAt: `${of.replaceAll('/', '-')}T23:00:00Z`,
    ...changed,
  });
  const asked = { from: '2026-05-15T08:00:00Z', to: '2026-05-17T08:00:00Z' };

  test('ends fifteen minutes before the look', () => {
    expect(delivered(asked, new Date('2026-05-17T08:05:00Z'))?.to).toBe('2026-05-17T07:50:00Z');
    expect(delivered(asked, new Date('2026-05-18T00:00:00Z'))).toEqual(asked);
    expect(delivered(asked, new Date('2026-05-15T08:10:00Z'))).toBeUndefined();
  });

  test('is looked for a day longer: files lie where they were delivered', () => {
    expect(lastDayOf({ from: '', to: '2026-12-31T23:59:00Z' })).toBe('2027/01/01');
  });

  test.each<[string, DayOfTrail[], object]>([
    [
      'every day',
      ['2026/05/15', '2026/05/16', '2026/05/17'].map((one) => day(one)),
      { interval: asked },
    ],
    [
      'from the first file on',
      [day('2026/05/16'), day('2026/05/17')],
      { interval: { from: '2026-05-16T00:00:10Z', to: asked.to } },
    ],
    [
      'with a gap that is told',
      [day('2026/05/15'), day('2026/05/17')],
      {
        interval: asked,
        gaps: 'no log file of 1 of 3 days (2026/05/16)',
      },
    ],
  ])('%s', (_, days, expected) => {
    expect(trailCoverage('eu-west-1', days, asked)).toEqual({
      region: 'eu-west-1',
      hasDecryptions: true,
      ...expected,
    });
  });

  test('from its first event on, where the trail was made in the middle of the first day', () => {
    const begun = day('2026/05/15', { firstAt: '2026-05-15T13:30:00Z' });
    const days = [begun, day('2026/05/16'), day('2026/05/17')];
    expect(trailCoverage('eu-west-1', days, asked, true).interval?.from).toBe(begun.firstAt);
    // Another region may be silent for half a day.
    expect(trailCoverage('eu-west-1', days, asked).interval).toEqual(asked);
  });

  test.each<[string, DayOfTrail[], string]>([
    ['no file', [day('2026/05/16', { region: 'us-east-1' })], 'holds no log file of eu-west-1'],
    ['files of writes alone', [day('2026/05/16', { reads: 0 })], 'hold no event that reads'],
    [
      'files that begin later',
      [day('2026/05/17', { firstAt: '2026-05-17T09:00:00Z' })],
      'begin at 2026-05-17T09:00:00Z',
    ],
  ])('not at all: %s', (_, days, problem) => {
    const found = trailCoverage('eu-west-1', days, asked);
    expect(found.interval).toBeUndefined();
    expect(found.problem).toContain(problem);
  });
});
