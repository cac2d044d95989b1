import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ManifestCertificate } from '../../../domain/config/certificate-manifest.ts';
import { manifestOf } from '../../../domain/config/manifest.ts';
import { defineRotation } from '../../../domain/config/rotation-config.ts';
import { certificateNoticeSchema } from '../../../domain/events/notices.ts';
import type { AcmCertificate } from '../../../doors/acm.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import type { Shown } from '../../../doors/shown-certificates.ts';
import { checkCertificates } from '../../../lambdas/certificates/check.ts';
import type { CertificatesDoors } from '../../../lambdas/certificates/doors.ts';
import { type Issued, makeRoot } from '../../certificates.ts';
import { inMemoryCertificateRecords } from '../../doors/in-memory-certificate-records.ts';
import { recordedBus, recordedLog, recordedMetrics, settableClock } from '../../doors/recorded.ts';
import { pharmacy } from '../pharmacy.ts';

const arn = 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c';
const deployment = 'pharmacy/prod';
const www: ManifestCertificate = { from: 'acm', name: 'www', arn };
const partner: ManifestCertificate = {
  from: 'secret',
  name: 'partner',
  secret: 'pharmacy/prod/tls',
};
const api: ManifestCertificate = {
  from: 'endpoint',
  name: 'api',
  host: 'api.example.com',
  port: 443,
  servername: 'api.example.com',
};

let inAcm: AcmCertificate | Error;
let value: string | undefined;
let shown: readonly Shown[];
let bus: ReturnType<typeof recordedBus>;
let metrics: ReturnType<typeof recordedMetrics>;
let clock: ReturnType<typeof settableClock>;
let log: ReturnType<typeof recordedLog>;
let doors: CertificatesDoors;
let pem: Issued;

beforeAll(async () => {
  const root = await makeRoot({ notBefore: new Date('2026-01-01T00:00:00Z') });
  pem = await root.issue({
    hosts: ['partner.example.com'],
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-09-01T00:00:00Z'),
  });
});

beforeEach(() => {
  inAcm = {
    status: 'ISSUED',
    serial: 'aa:01',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-07-01T00:00:00Z'),
    inUseBy: 1,
  };
  value = pem.pem;
  shown = [];
  bus = recordedBus();
  metrics = recordedMetrics();
  clock = settableClock('2026-05-01T06:00:00Z');
  log = recordedLog();
  doors = {
    acm: {
      async describe() {
        if (inAcm instanceof Error) throw inAcm;
        return inAcm;
      },
    },
    secretsManager: { getCurrentValue: async () => value },
    shown: { read: async () => shown },
    records: inMemoryCertificateRecords(),
    eventBus: bus,
    metrics,
    clock,
    log,
  };
});

const look = (...certificates: ManifestCertificate[]) =>
  checkCertificates(doors, {
    ...pharmacy,
    secrets: [],
    consumers: [],
    certificates,
  });
const told = () => bus.events.map(({ detail }) => certificateNoticeSchema.parse(detail));
const recordOf = async (name: string) =>
  (await doors.records.getCertificates(deployment)).find((record) => record.name === name);

