import { beforeEach, expect, test } from '@jest/globals';
import type { Manifest } from '../../../domain/config/manifest.ts';
import type { RotationRecord } from '../../../domain/events/control-records.ts';
import { parseLabelEvent } from '../../../lambdas/starter/label-event.ts';
import { type StarterDoors, start } from '../../../lambdas/starter/start.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { arnOf, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedLog,
  settableClock,
} from '../../doors/recorded.ts';
import { pharmacy } from '../pharmacy.ts';

const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';
const name = 'pharmacy/prod/jwt';
const v1 = '11111111-1111-4111-8111-111111111111';
const v2 = '22222222-2222-4222-8222-222222222222';
const manifest: Manifest = {
  ...pharmacy,
  secrets: [
    {
      kind: 'jwt',
      key: 'jwt',
      name,
      function: 'fn',
      origin: 'new',
      armed: true,
      cadenceDays: 180,
      leadDays: 5,
      readerCacheSeconds: 300,
      readers: 'keyset',
      acceptForSeconds: 60,
      logsEveryoneOut: false,
    },
    { kind: 'userManaged', key: 'vendor', name: 'pharmacy/prod/vendor', purpose: 'vendor key' },
  ],
  consumers: [],
};
const rotation: RotationRecord = {
  token: v2,
  intent: 'planned',
  basedOn: v1,
  provenance: { intent: 'planned', token: v2, attributed: false },
  at: '2026-05-17T17:00:00Z',
  steps: {},
  evidence: [],
};

let doors: StarterDoors & {
  stepFunctions: ReturnType<typeof recordedExecutions>;
  eventBus: ReturnType<typeof recordedBus>;
  log: ReturnType<typeof recordedLog>;
};
let secrets: ReturnType<typeof inMemorySecrets>;
let controlTable: ReturnType<typeof inMemoryControlTable>;

beforeEach(() => {
  secrets = inMemorySecrets();
  controlTable = inMemoryControlTable();
  doors = {
    secretsManager: secrets.door,
    controlTable,
    stepFunctions: recordedExecutions(),
    eventBus: recordedBus(),
    clock: settableClock('2026-05-17T17:00:02Z'),
    log: recordedLog(),
  };
});

const started = (detail: { name?: string; labelUpdated?: string } = {}) =>
  start(
    doors,
    manifest,
    machine,
    parseLabelEvent(
      {
        source: 'aws.secretsmanager',
        'detail-type': 'Secret Label Updated',
        time: '2026-05-17T17:00:01Z',
        resources: [arnOf(detail.name ?? name)],
        detail: { name, labelUpdated: 'AWSCURRENT', versionId: v2, ...detail },
      },
      machine,
    ),
  );

/** What the core leaves of a rotation of ours before it promotes its version. */
async function promoted(more: Partial<RotationRecord> = {}): Promise<void> {
  await controlTable.fixRotation(name, { ...rotation, ...more });
  await controlTable.putAfterRotation(name, {
    versionId: v2,
    state: 'due',
    intent: 'planned',
    basedOn: v1,
    at: rotation.at,
  });
}

async function afterRotationFinished(at: string): Promise<void> {
  const record = await controlTable.getAfterRotation(name, v2);
  if (record === undefined) throw new Error('promoted() comes first');
  await controlTable.moveAfterRotation(name, ['due'], { ...record, state: 'finished', at });
}

test('a rotation of ours starts one execution, named after the version', async () => {
  await promoted();
  expect(await started()).toBe('started');
  expect(doors.stepFunctions.started).toEqual([
    { name: v2, input: { secretArn: arnOf(name), secretName: name, versionId: v2 } },
  ]);
});

test('an event that is delivered twice starts nothing the second time', async () => {
  await promoted();
  await started();
  expect(await started()).toBe('alreadyStarted');
  expect(doors.stepFunctions.started).toHaveLength(1);
});

test('a version that an execution owns is handed over to it', async () => {
  await promoted({ owner: 'arn:aws:states:::execution:x' });
  expect(await started()).toBe('handedOver');
  expect(doors.stepFunctions.started).toEqual([]);
});

test('a write that no rotation made is told on the bus and as an error, and starts nothing', async () => {
  secrets.add(name, { [v2]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS', 'rotated-20260101T000000Z'] });
  expect(await started()).toBe('unmanagedWrite');
  expect(doors.eventBus.events).toEqual([
    {
      source: 'quarterturn',
      detailType: 'unmanaged-secret-write',
      resources: [arnOf(name)],
      detail: {
        type: 'unmanaged-secret-write',
        version: 1,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        at: '2026-05-17T17:00:02.000Z',
        secret: { name, arn: arnOf(name) },
        versionId: v2,
      },
    },
  ]);
  expect(doors.log.lines[0]).toMatchObject({ level: 'error' });
  expect(doors.stepFunctions.started).toEqual([]);
  // The watch finds that it was told.
  expect(await controlTable.getTold(name, 'unmanagedWrite', v2)).toMatchObject({ versionId: v2 });
});

test('AWSCURRENT moved back by hand to a version of ours is an unmanaged write, too', async () => {
  await promoted();
  await afterRotationFinished('2026-05-17T16:00:00Z');
  secrets.add(name, { [v2]: ['AWSCURRENT', 'rotated-20260517T150000Z'], [v1]: ['AWSPREVIOUS'] });
  expect(await started()).toBe('unmanagedWrite');
  expect(doors.eventBus.events).toHaveLength(1);
  expect(doors.stepFunctions.started).toEqual([]);
});

test('an event that arrives after its AfterRotation has finished tells nothing new', async () => {
  await promoted();
  await started();
  await afterRotationFinished('2026-05-17T17:00:09Z');
  expect(await started()).toBe('alreadyStarted');
  expect(doors.eventBus.events).toEqual([]);
});

test('a version that was rotated but never promoted by its rotation is an unmanaged write', async () => {
  await controlTable.fixRotation(name, rotation);
  secrets.add(name, { [v2]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS', 'rotated-20260101T000000Z'] });
  expect(await started()).toBe('unmanagedWrite');
  expect(doors.stepFunctions.started).toEqual([]);
});

test('the empty first value that the deployment writes is no unmanaged write', async () => {
  secrets.add(name, { [v2]: ['AWSCURRENT'] });
  expect(await started()).toBe('uninitialised');
  expect(doors.eventBus.events).toEqual([]);
});

test('date labels and pins start nothing', async () => {
  await promoted();
  expect(await started({ labelUpdated: 'rotated-20260517T170002Z' })).toBe('otherLabel');
  expect(doors.stepFunctions.started).toEqual([]);
});

test('secrets of others and user-managed secrets are left alone', async () => {
  expect(await started({ name: 'somebody/elses' })).toBe('notOurs');
  expect(await started({ name: 'pharmacy/prod/vendor' })).toBe('notOurs');
});

test('an event that is not the one expected is refused', () => {
  expect(() => parseLabelEvent({ source: 'custom', detail: {} }, machine)).toThrow(
    expect.objectContaining({ code: 'ERR_ROTATION_INVALID_EVENT' }),
  );
});
