/** Who read the secrets, by event history, over recorded records of every sort of caller. */
import { describe, expect, test } from '@jest/globals';
import { auditAccess } from '../../../lambdas/access-audit/audit.ts';
import {
  audited,
  deployed,
  doorsOf,
  keyArn,
  manifest,
  readerNamed,
  roleArn,
  sleepingClock,
  theDay,
  userArn,
  versions,
} from './pharmacy-audit.ts';
import { recordedHistory, type TrailRecord } from './recorded-trail.ts';

describe('who read', () => {
  test('is told by principal, whom nobody declared first, with what was read, from where and when', async () => {
    const { audit } = await audited(doorsOf());
    expect(audit.readers.map(({ principal, standing }) => [standing, principal])).toEqual([
      ['unknown', userArn('alice')],
      ['unknown', roleArn('analytics')],
      ['unknown', roleArn('intern2')],
      ['unknown', roleArn('intern')],
      ['unknown', userArn('mallory')],
      ['unknown', userArn('dave')],
      ['unknown', roleArn('old-runner')],
      ['unknown', 'account 444455556666, AROAEXAMPLEFOREIGN'],
      ['unknown', 'events.amazonaws.com'],
      ['unknown', roleArn('deployer')],
      ['unknown', roleArn('github-deploy')],
      [
        'unknown',
        roleArn('aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef'),
      ],
      ['unknown', userArn('broker')],
      ['unknown', 'arn:aws:iam::000000000000:root'],
      ['declared', roleArn('pharmacy-api-task')],
      ['own', roleArn('Quarterturn-pharmacy-prod-SecretjwtFunctionRole-1A2B3C')],
    ]);
    expect(readerNamed(audit, 'alice')).toMatchObject({
      firstAt: '2026-05-17T11:00:00Z',
      lastAt: '2026-05-17T14:01:00Z',
      secrets: [
        { key: 'jwt', reads: 3, denied: 0, versions: [{ versionId: versions.second, reads: 2 }] },
      ],
    });
    expect(
      readerNamed(audit, 'alice')?.sources.map(({ address, region }) => [address, region]),
    ).toEqual(
      expect.arrayContaining([
        ['203.0.113.64', 'eu-west-1'],
        ['198.51.100.7', 'eu-west-1'],
        ['203.0.113.64', 'eu-central-1'],
      ]),
    );
  });

  test('is somebody else than who is named in vain: other names, other accounts, other calls', async () => {
    const { audit } = await audited(doorsOf());
    const told = JSON.stringify(audit.readers);
    for (const name of ['eve', 'early', 'late']) expect(told).not.toContain(`user/${name}`);
  });

  test('names sessions: of a person’s role who it was, of a federated user whom the broker let in', async () => {
    const { audit } = await audited(doorsOf());
    expect(readerNamed(audit, 'AWSReservedSSO_Admin_0123456789abcdef')?.sessions).toEqual([
      'carol@example.com',
    ]);
    expect(readerNamed(audit, 'broker')?.sessions).toEqual(['bob']);
    expect(readerNamed(audit, 'pharmacy-api-task')?.sessions).toHaveLength(2);
  });

  test('a call that a service made for a role is the role’s, and says which service', async () => {
    const { audit } = await audited(doorsOf());
    expect(readerNamed(audit, 'deployer')?.sources[0]?.address).toBe(
      'cloudformation.amazonaws.com',
    );
  });

  test('what was refused is told apart, and a batch counts once', async () => {
    const { audit } = await audited(doorsOf());
    const counts = (name: string) =>
      readerNamed(audit, name)?.secrets.map(({ key, reads, denied }) => [key, reads, denied]);
    expect(counts('dave')?.sort()).toEqual([
      ['db', 0, 1],
      ['jwt', 1, 0],
    ]);
    expect(counts('mallory')?.sort()).toEqual([
      ['db', 0, 1],
      ['jwt', 0, 1],
    ]);
    expect(counts('intern')).toEqual([['jwt', 0, 1]]);
  });

  test('who reads what the emergency made is told first of all', async () => {
    const { audit } = await audited(doorsOf(), { ...theDay, newVersions: { jwt: versions.third } });
    expect(audit.readers[0]).toMatchObject({ standing: 'unknown', readNew: true });
    expect(audit.readers[0]?.principal).toContain('AWSReservedSSO_Admin');
    expect(audit.readers.filter(({ readNew }) => readNew)).toHaveLength(1);
  });

  test('names that callers chose are one printable line, and not long', async () => {
    const { audit } = await audited(doorsOf());
    const hostile = readerNamed(audit, 'intern2');
    expect(hostile?.sources[0]?.userAgent).toMatch(/^x{255}…$/);
    expect(hostile?.sessions).toEqual(['?evil']);
    expect(JSON.stringify(audit)).not.toMatch(/\u202e|\\u001b|\\n/);
  });

  test('of one principal only, by role, user, or session', async () => {
    for (const principal of [
      roleArn('pharmacy-api-task'),
      roleArn('with/a/path/pharmacy-api-task'),
      'arn:aws:sts::000000000000:assumed-role/pharmacy-api-task/another',
    ]) {
      const { audit } = await audited(doorsOf(), { ...theDay, principal });
      expect(audit.readers.map((reader) => reader.principal)).toEqual([
        roleArn('pharmacy-api-task'),
      ]);
    }
  });
});