test('what is found is recorded, and the days until the first one ends are measured', async () => {
  expect(await look(www, partner)).toEqual({ certificates: 2, problems: 0, told: 0, daysLeft: 60 });
  expect(await recordOf('www')).toEqual({
    name: 'www',
    source: arn,
    checkedAt: '2026-05-01T06:00:00.000Z',
    readAt: '2026-05-01T06:00:00.000Z',
    notAfter: '2026-07-01T00:00:00.000Z',
    identity: 'aa:01@2026-07-01T00:00:00.000Z',
    serial: 'aa:01',
  });
  expect(await recordOf('partner')).toMatchObject({
    source: 'pharmacy/prod/tls',
    notAfter: '2026-09-01T00:00:00.000Z',
    identity: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(metrics.emitted).toEqual([
    {
      dimensions: { Deployment: deployment },
      values: { CertificateDaysLeft: 60 },
      at: new Date('2026-05-01T06:00:00Z'),
    },
  ]);
  expect(bus.events).toEqual([]);
});

describe('people are told', () => {
  test('at a threshold, once, with what the notice says', async () => {
    clock.set('2026-06-17T06:00:00Z');
    expect(await look(www)).toMatchObject({ told: 1, daysLeft: 13 });
    clock.set('2026-06-17T12:00:00Z');
    expect(await look(www)).toMatchObject({ told: 0 });
    expect(bus.events).toMatchObject([
      { source: 'quarterturn', detailType: 'certificate-expiring', resources: [arn] },
    ]);
    expect(told()).toEqual([
      {
        type: 'certificate-expiring',
        version: 1,
        id: expect.any(String),
        at: '2026-06-17T06:00:00.000Z',
        deployment,
        certificate: { name: 'www', source: arn },
        notAfter: '2026-07-01T00:00:00.000Z',
        daysLeft: 13,
      },
    ]);
  });

  test('under one id, by two looks at once or one after a lost record', async () => {
    clock.set('2026-06-30T06:00:00Z');
    const { records } = doors;
    doors.records = { ...records, putCertificateEndTold: async () => undefined };
    await look(www);
    clock.set('2026-06-30T06:05:00Z');
    await look(www);
    expect(told()).toHaveLength(2);
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
    doors.records = records;
    await look(www);
    clock.set('2026-07-01T00:00:00Z');
    await look(www);
    expect(new Set(told().map(({ id }) => id)).size).toBe(2);
  });

  test('regression: a problem found after the end was told and not recorded is heard, under another id', async () => {
    clock.set('2026-06-30T06:00:00Z');
    const { records } = doors;
    doors.records = { ...records, putCertificateEndTold: async () => undefined };
    await look(www);
    doors.records = records;
    inAcm = { ...(inAcm as AcmCertificate), renewal: { status: 'FAILED', reason: 'CAA_ERROR' } };
    clock.set('2026-06-30T12:00:00Z');
    await look(www);
    // Who drops an id it has seen would hear of the problem tomorrow.
    const [before, after] = told();
    expect([before?.problem, after?.problem]).toEqual([undefined, expect.any(String)]);
    expect(after?.id).not.toBe(before?.id);
    clock.set('2026-06-30T18:00:00Z');
    expect(await look(www)).toMatchObject({ told: 0 });
  });

  test('daily once it has ended, and no more when another one is in its place', async () => {
    for (const day of ['01', '02', '03']) {
      for (const hour of ['00', '06', '12', '18']) {
        clock.set(`2026-07-${day}T${hour}:00:01Z`);
        await look(www);
      }
    }
    expect(told().map(({ daysLeft }) => daysLeft)).toEqual([-1, -2, -3]);
    inAcm = {
      ...(inAcm as AcmCertificate),
      serial: 'aa:02',
      notAfter: new Date('2027-07-01T00:00:00Z'),
    };
    clock.set('2026-07-04T00:00:01Z');
    expect(await look(www)).toMatchObject({ told: 0, daysLeft: 361 });
  });

  test('of one that cannot be read, daily; its end is still known', async () => {
    await look(www);
    inAcm = new AwsCallError('DescribeCertificate', 'AccessDeniedException', 'not authorized');
    clock.set('2026-05-02T06:00:00Z');
    expect(await look(www)).toMatchObject({ problems: 1, told: 1, daysLeft: 59 });
    await look(www);
    clock.set('2026-05-03T06:00:00Z');
    await look(www);
    expect(told()).toMatchObject([
      { problem: expect.stringContaining('AccessDeniedException'), daysLeft: 59 },
      { problem: expect.stringContaining('AccessDeniedException'), daysLeft: 58 },
    ]);
    expect(await recordOf('www')).toMatchObject({
      checkedAt: '2026-05-03T06:00:00.000Z',
      readAt: '2026-05-01T06:00:00.000Z',
      notAfter: '2026-07-01T00:00:00.000Z',
    });
    // Its end comes nearer all the same, and one notice says both.
    clock.set('2026-06-30T06:00:00Z');
    expect(await look(www)).toMatchObject({ told: 1, daysLeft: 0 });
  });

  test('of one that nobody could ever read; no figure is measured then', async () => {
    value = 'S3cr3t';
    expect(await look(www, partner)).toEqual({ certificates: 2, problems: 1, told: 1 });
    expect(metrics.emitted).toEqual([]);
    expect(told()).toMatchObject([
      {
        certificate: { name: 'partner' },
        problem: 'the value holds no certificate (-----BEGIN CERTIFICATE-----)',
      },
    ]);
    expect(told()[0]).not.toHaveProperty('notAfter');
  });

  test('not of what another source of that name was', async () => {
    await look(www);
    shown = [{ address: '203.0.113.7', problem: 'TIMEOUT' }];
    await look({ ...api, name: 'www' });
    expect(await recordOf('www')).toMatchObject({
      source: 'api.example.com:443',
      problem: 'the server did not answer in time',
    });
    expect(await recordOf('www')).not.toHaveProperty('notAfter');
  });
});

describe('ACM', () => {
  test.each<[Partial<AcmCertificate>, string | undefined, string | undefined]>([
    [
      { status: 'PENDING_VALIDATION', notAfter: undefined },
      'ACM says: PENDING_VALIDATION',
      undefined,
    ],
    [{ status: 'REVOKED' }, 'ACM says: REVOKED', undefined],
    [{ status: 'EXPIRED' }, undefined, undefined],
    [
      { renewal: { status: 'FAILED', reason: 'CAA_ERROR' } },
      'ACM could not renew it: CAA_ERROR',
      undefined,
    ],
    [
      { renewal: { status: 'PENDING_VALIDATION' } },
      undefined,
      'its renewal by ACM: PENDING_VALIDATION',
    ],
    [{ renewal: { status: 'SUCCESS' } }, undefined, undefined],
    [{ inUseBy: 0 }, undefined, 'no resource of AWS uses it, and ACM renews none that is not used'],
    [
      { notBefore: new Date('2026-05-02T00:00:00Z') },
      'the certificate is not valid before 2026-05-02T00:00:00.000Z',
      undefined,
    ],
  ])('with %j', async (change, problem, remark) => {
    inAcm = { ...(inAcm as AcmCertificate), ...change };
    await look(www);
    const record = await recordOf('www');
    expect([record?.problem, record?.remark]).toEqual([problem, remark]);
  });
});

test('one that cannot be recorded keeps no other from its turn, and the look is repeated', async () => {
  clock.set('2026-06-30T06:00:00Z');
  doors.eventBus = {
    async put() {
      throw new AwsCallError('PutEvents', 'ThrottlingException', 'Rate exceeded');
    },
  };
  await expect(look(www, partner)).rejects.toThrow(
    expect.objectContaining({
      code: 'ERR_ROTATION_CERTIFICATES_NOT_CHECKED',
      message: expect.stringMatching(/^What was found of www could not/),
    }),
  );
  expect(await recordOf('partner')).toBeDefined();
  expect(metrics.emitted).toEqual([]);
  doors.eventBus = bus;
  expect(await look(www, partner)).toMatchObject({ told: 1 });
});

test('an error that is none of ours is named, and its text withheld', async () => {
  inAcm = new TypeError('S3cr3t');
  await look(www);
  expect(await recordOf('www')).toMatchObject({ problem: 'an unexpected TypeError' });
  expect(JSON.stringify([log.lines, bus.events])).not.toContain('S3cr3t');
});

test('the manifest names each certificate and where it is read from, and nothing else', () => {
  const { certificates } = manifestOf(
    defineRotation({
      name: 'pharmacy',
      environment: 'prod',
      region: 'eu-west-1',
      secrets: { tls: { kind: 'userManaged', purpose: 'TLS of the partner.' } },
      certificates: [
        { name: 'www', acm: arn },
        { name: 'partner', secret: 'tls' },
        { name: 'api', endpoint: 'api.example.com:443' },
        { name: 'db', endpoint: 'db.example.com:5432', startTls: 'postgres' },
      ],
    }),
  );
  expect(certificates).toEqual([
    www,
    partner,
    api,
    {
      from: 'endpoint',
      name: 'db',
      host: 'db.example.com',
      port: 5432,
      servername: 'db.example.com',
      startTls: 'postgres',
    },
  ]);
});
