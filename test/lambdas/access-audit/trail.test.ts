/** Who read the secrets, from log files of a trail, by Athena: with the table and the rights that the template declares. */
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AccessAudit } from '../../../domain/events/access-audit.ts';
import { auditAccess } from '../../../lambdas/access-audit/audit.ts';
import type { AccessAuditDoors } from '../../../lambdas/access-audit/doors.ts';
import {
  audited,
  deployed,
  doorsOf,
  manifest,
  readerNamed,
  theDay,
  versions,
} from './pharmacy-audit.ts';
import { startTrailAccount, type TrailAccount } from './trail-account.ts';

let account: TrailAccount;
beforeAll(async () => {
  account = await startTrailAccount();
  await account.clock.advanceTo(new Date('2026-05-18T12:00:00Z'));
});
afterAll(() => account?.stop());

/** Waits for Athena instead of the time it would take. */
function waiting(faster = 1) {
  // No two audits begin in the same second: Athena would take the second one for the first one's retry.
  let now = Date.parse('2026-05-18T12:00:00Z') + callers * 1000;
  return {
    now: () => new Date(now),
    sleep: async (milliseconds: number) => {
      now += milliseconds * faster;
      await account.clock.idle();
    },
  };
}

let callers = 0;
const doors = (changed: Partial<AccessAuditDoors> = {}) => {
  callers += 1;
  return doorsOf({ trail: account.athenaOf(`audit${callers}`), clock: waiting(), ...changed });
};
const inRegions = (...regions: string[]) => ({
  ...deployed,
  manifest: {
    ...manifest,
    emergency: { ...(manifest.emergency as NonNullable<typeof manifest.emergency>), regions },
  },
});

/** Without what the two sources cannot both know: every session, versions of replicas. */
const comparable = ({ readers }: AccessAudit) =>
  readers.map(({ sessions: _, secrets, ...reader }) => ({
    ...reader,
    secrets: secrets.map(({ key, reads, denied }) => ({ key, reads, denied })),
  }));

test('says what event history says, reader by reader', async () => {
  const [{ audit }, { audit: history }] = await Promise.all([audited(doors()), audited(doorsOf())]);
  expect(audit.readers).toHaveLength(16);
  expect(comparable(audit)).toEqual(comparable(history));
});

test('says more than that: versions that were read of a replica, and from when to when', async () => {
  const { audit, calls } = await audited(doors());
  expect(calls).toBe(1);
  expect(readerNamed(audit, 'analytics')?.secrets[0]?.versions).toEqual([
    { versionId: versions.second, reads: 1 },
  ]);
  const [home, replica] = audit.covered;
  expect(home).toEqual({
    region: 'eu-west-1',
    source: 'athena',
    from: '2026-05-17T06:00:00Z',
    to: '2026-05-18T06:00:00Z',
    events: 29,
  });
  // A quiet region is none that went wrong, and it is said.
  expect(replica).toMatchObject({ source: 'athena', from: '2026-05-17T06:00:00Z' });
  expect(replica?.problem).toBeUndefined();
  expect(audit.notes.join()).toContain('eu-central-1: no log file of 1 of 2 days (2026/05/18)');
});

test('a read shortly before midnight, delivered after it, is told', async () => {
  const { audit } = await audited(doors(), { ...theDay, until: '2026-05-17T23:59:59Z' });
  expect(readerNamed(audit, 'pharmacy-api-task')?.lastAt).toBe('2026-05-17T23:59:30Z');
});

test('one principal is found among all, and one secret', async () => {
  const { audit } = await audited(doors(), {
    ...theDay,
    secrets: ['db'],
    principal: 'arn:aws:iam::000000000000:user/dave',
  });
  expect(audit.readers).toMatchObject([
    {
      principal: expect.stringContaining('user/dave'),
      secrets: [{ key: 'db', reads: 0, denied: 1 }],
    },
  ]);
});

describe('what the trail does not hold', () => {
  test('a region without a file is asked of event history, and both are told', async () => {
    const { audit } = await audited(doors(), theDay, inRegions('eu-west-1', 'us-east-1'));
    expect(audit.covered.map(({ region, source, from }) => [region, source, from])).toEqual([
      ['eu-west-1', 'athena', '2026-05-17T06:00:00Z'],
      ['us-east-1', 'athena', undefined],
      ['us-east-1', 'lookupEvents', '2026-05-17T06:00:00Z'],
    ]);
    expect(audit.covered[1]?.problem).toContain('holds no log file of us-east-1');
    expect(audit.readers.length).toBeGreaterThan(10);
  });

  test('a time before its first file is not covered', async () => {
    const { audit } = await audited(doors(), { ...theDay, since: '2026-05-10T00:00:00Z' });
    expect(audit.covered[0]).toMatchObject({ source: 'athena', from: '2026-05-17T00:00:00Z' });
    expect(readerNamed(audit, 'early')).toBeDefined();
  });
});

describe('where Athena does not answer', () => {
  const fellBack = (audit: AccessAudit, problem: RegExp) => {
    expect(audit.covered.map(({ region, source }) => `${source} ${region}`)).toEqual([
      'athena eu-west-1',
      'athena eu-central-1',
      'lookupEvents eu-west-1',
      'lookupEvents eu-central-1',
    ]);
    expect(audit.covered[0]?.problem).toMatch(problem);
    expect(audit.covered[2]?.from).toBe('2026-05-17T06:00:00Z');
    expect(audit.readers).toHaveLength(16);
  };

  test('files that may not be read: event history, with the reason', async () => {
    const trail = account.athenaOf(
      'noFiles',
      account.granted.filter(({ Sid }) => Sid !== 'ReadTrail'),
    );
    fellBack((await audited(doors({ trail }))).audit, /denied|Insufficient permissions/i);
  });

  test('no workgroup: event history, with the reason', async () => {
    const trail = account.athenaOf('noGroup', undefined, 'another');
    fellBack((await audited(doors({ trail }))).audit, /StartQueryExecution failed/);
  });

  test('no answer within ten minutes: the queries are stopped, and event history is read', async () => {
    account.services.athena.queriesTake(3600);
    const { audit, calls } = await audited(doors({ clock: waiting(20) }));
    account.services.athena.queriesTake(0);
    // Fifteen looks a call; each look stands for twenty.
    expect(calls).toBeGreaterThan(2);
    fellBack(audit, /no answer within 10 minutes/);
  });
});

test('files of the trail are Athena’s to read, not the function’s', async () => {
  const client = new S3Client({ ...account.settingsOf('direct'), forcePathStyle: true });
  const file = `trails/AWSLogs/o-exampleorgid/000000000000/CloudTrail/eu-west-1/2026/05/17/000000000000_CloudTrail_eu-west-1_20260517T1400Z_example.json.gz`;
  await expect(
    client.send(new GetObjectCommand({ Bucket: account.bucket, Key: file })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  client.destroy();
});

test('progress that names executions of other queries is refused: nobody reads them through it', async () => {
  const asked = doors();
  account.services.athena.queriesTake(3600);
  const answer = await auditAccess(asked, deployed, theDay);
  account.services.athena.queriesTake(0);
  if (answer.done) throw new Error('expected progress');
  await expect(
    auditAccess(asked, deployed, {
      ...theDay,
      since: '2026-05-01T00:00:00Z',
      progress: answer.progress,
    }),
  ).rejects.toMatchObject({ code: 'ERR_ROTATION_ACCESS_PROGRESS_FOREIGN' });
});
