import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ControlTableDoor, controlTable } from '../../doors/control-table.ts';
import { emergencyRecords } from '../../doors/emergency-records.ts';
import { SandboxClock } from '../../sandbox/clock.ts';
import { DynamoDbService } from '../../sandbox/dynamodb/service.ts';
import { controlTableProperties } from '../in-process/control-table-properties.ts';
import { inProcess } from '../in-process/request-handler.ts';

const token = 'a'.repeat(32);
const at = '2026-01-01T00:00:00.000Z';
const rotation = {
  token,
  intent: 'planned' as const,
  basedOn: null,
  provenance: { intent: 'planned' as const, token, attributed: false },
  at,
  steps: {},
  evidence: [],
};
const after = {
  versionId: token,
  state: 'due' as const,
  intent: 'planned' as const,
  basedOn: null,
  at,
};

let dynamoDb: DynamoDbService;
let client: DynamoDBClient;
let table: ControlTableDoor;

beforeAll(async () => {
  const clock = new SandboxClock(new Date(at), 'manual');
  dynamoDb = new DynamoDbService({ account: '000000000000', region: 'eu-west-1', clock });
  await dynamoDb.createTable(controlTableProperties);
  client = new DynamoDBClient(inProcess(dynamoDb) as object);
  table = controlTable('control', client);
});

afterAll(() => dynamoDb.stop());

describe('intents', () => {
  const intent = { intent: 'emergency' as const, token, requestedBy: 'on-call', at };

  test('a token has one intent: the first one stands', async () => {
    expect(await table.putIntent('once', intent)).toBe('stored');
    expect(await table.putIntent('once', { ...intent, requestedBy: 'somebody else' })).toBe(
      'exists',
    );
    expect((await table.getIntent('once', token))?.requestedBy).toBe('on-call');
  });

  test('two intents under one token are an error, never the milder one', async () => {
    await table.putIntent('twice', intent);
    await table.putIntent('twice', { ...intent, intent: 'planned' });
    await expect(table.getIntent('twice', token)).rejects.toMatchObject({
      code: 'ERR_ROTATION_CONTROL_RECORD',
    });
  });

  test('an intent of one secret is none of another', async () => {
    await table.putIntent('one', intent);
    expect(await table.getIntent('another', token)).toBeUndefined();
  });
});

describe('rotations', () => {
  test('the first writer fixes a rotation, every later one is told what stands', async () => {
    await table.fixRotation('fixed', { ...rotation, basedOn: 'first' });
    const second = await table.fixRotation('fixed', { ...rotation, basedOn: 'second' });
    expect(second.basedOn).toBe('first');
  });

  test('two changes at once are both kept', async () => {
    await table.fixRotation('busy', rotation);
    const done = { at, milliseconds: 1, outcome: 'done' };
    await Promise.all(
      ['createSecret', 'setSecret', 'testSecret'].map((step) =>
        table.updateRotation('busy', token, (record) => ({
          ...record,
          steps: { ...record.steps, [step]: done },
        })),
      ),
    );
    const record = await table.getRotation('busy', token);
    expect(Object.keys(record?.steps ?? {}).sort()).toEqual([
      'createSecret',
      'setSecret',
      'testSecret',
    ]);
  });
});