describe('who is known', () => {
  test('a consumer that reads a secret it is not declared for is unknown', async () => {
    const doors = doorsOf({
      policies: {
        holdersOf: async (arn) => ({
          roles: [],
          users: arn.endsWith('reader-api') ? ['dave', 'alice'] : [],
          groups: ['staff'],
        }),
      },
    });
    const { audit } = await audited(doors);
    expect(readerNamed(audit, 'alice')?.standing).toBe('declared');
    expect(readerNamed(audit, 'dave')?.standing).toBe('unknown');
    expect(audit.notes.join()).toContain('attached to the group staff');
  });

  test('the break-glass role is declared, and its use is said', async () => {
    const { audit } = await audited(doorsOf(), theDay, {
      ...deployed,
      breakGlassRole: roleArn('intern'),
    });
    expect(readerNamed(audit, 'intern')?.standing).toBe('declared');
    expect(audit.notes.join()).toContain(`${roleArn('intern')} is the break-glass role`);
  });

  test('when that cannot be looked up everybody is told as unknown, and why', async () => {
    const refuse = async () => {
      throw new Error('not authorized');
    };
    const { audit } = await audited(
      doorsOf({ policies: { holdersOf: refuse }, functions: { roleOf: refuse } }),
    );
    expect(new Set(audit.readers.map(({ standing }) => standing))).toEqual(new Set(['unknown']));
    expect(audit.notes.filter((note) => note.includes('not authorized'))).toHaveLength(2);
  });
});

describe('what was covered', () => {
  test('is said by region, up to what CloudTrail cannot have delivered yet', async () => {
    const clock = sleepingClock('2026-05-18T06:05:00Z');
    const { audit } = await audited(doorsOf({ clock }));
    expect(audit.covered).toEqual(
      ['eu-west-1', 'eu-central-1'].map((region) => ({
        region,
        source: 'lookupEvents',
        from: '2026-05-17T06:00:00Z',
        to: '2026-05-18T05:50:00Z',
        events: expect.any(Number),
      })),
    );
    expect(audit.notes.join()).toContain('Which versions were read in eu-central-1 is not known');
  });

  test('an hour that is too young is no answer, and says so', async () => {
    const clock = sleepingClock('2026-05-17T14:05:00Z');
    const { audit } = await audited(doorsOf({ clock }), {
      ...theDay,
      since: '2026-05-17T13:55:00Z',
      until: '2026-05-17T14:05:00Z',
    });
    expect(audit.covered[0]?.from).toBeUndefined();
    expect(audit.covered[0]?.problem).toContain('younger than 15 minutes');
    // What is there already is told all the same.
    expect(readerNamed(audit, 'analytics')).toBeDefined();
  });

  test('nothing found is never nobody', async () => {
    const { audit } = await audited(doorsOf({ history: recordedHistory([]) }));
    expect(audit.readers).toEqual([]);
    expect(audit.notes.join()).toContain('no proof that there was none');
    expect(JSON.stringify(audit)).not.toMatch(/nobody/i);
  });

  test('copies that leave no trace are listed: caches, environments, targets, backups', async () => {
    const { audit } = await audited(doorsOf());
    expect(audit.notVisible.map(({ what }) => what)).toEqual([
      'consumer worker',
      'caches of consumers',
      'ssm /pharmacy/prod/JWT',
      'github example/pharmacy DB',
      'backups, images, dumps',
    ]);
  });
});

/** One read a second, by another user after each `each`. */
const busy = (
  count: number,
  agent = (index: number) => `agent ${index % 3}`,
  each = 100,
): TrailRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    eventName: 'GetSecretValue',
    eventSource: 'secretsmanager.amazonaws.com',
    eventTime: new Date(Date.parse('2026-05-18T05:59:59Z') - index * 1000)
      .toISOString()
      .replace('.000Z', 'Z'),
    awsRegion: 'eu-west-1',
    sourceIPAddress: '10.0.0.1',
    userAgent: agent(index),
    userIdentity: {
      type: 'IAMUser',
      arn: userArn(`user${Math.floor(index / each)}`),
      accountId: '000000000000',
    },
    requestParameters: { secretId: 'pharmacy/prod/jwt' },
  }));
