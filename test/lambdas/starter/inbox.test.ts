import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Manifest } from '../../../domain/config/manifest.ts';
import { inboxToken } from '../../../domain/policy/derived-token.ts';
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
const name = 'pharmacy/prod/anthropic';
const inbox = `${name}/inbox`;
const [v1, v2, i1, i2] = ['v1', 'v2', 'i1', 'i2'].map((id) => id.repeat(16)) as [
  string,
  string,
  string,
  string,
];
const manifest: Manifest = {
  ...pharmacy,
  secrets: [
    {
      kind: 'userManaged',
      key: 'anthropic',
      name,
      purpose: 'vendor key',
      remindDays: 90,
      inbox: { name: inbox },
      function: 'fn',
      origin: 'new',
      armed: true,
      readerCacheSeconds: 300,
    },
  ],
  consumers: [],
};
const at = '2026-05-17T17:00:02.000Z';

let secrets: ReturnType<typeof inMemorySecrets>;
let controlTable: ReturnType<typeof inMemoryControlTable>;
let doors: StarterDoors;

beforeEach(() => {
  secrets = inMemorySecrets();
  controlTable = inMemoryControlTable();
  doors = {
    secretsManager: secrets.door,
    controlTable,
    stepFunctions: recordedExecutions(),
    eventBus: recordedBus(),
    clock: settableClock(at),
    log: recordedLog(),
  };
  secrets.add(name, { [v1]: ['AWSCURRENT'] });
  secrets.add(inbox, { [i1]: ['AWSPREVIOUS'], [i2]: ['AWSCURRENT'] }, false);
});

const put = (versionId = i2, of = inbox) =>
  start(
    doors,
    manifest,
    machine,
    parseLabelEvent(
      {
        source: 'aws.secretsmanager',
        'detail-type': 'Secret Label Updated',
        time: at,
        resources: [arnOf(of)],
        detail: { name: of, labelUpdated: 'AWSCURRENT', versionId },
      },
      machine,
    ),
  );

describe('a value that somebody put into an inbox', () => {
  test('is taken by a planned rotation of its secret, which says what asked for it', async () => {
    expect(await put()).toBe('rotationStarted');
    const token = inboxToken(name, i2);
    expect(secrets.rotations).toEqual([{ secretId: arnOf(name), clientRequestToken: token }]);
    expect(await controlTable.getIntent(name, token)).toEqual({
      intent: 'planned',
      token,
      requestedBy: 'inbox',
      reason: `version ${i2} of ${inbox}`,
      at,
    });
  });

  test('is taken once, however often its event comes', async () => {
    await put();
    const token = inboxToken(name, i2);
    await controlTable.fixRotation(name, {
      token,
      intent: 'planned',
      basedOn: v1,
      provenance: { intent: 'planned', token, attributed: true },
      at,
      steps: {},
      evidence: [],
    });
    expect(await put()).toBe('alreadyStarted');
    expect(secrets.rotations).toHaveLength(1);
  });

  test('waits while another rotation or its AfterRotation is under way: Lambda asks again', async () => {
    const waiting = (code: string) => expect(put()).rejects.toMatchObject({ code });
    secrets.add(name, { [v1]: ['AWSCURRENT'], [v2]: ['AWSPENDING'] });
    await waiting('ERR_ROTATION_IN_PROGRESS');
    secrets.add(name, { [v1]: ['AWSCURRENT'] });
    const after = {
      versionId: v1,
      state: 'running',
      intent: 'planned',
      basedOn: null,
      at,
    } as const;
    await controlTable.putAfterRotation(name, after);
    await waiting('ERR_ROTATION_AFTER_ROTATION_PENDING');
    expect(secrets.rotations).toEqual([]);
  });

  test('is nothing as long as it is the marker the deployment made', async () => {
    secrets.add(inbox, { [i1]: ['AWSCURRENT'] }, false);
    expect(await put(i1)).toBe('uninitialised');
    expect(secrets.rotations).toEqual([]);
  });
});

test('the secret itself is followed up as any that rotates, and a write past its rotation is told', async () => {
  secrets.add(name, { [v1]: ['AWSPREVIOUS', 'rotated-20260101T000000Z'], [v2]: ['AWSCURRENT'] });
  expect(await put(v2, name)).toBe('unmanagedWrite');
});