describe('AfterRotation', () => {
  test('moves on only from a state it is named for', async () => {
    await table.putAfterRotation('moving', after);
    expect(await table.putAfterRotation('moving', { ...after, state: 'finished' })).toBe('exists');
    expect(await table.moveAfterRotation('moving', ['running'], after)).toBe(false);
    expect(await table.moveAfterRotation('moving', ['due'], { ...after, state: 'running' })).toBe(
      true,
    );
    expect((await table.getAfterRotation('moving', token))?.state).toBe('running');
  });

  test('of two that take it up at once, one does', async () => {
    await table.putAfterRotation('raced', after);
    const taken = await Promise.all(
      ['a', 'b', 'c'].map((execution) =>
        table.moveAfterRotation('raced', ['due'], { ...after, state: 'running', execution }),
      ),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('a secret was promoted once one has begun; one that is only due may never have been', async () => {
    expect(await table.everPromoted('fresh')).toBe(false);
    await table.putAfterRotation('fresh', after);
    expect(await table.everPromoted('fresh')).toBe(false);
    await table.moveAfterRotation('fresh', ['due'], { ...after, state: 'running' });
    expect(await table.everPromoted('fresh')).toBe(true);
  });
});

test('compromised material is a set, and its first record stands', async () => {
  const record = { material: 'k1', at, recordedBy: 'security' };
  await table.putCompromised('leaked', record);
  await table.putCompromised('leaked', { ...record, recordedBy: 'somebody else' });
  await table.putCompromised('leaked', { ...record, material: 'k2' });
  expect(await table.getCompromised('leaked')).toEqual(new Set(['k1', 'k2']));
});

test('of two leases the later one stands', async () => {
  await table.putLease('leased', { token, owner: 'emergency', at, expiresAt: at });
  await table.putLease('leased', { token, owner: 'rollback', at, expiresAt: at });
  expect((await table.getLease('leased'))?.owner).toBe('rollback');
});

test('a hold is ended by whoever looked at it, and one that was put since then stands', async () => {
  const hold = { reason: 'rolled back', at, until: '2030-01-01T00:00:00.000Z' };
  const ended = { ...hold, until: at, releasedBy: 'on-call' };
  await table.putHold('held', hold);
  const later = { ...hold, until: '2030-01-02T00:00:00.000Z' };
  await table.putHold('held', later);
  expect(await table.endHold('held', hold, ended)).toEqual(later);
  expect(await table.getHold('held')).toEqual(later);
  expect(await table.endHold('held', later, ended)).toBeUndefined();
  expect(await table.getHold('held')).toEqual(ended);
});

test('of two announcements at once one stands, and it gives way only to whoever has seen it', async () => {
  const first = { versionId: 'v1', at, plannedAt: at, told: false };
  const second = { ...first, plannedAt: '2030-01-01T00:00:00.000Z' };
  const nothingSeen = () => false;
  const outcomes = await Promise.all([
    table.putNotice('announced', first, nothingSeen),
    table.putNotice('announced', second, nothingSeen),
  ]);
  const won = outcomes[0] === undefined ? first : second;
  expect(outcomes.filter((standing) => standing !== undefined)).toEqual([won]);
  expect(await table.getNotice('announced')).toEqual(won);
  await table.putNotice('announced', { ...won, told: true }, (found) => found.at === won.at);
  expect(await table.getNotice('announced')).toEqual({ ...won, told: true });
  // Beside it, and not in its place.
  const today = { day: '2026-05-17', at, told: true };
  expect(await table.putOverdue('announced', today, nothingSeen)).toBeUndefined();
  expect(await table.putOverdue('announced', today, ({ day }) => day !== today.day)).toEqual(today);
  expect((await table.getNotice('announced'))?.told).toBe(true);
});

test.each([
  ['is not JSON', '{"token":'],
  ['does not fit at intent', JSON.stringify({ token, intent: 'sometimes' })],
])('a record that %s is an error that names it, never "no record"', async (found, text) => {
  await client.send(
    new PutItemCommand({
      TableName: 'control',
      Item: {
        pk: { S: 'intent.planned#damaged' },
        sk: { S: token },
        revision: { N: '1' },
        record: { S: text },
      },
    }),
  );
  await expect(table.getIntent('damaged', token)).rejects.toMatchObject({
    code: 'ERR_ROTATION_CONTROL_RECORD',
    message: expect.stringContaining(found),
  });
});

test('an unreachable table is an error, never "no record"', async () => {
  const nowhere = controlTable(
    'control',
    new DynamoDBClient({
      endpoint: 'http://127.0.0.1:1',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    }),
  );
  await expect(nowhere.getIntent('any', token)).rejects.toMatchObject({
    code: 'ERR_ROTATION_AWS_CALL',
  });
});

test('a fact is told of a version once, and of every version of its own', async () => {
  const record = { fact: 'failed' as const, versionId: token, at };
  expect(await table.getTold('told', 'failed', token)).toBeUndefined();
  expect(await table.putTold('told', record)).toBe('stored');
  expect(await table.putTold('told', { ...record, at: '2026-05-18T00:00:00.000Z' })).toBe('exists');
  expect(await table.getTold('told', 'failed', token)).toEqual(record);
  expect(await table.getTold('told', 'started', token)).toBeUndefined();
  expect(await table.getTold('told', 'failed', `${token}x`)).toBeUndefined();
});

test('a secret is adopted once: the first record stands', async () => {
  const record = { at, by: 'on-call', materialSince: '2025-11-18T00:00:00.000Z', versionId: token };
  expect(await table.getAdoption('adopted')).toBeUndefined();
  expect(await table.putAdoption('adopted', record)).toBe('stored');
  expect(await table.putAdoption('adopted', { ...record, by: 'another' })).toBe('exists');
  expect(await table.getAdoption('adopted')).toEqual(record);
});

test('of a certificate the later look stands, and what is told gives way to what is more urgent', async () => {
  const deployment = 'pharmacy/prod';
  const record = { name: 'www', source: 'www.example.com:443', checkedAt: at };
  const later = { ...record, checkedAt: '2026-01-01T06:00:00.000Z', problem: 'no answer' };
  expect(await table.getCertificates(deployment)).toEqual([]);
  await table.putCertificate(deployment, later);
  await table.putCertificate(deployment, record);
  await table.putCertificate(deployment, { ...record, name: 'api' });
  const found = await table.getCertificates(deployment);
  expect(found.find(({ name }) => name === 'www')).toEqual(later);
  expect(found).toHaveLength(2);
  expect(await table.getCertificates('pharmacy/dev')).toEqual([]);

  const end = { identity: 'a', stage: 'in7' as const, day: '2026-01-01' };
  expect(await table.putCertificateEndTold(deployment, 'www', end, () => false)).toBeUndefined();
  const next = { ...end, stage: 'in1' as const };
  expect(await table.putCertificateEndTold(deployment, 'www', next, () => false)).toEqual(end);
  expect(await table.putCertificateEndTold(deployment, 'www', next, () => true)).toBeUndefined();
  expect(await table.getCertificateEndTold(deployment, 'www')).toEqual(next);
  const problem = { day: '2026-01-01', problem: 'no answer' };
  expect(await table.getCertificateProblemTold(deployment, 'www')).toBeUndefined();
  await table.putCertificateProblemTold(deployment, 'www', problem, () => true);
  expect(await table.getCertificateProblemTold(deployment, 'www')).toEqual(problem);
  expect(await table.getCertificates(deployment)).toHaveLength(2);
});

describe('emergencies', () => {
  const ids = ['20260101t000000z', '20260101t000001z', '20251231t235959z'].map(
    (began) => `${began}-0123456789abcdef`,
  );
  const headOf = (id: string) => ({
    id,
    exposed: ['jwt'],
    others: [],
    reason: 'it was in a log',
    suspects: [],
    keepRunning: false,
    drill: false,
    unattended: false,
    requestedBy: 'mona',
    execution: `arn:aws:states:eu-west-1:000000000000:execution:m:${id}`,
    state: 'running' as const,
    startedAt: at,
    consumers: { stop: [], restart: [], alone: [] },
  });
  const secretOf = (id: string, key: string) => ({
    id,
    key,
    name: `pharmacy/prod/${key}`,
    kind: 'jwt' as const,
    exposed: true,
    state: 'waiting' as const,
    attempts: 0,
    compromised: [],
    evidence: [],
  });

  test('are listed newest first, whatever stands below them; claims are none of them', async () => {
    const records = emergencyRecords('control', 'listed/prod', client);
    for (const id of ids) {
      await records.updateEmergency(id, () => headOf(id));
      await records.updateStage(id, 'stop', () => ({
        id,
        stage: 'stop',
        state: 'running',
        startedAt: at,
        evidence: [],
      }));
      await records.updateSecret(id, 'jwt', () => secretOf(id, 'jwt'));
    }
    await records.replaceClaims(
      [],
      [{ id: ids[0] ?? '', secrets: ['jwt'], unattended: false, at }],
    );
    const listed = await records.getEmergencies(10);
    expect(listed.map(({ id }) => id)).toEqual([ids[1], ids[0], ids[2]]);
    expect(await records.getEmergencies(1)).toHaveLength(1);
    expect(await emergencyRecords('control', 'other/prod', client).getEmergencies(10)).toEqual([]);
    expect((await records.getStages(ids[0] ?? '')).map(({ id }) => id)).toEqual([ids[0]]);
    expect((await records.getSecrets(ids[2] ?? '')).map(({ id }) => id)).toEqual([ids[2]]);
  });

  test('two changes of one record at once are both kept', async () => {
    const records = emergencyRecords('control', 'changed/prod', client);
    const [id = ''] = ids;
    await records.updateSecret(id, 'jwt', () => secretOf(id, 'jwt'));
    await Promise.all(
      ['a', 'b', 'c'].map((material) =>
        records.updateSecret(
          id,
          'jwt',
          (standing) =>
            standing && { ...standing, compromised: [...standing.compromised, material] },
        ),
      ),
    );
    expect((await records.getSecret(id, 'jwt'))?.compromised.sort()).toEqual(['a', 'b', 'c']);
  });

  test('take their secrets by compare-and-swap: of two, one is told that somebody was quicker', async () => {
    const records = emergencyRecords('control', 'claimed/prod', client);
    const claims = ids.map((id) => ({ id, secrets: ['jwt'], unattended: false, at }));
    const taken = await Promise.all(claims.map((claim) => records.replaceClaims([], [claim])));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await records.getClaims()).toHaveLength(1);
  });
});