const inOneRegion = {
  ...deployed,
  manifest: {
    ...manifest,
    emergency: { ...(manifest.emergency as object), regions: ['eu-west-1'] } as NonNullable<
      typeof manifest.emergency
    >,
  },
};

describe('event history', () => {
  test('is asked for reads by name of the event, for decryptions by key, in every region', async () => {
    const history = recordedHistory();
    await audited(doorsOf({ history }));
    expect(
      history.asked.map(({ region, attribute }) => `${region} ${attribute.value}`).sort(),
    ).toEqual([
      'eu-central-1 BatchGetSecretValue',
      'eu-central-1 GetSecretValue',
      'eu-west-1 BatchGetSecretValue',
      'eu-west-1 GetSecretValue',
      `eu-west-1 ${keyArn}`,
    ]);
  });

  test('of a multi-Region key, its replica is asked for, too', async () => {
    const history = recordedHistory();
    const key = 'arn:aws:kms:eu-west-1:000000000000:key/mrk-1234abcd12ab34cd56ef1234567890ab';
    const { audit } = await audited(doorsOf({ history }), theDay, { ...deployed, keys: [key] });
    expect(history.asked.map(({ attribute }) => attribute.value)).toContain(
      key.replace('eu-west-1', 'eu-central-1'),
    );
    expect(audit.notes.join()).not.toContain('Which versions were read in');
  });

  test('takes no call longer than half a minute, two requests a second at most, and goes on where it was', async () => {
    const history = recordedHistory(busy(3_000));
    const clock = sleepingClock();
    let longest = 0;
    let at = clock.now().getTime();
    const doors = doorsOf({ history, clock });
    let progress: unknown;
    for (;;) {
      const answer = await auditAccess(doors, inOneRegion, { ...theDay, progress });
      longest = Math.max(longest, clock.now().getTime() - at);
      at = clock.now().getTime();
      if (answer.done) {
        expect(answer.audit.covered[0]).toMatchObject({
          from: '2026-05-17T06:00:00Z',
          events: 3_000,
        });
        expect(
          answer.audit.readers.reduce((sum, { secrets }) => sum + (secrets[0]?.reads ?? 0), 0),
        ).toBe(3_000);
        break;
      }
      expect(answer.seen).toBeGreaterThan(0);
      progress = JSON.parse(JSON.stringify(answer.progress));
    }
    expect(longest).toBeLessThanOrEqual(26_000);
    expect(
      history.asked.length / ((clock.now().getTime() - Date.parse('2026-05-18T12:00:00Z')) / 1000),
    ).toBeLessThan(2);
  });

  test('ends after 700 pages: covered is then from the oldest record that was read', async () => {
    const { audit } = await audited(
      doorsOf({ history: recordedHistory(busy(750), 1) }),
      theDay,
      inOneRegion,
    );
    const oldest = new Date(Date.parse('2026-05-18T05:59:59Z') - 699_000).toISOString();
    expect(audit.covered[0]).toMatchObject({
      from: oldest.replace('.000Z', 'Z'),
      events: 700,
      problem: 'reads: more than 700 pages of GetSecretValue',
    });
  });

  test('is given up after twelve minutes of throttling, and says what it has', async () => {
    const history = recordedHistory(busy(500));
    const { lookup } = history;
    let calls = 0;
    const { audit } = await audited(
      doorsOf({
        history: {
          ...history,
          lookup: async (request) => {
            calls += 1;
            return calls > 3 ? 'throttled' : lookup(request);
          },
        },
      }),
      theDay,
      inOneRegion,
    );
    expect(audit.covered[0]).toMatchObject({
      events: 150,
      problem: expect.stringContaining('given up after 12 minutes'),
    });
    expect(audit.covered[0]?.from).toBe('2026-05-18T05:57:30Z');
    expect(audit.notes.join()).toContain(
      'Versions that were read in eu-west-1 could not be asked for',
    );
  });

  test('a region that refuses is told with its reason, and the others are answered', async () => {
    const history = recordedHistory();
    const { lookup } = history;
    const { audit } = await audited(
      doorsOf({
        history: {
          lookup: async (request) => {
            if (request.region === 'eu-central-1') throw new Error('The region is disabled.');
            return lookup(request);
          },
        },
      }),
    );
    const [home, replica] = audit.covered;
    expect(home?.from).toBe('2026-05-17T06:00:00Z');
    expect(replica).toMatchObject({ region: 'eu-central-1', events: 0 });
    expect(replica?.from).toBeUndefined();
    expect(replica?.problem).toContain('The region is disabled.');
  });

  test('of a token that CloudTrail no longer takes it keeps what it has', async () => {
    const history = recordedHistory(busy(500));
    const { lookup } = history;
    const { audit } = await audited(
      doorsOf({
        history: {
          lookup: async (request) => (request.token === '100' ? 'ended' : lookup(request)),
        },
      }),
      theDay,
      inOneRegion,
    );
    expect(audit.covered[0]).toMatchObject({ from: '2026-05-18T05:58:20Z', events: 100 });
  });

  test('ends 90 days ago, and says so', async () => {
    const history = recordedHistory();
    const { audit } = await audited(doorsOf({ history }), {
      ...theDay,
      since: '2025-05-17T06:00:00Z',
    });
    expect(history.asked[0]?.from.toISOString()).toBe('2026-02-17T12:00:00.000Z');
    expect(audit.covered[0]).toMatchObject({
      from: '2026-02-17T12:00:00Z',
      problem: 'event history ends 90 days ago',
    });
  });

  test('of a time before that it is not asked at all, and nothing is covered', async () => {
    const history = recordedHistory();
    const { audit } = await audited(doorsOf({ history }), {
      ...theDay,
      since: '2025-05-17T06:00:00Z',
      until: '2025-06-17T06:00:00Z',
    });
    expect(history.asked).toEqual([]);
    expect(audit.covered[0]).toEqual({
      ...{ region: 'eu-west-1', source: 'lookupEvents', events: 0 },
      problem: 'event history ends 90 days ago',
    });
  });
});

describe('what is carried from call to call', () => {
  test('stays below what a state machine takes, whatever callers are called', async () => {
    const noise = busy(3_200, (index) => `${'n'.repeat(200)}${index}`, 20);
    const doors = doorsOf({ history: recordedHistory(noise, 40) });
    let progress: unknown;
    for (;;) {
      const answer = await auditAccess(doors, inOneRegion, { ...theDay, progress });
      expect(JSON.stringify(answer).length).toBeLessThan(200_000);
      if (answer.done) {
        const { readers, moreReaders } = answer.audit;
        expect(readers.length).toBeGreaterThanOrEqual(80);
        expect(moreReaders).toBeGreaterThan(0);
        expect(
          readers.every(({ sources, moreSources }) => sources.length + moreSources === 20),
        ).toBe(true);
        break;
      }
      progress = JSON.parse(JSON.stringify(answer.progress));
    }
  });

  test.each<[string, (progress: Record<string, unknown>) => unknown]>([
    ['something else', () => ({ by: 'history' })],
    [
      'another region',
      ({ regions, ...rest }) => ({
        ...rest,
        regions: [{ ...(regions as object[])[0], region: 'us-east-1' }],
      }),
    ],
    [
      'another secret',
      ({ tally, ...rest }) => ({
        ...rest,
        tally: JSON.parse(JSON.stringify(tally).replaceAll('"key":"jwt"', '"key":"other"')),
      }),
    ],
    ['the future', (progress) => ({ ...progress, begunAt: '2027-01-01T00:00:00.000Z' })],
    [
      'a trail there is none of',
      ({ begunAt }) => ({
        by: 'trail',
        begunAt,
        queries: { reads: 'a', decryptions: 'b', days: 'c' },
      }),
    ],
  ])('is refused when it is of %s', async (_, forge) => {
    const doors = doorsOf({ history: recordedHistory(busy(60), 1) });
    const answer = await auditAccess(doors, inOneRegion, theDay);
    if (answer.done) throw new Error('expected progress');
    const progress = forge(JSON.parse(JSON.stringify(answer.progress)));
    await expect(auditAccess(doors, inOneRegion, { ...theDay, progress })).rejects.toMatchObject({
      code: 'ERR_ROTATION_ACCESS_PROGRESS_FOREIGN',
    });
  });
});

test.each([
  ['a secret of others', { ...theDay, secrets: ['other'] }, 'found the key "other"'],
  ['no secret', { ...theDay, secrets: [] }, 'at secrets'],
  ['an end before its start', { ...theDay, until: '2026-05-16T00:00:00Z' }, 'expected it earlier'],
  ['a region of its own', { ...theDay, regions: ['us-east-1'] }, 'its shape'],
])('a question about %s is refused', async (_, question, message) => {
  await expect(auditAccess(doorsOf(), deployed, question)).rejects.toMatchObject({
    code: 'ERR_ROTATION_ACCESS_QUESTION_INVALID',
    message: expect.stringContaining(message),
  });
});
