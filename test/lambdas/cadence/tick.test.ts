import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import { emergencyOwner } from '../../../domain/events/emergency.ts';
import type { ControlTableDoor } from '../../../doors/control-table.ts';
import type { CadenceDoors } from '../../../lambdas/cadence/doors.ts';
import { type TickSummary, tick } from '../../../lambdas/cadence/tick.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { arnOf, type InMemorySecrets, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../pharmacy.ts';

const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';
const rowsMachine = machine.replace('after-rotation', 'reencryption');
const execution = (name: string) => `${machine.replace('stateMachine', 'execution')}:${name}`;
const v1 = '11111111-1111-4111-8111-111111111111';
const v2 = '22222222-2222-4222-8222-222222222222';
const jwt = 'pharmacy/prod/jwt';
const pii = 'pharmacy/prod/pii';
const old = 'rotated-20250801T000000Z';
const young = 'rotated-20251201T000000Z';

let secrets: InMemorySecrets;
let controlTable: ControlTableDoor;
let executions: ReturnType<typeof recordedExecutions>;
let clock: ReturnType<typeof settableClock>;
let log: ReturnType<typeof recordedLog>;
let metrics: ReturnType<typeof recordedMetrics>;
let doors: CadenceDoors;

beforeEach(async () => {
  secrets = inMemorySecrets();
  controlTable = inMemoryControlTable();
  executions = recordedExecutions();
  clock = settableClock('2025-12-10T12:00:00Z');
  log = recordedLog();
  metrics = recordedMetrics();
  doors = {
    secretsManager: secrets.door,
    controlTable,
    stepFunctions: executions,
    eventBus: recordedBus(),
    metrics,
    clock,
    log,
  };
  // What is due here was announced, and its hour has come; `announced.test.ts` is about the announcement itself.
  for (const name of [jwt, pii]) {
    await controlTable.putNotice(
      name,
      { versionId: v1, at: '2025-12-10T09:30:00Z', plannedAt: '2025-12-10T12:00:00Z', told: true },
      () => false,
    );
  }
});

const secretOf = (
  name: string,
  more: Partial<Pick<RotatedManifestSecret, 'armed' | 'origin'>> = {},
): RotatedManifestSecret => ({
  ...signingSecret(name, name),
  ...more,
});

const encryptionOf = (name: string): RotatedManifestSecret => ({
  kind: 'encryption',
  key: name,
  name,
  function: `fn-${name}`,
  origin: 'new',
  armed: true,
  cadenceDays: 90,
  leadDays: 5,
  readerCacheSeconds: 300,
  readers: 'keyset',
  columns: [],
  reencryption: {
    login: 'rowsDb',
    function: `rows-${name}`,
    mode: 'online',
    workers: 2,
    stores: [],
  },
});

function run(...all: Manifest['secrets']): Promise<TickSummary> {
  return tick(
    doors,
    {
      ...(all.some((secret) => secret.kind === 'encryption') && {
        reencryptionMachine: 'reencryption',
      }),
      ...pharmacy,
      secrets: all,
      consumers: [],
    },
    { afterRotation: machine, reencryption: rowsMachine },
  );
}

const only = (summary: TickSummary) => summary.results[0];
const afterRecord = (state: 'due' | 'running' | 'finished', more = {}) => ({
  versionId: v1,
  state,
  intent: 'planned' as const,
  basedOn: null,
  at: '2025-12-10T11:00:00Z',
  ...more,
});

describe('a secret that is due', () => {
  beforeEach(() => void secrets.add(jwt, { [v1]: ['AWSCURRENT', old] }));

  test('is rotated once, with an intent recorded under its token', async () => {
    expect(only(await run(secretOf(jwt)))).toMatchObject({
      decision: 'overdue',
      done: 'rotationStarted',
    });
    const [rotation] = secrets.rotations;
    expect(rotation?.secretId).toBe(arnOf(jwt));
    expect(await controlTable.getIntent(jwt, rotation?.clientRequestToken ?? '')).toMatchObject({
      intent: 'planned',
      requestedBy: 'cadence',
    });
  });

  test('is asked for with the same token when the answer was lost and the tick repeated', async () => {
    const rotate = secrets.door.rotate;
    const asked: string[] = [];
    doors.secretsManager.rotate = async ({ clientRequestToken }) => {
      asked.push(clientRequestToken);
      throw new Error('the answer was lost');
    };
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'failed', finding: true });
    doors.secretsManager.rotate = rotate;
    clock.set('2025-12-10T12:59:00Z');
    await run(secretOf(jwt));
    expect(secrets.rotations.map(({ clientRequestToken }) => clientRequestToken)).toEqual(asked);
  });

  test('and whose every rotation is refused does not keep the others from their turn', async () => {
    secrets.add(pii, { [v1]: ['AWSCURRENT', 'rotated-20250810T000000Z'] });
    for (const expected of [jwt, pii]) {
      await run(secretOf(jwt), secretOf(pii));
      expect(secrets.rotations.at(-1)?.secretId).toBe(arnOf(expected));
      // createSecret refused: the core took AWSPENDING away again.
      secrets.stages.set(jwt, { [v1]: ['AWSCURRENT', old] });
      clock.set('2025-12-10T13:00:00Z');
    }
    expect(secrets.rotations).toHaveLength(2);
  });

  test('is asked for with a new token an hour after a rotation that failed for good', async () => {
    await run(secretOf(jwt));
    // createSecret refused: the core took AWSPENDING away again.
    secrets.stages.set(jwt, { [v1]: ['AWSCURRENT', old] });
    clock.set('2025-12-10T13:00:00Z');
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'rotationStarted' });
    const tokens = secrets.rotations.map(({ clientRequestToken }) => clientRequestToken);
    expect(new Set(tokens).size).toBe(2);
  });

  test('is not rotated again while its rotation is in progress', async () => {
    await run(secretOf(jwt));
    clock.set('2025-12-10T12:08:00Z');
    expect(only(await run(secretOf(jwt)))).toMatchObject({
      decision: 'inProgress',
      finding: false,
    });
    clock.set('2025-12-10T13:00:00Z');
    expect(only(await run(secretOf(jwt)))).toMatchObject({ decision: 'inProgress', finding: true });
    expect(secrets.rotations).toHaveLength(1);
  });

  test('regression: what the console began a moment ago is in progress, and no finding before it was recorded', async () => {
    secrets.stages.set(jwt, { [v1]: ['AWSCURRENT', old], [v2]: ['AWSPENDING'] });
    const began = new Date('2025-12-10T11:59:59Z');
    const { more } = secrets;
    secrets.more = (name) => ({ ...more(name), lastChangedDate: began });
    expect(only(await run(secretOf(jwt)))).toMatchObject({
      decision: 'inProgress',
      finding: false,
    });
    clock.set('2025-12-10T12:09:00Z');
    expect(only(await run(secretOf(jwt)))).toMatchObject({ decision: 'inProgress', finding: true });
  });

  test('is left alone when a second look finds it rotated meanwhile', async () => {
    secrets.listed.set(jwt, { [v1]: ['AWSCURRENT', old] });
    secrets.promote(jwt, v2, [young]);
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'superseded' });
    expect(secrets.rotations).toEqual([]);
  });

  test('is left alone when somebody else was quicker with RotateSecret', async () => {
    doors.secretsManager.rotate = async () => 'inProgress';
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'superseded', finding: true });
  });

  test('is refused while another rotation holds the lease, and no intent is left', async () => {
    await controlTable.putLease(jwt, {
      token: v2,
      owner: 'emergency',
      at: '2025-12-10T11:59:00Z',
      expiresAt: '2025-12-10T13:00:00Z',
    });
    const result = only(await run(secretOf(jwt)));
    expect(result).toMatchObject({ done: 'refused', finding: false });
    expect(result?.reason).toContain('ERR_ROTATION_LEASED');
    expect(secrets.rotations).toEqual([]);
  });

  test('is not rotated on hold, unarmed or switched off', async () => {
    expect(only(await run(secretOf(jwt, { armed: false })))?.decision).toBe('unarmed');
    await controlTable.putHold(jwt, {
      reason: 'rolled back',
      at: '2025-12-10T11:00:00Z',
      until: '2025-12-13T11:00:00Z',
    });
    expect(only(await run(secretOf(jwt)))?.decision).toBe('held');
    expect(secrets.rotations).toEqual([]);
  });
});

describe('several secrets', () => {
  test('of those that are due the oldest is rotated first, one a tick', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', old] });
    secrets.add(pii, { [v1]: ['AWSCURRENT', 'rotated-20250701T000000Z'] });
    const summary = await run(secretOf(jwt), secretOf(pii));
    expect(summary.results.map(({ secretName, done }) => [secretName, done])).toEqual([
      [jwt, 'staggered'],
      [pii, 'rotationStarted'],
    ]);
  });

  test('one that is refused gives its place to the next', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', old] });
    secrets.add(pii, { [v1]: ['AWSCURRENT', 'rotated-20250701T000000Z'] });
    await controlTable.putLease(pii, {
      token: v2,
      owner: 'emergency',
      at: '2025-12-10T11:59:00Z',
      expiresAt: '2025-12-10T13:00:00Z',
    });
    await run(secretOf(jwt), secretOf(pii));
    expect(secrets.rotations.map(({ secretId }) => secretId)).toEqual([arnOf(jwt)]);
  });

  test('one that cannot be read does not keep the others from their turn, and its error is withheld', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', old] });
    const summary = await run(secretOf('gone'), secretOf(jwt));
    expect(summary.results[0]).toMatchObject({ done: 'failed', finding: true, reason: 'Error' });
    expect(summary.results[1]).toMatchObject({ done: 'rotationStarted' });
  });

  test('a hundred secrets that are not due take one list call and no other', async () => {
    const all = Array.from({ length: 100 }, (_, index) => `pharmacy/prod/s${index}`);
    for (const name of all) secrets.add(name, { [v1]: ['AWSCURRENT', young] });
    await run(...all.map((name) => secretOf(name)));
    expect(secrets.calls).toEqual(['ListSecrets']);
  });

  test('an adopted secret outside of the name space is found by its name', async () => {
    secrets.add('legacy-db', { [v1]: ['AWSCURRENT', young] });
    expect(only(await run(secretOf('legacy-db', { origin: 'adopted' })))?.decision).toBe('notDue');
  });

  test('user-managed secrets are nobody the cadence rotates', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT'] });
    const summary = await run({ kind: 'userManaged', key: 'x', name: jwt, purpose: 'vendor key' });
    expect(summary.results).toEqual([]);
  });

  test('each secret leaves one line in the log, findings as errors, and a summary follows', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', young] });
    secrets.add(pii, { [v1]: ['AWSCURRENT', 'rotated-soon'] });
    const summary = await run(secretOf(jwt), secretOf(pii));
    expect(summary).toMatchObject({ secrets: 2, findings: 1 });
    expect(log.lines.map(({ level, event, fields }) => [level, event, fields.secret])).toEqual([
      ['info', 'cadence', jwt],
      ['error', 'cadence', pii],
      ['info', 'cadence-summary', undefined],
    ]);
    expect(log.lines[0]?.fields.limitAt).toBe('2026-03-01T00:00:00.000Z');
  });
});

describe('a new secret', () => {
  test('gets its first value by a rotation, not counted among those of the tick', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT'] });
    secrets.add(pii, { [v1]: ['AWSCURRENT', old] });
    const summary = await run(secretOf(jwt), secretOf(pii));
    expect(summary.results.map(({ done }) => done)).toEqual([
      'firstValueStarted',
      'rotationStarted',
    ]);
  });
});

describe('an AfterRotation that never finished', () => {
  beforeEach(() => void secrets.add(jwt, { [v1]: ['AWSCURRENT', young] }));

  test('of an emergency is started by whoever comes, by one name, when the emergency has not', async () => {
    const owner = emergencyOwner('20251210t101500z-9f2c41aa07be63d1');
    const emergency = { intent: 'emergency', owner } as const;
    await controlTable.putAfterRotation(
      jwt,
      afterRecord('due', { ...emergency, at: '2025-12-10T11:55:00Z' }),
    );
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'nothing' });
    clock.set('2025-12-10T12:55:00Z');
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'afterRotationRestarted' });
    expect(executions.started).toMatchObject([{ name: v1 }]);
  });

  test('is started when its event was lost', async () => {
    await controlTable.putAfterRotation(jwt, afterRecord('due'));
    expect(only(await run(secretOf(jwt)))).toMatchObject({
      done: 'afterRotationRestarted',
      started: v1,
    });
    expect(executions.started).toEqual([
      { name: v1, input: { secretArn: arnOf(jwt), secretName: jwt, versionId: v1 } },
    ]);
  });

  test('is started again under the next name, taking over from the execution that died', async () => {
    executions.started.push({ name: v1, input: {} }, { name: `${v1}-2`, input: {} });
    await controlTable.putAfterRotation(
      jwt,
      afterRecord('running', { execution: execution(`${v1}-2`) }),
    );
    expect(only(await run(secretOf(jwt)))?.started).toBe(`${v1}-3`);
    expect(executions.started[2]?.input).toMatchObject({ takeOver: execution(`${v1}-2`) });
  });

  test('is left alone while its execution runs, or that of its owner', async () => {
    executions.running.add(execution(v1));
    await controlTable.putAfterRotation(jwt, afterRecord('due', { owner: execution(v1) }));
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'nothing', finding: false });
  });

  test('is given up after twenty executions', async () => {
    for (let n = 1; n <= 20; n++) {
      executions.started.push({ name: n === 1 ? v1 : `${v1}-${n}`, input: {} });
    }
    await controlTable.putAfterRotation(jwt, afterRecord('due'));
    const result = only(await run(secretOf(jwt)));
    expect(result).toMatchObject({ done: 'failed', finding: true });
    expect(result?.reason).toContain('ERR_ROTATION_TOO_MANY_RESTARTS');
  });

  test('is left alone when it is finished', async () => {
    await controlTable.putAfterRotation(jwt, afterRecord('finished'));
    expect(only(await run(secretOf(jwt)))).toMatchObject({ decision: 'notDue', done: 'nothing' });
  });
});

describe('what a tick tells CloudWatch', () => {
  const deployment = { Deployment: 'pharmacy/prod' };

  test('age and days to the limit of every secret whose age is known, armed or not', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', young] });
    secrets.add(pii, { [v1]: ['AWSCURRENT', young] });
    await run(secretOf(jwt), secretOf(pii, { armed: false }));
    // 1 December, midnight, to 10 December, noon.
    const values = { MaterialAgeDays: 9.5, DaysToLimit: 80.5 };
    const at = clock.now();
    expect(metrics.emitted.slice(0, -1)).toEqual([
      { dimensions: { ...deployment, Secret: jwt }, values, at },
      { dimensions: { ...deployment, Secret: pii }, values, at },
    ]);
  });

  test('nothing of a secret whose age nobody can tell: its alarm hears that', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', 'rotated-20991231T000000Z'] });
    await run(secretOf(jwt), secretOf('pharmacy/prod/gone'));
    expect(metrics.emitted).toEqual([
      { dimensions: deployment, values: { Findings: 2, Heartbeat: 1 }, at: clock.now() },
    ]);
  });

  test('a heartbeat last of all, and none when the tick was broken off', async () => {
    await run();
    expect(metrics.emitted.at(-1)?.values).toEqual({ Findings: 0, Heartbeat: 1 });
    metrics.emitted.length = 0;
    doors.secretsManager.listTagged = async () => {
      throw new Error('access denied');
    };
    await expect(run()).rejects.toThrow('access denied');
    expect(metrics.emitted).toEqual([]);
  });
});

describe('a secret whose rows follow its key', () => {
  const kid = 'aaaaaaaaaaaaaaaa';
  const record = (more: Partial<ReencryptionRecord>): ReencryptionRecord => ({
    state: 'active',
    mode: 'online',
    targetKid: kid,
    versionId: v1,
    findings: [],
    at: '2025-12-10T11:30:00Z',
    ...more,
  });
  const underWay = (more: Partial<ReencryptionRecord>) =>
    controlTable.updateReencryption(pii, () => record(more));

  test('is not asked to rotate while rows are under way, and the line says how many are left', async () => {
    secrets.add(pii, { [v1]: ['AWSCURRENT', old] });
    await underWay({ rowsLeft: [{ columnId: 'notes.body', rows: 41 }] });
    expect(only(await run(encryptionOf(pii)))).toMatchObject({
      done: 'refused',
      finding: true,
      reason: expect.stringContaining('41 values are left: 41 in notes.body'),
    });
    expect(secrets.rotations).toEqual([]);
    await underWay({ state: 'verified' });
    expect(only(await run(encryptionOf(pii)))).toMatchObject({ done: 'rotationStarted' });
  });

  test.each([
    ['active', '2025-12-10T11:30:00Z', 0],
    ['active', '2025-12-10T11:00:00Z', 1],
    ['due', '2025-12-10T10:59:00Z', 1],
    ['stopped', '2025-12-10T11:59:00Z', 1],
    ['active', 'unreadable', 1],
    ['verified', '2025-12-01T00:00:00Z', 0],
    ['unproven', '2025-12-01T00:00:00Z', 0],
    ['closed', '2025-12-01T00:00:00Z', 0],
  ] as const)('%s since %s at noon: %d stand still', async (state, at, stalled) => {
    secrets.add(pii, { [v1]: ['AWSCURRENT', young] });
    const alive = `${rowsMachine.replace('stateMachine', 'execution')}:alive`;
    executions.running.add(alive);
    await underWay({ state, at, execution: alive });
    expect(only(await run(encryptionOf(pii)))).toMatchObject({
      decision: 'notDue',
      finding: stalled === 1,
      ...(stalled === 1 && { reason: expect.stringContaining(`toward key ${kid}`) }),
    });
    expect(metrics.emitted.at(-1)?.values).toMatchObject({
      Findings: stalled,
      ReencryptionStalled: stalled,
    });
  });

  test.each([
    ['2025-12-10T11:00:00Z', 0],
    ['2025-12-09T12:00:01Z', 0],
    ['2025-12-09T12:00:00Z', 1],
    ['unreadable', 1],
  ])(
    'paused since %s is told as paused, and %d of them by an alarm',
    async (pausedSince, found) => {
      secrets.add(pii, { [v1]: ['AWSCURRENT', young] });
      const alive = `${rowsMachine.replace('stateMachine', 'execution')}:alive`;
      executions.running.add(alive);
      await underWay({ execution: alive, at: '2025-12-09T11:00:00Z', pausedSince });
      expect(only(await run(encryptionOf(pii)))).toMatchObject({
        finding: found === 1,
        reason: expect.stringContaining(`is paused since ${pausedSince}`),
      });
      expect(metrics.emitted.at(-1)?.values).toMatchObject({ ReencryptionStalled: found });
    },
  );

  test('is told every hour whether something is left that nobody vouched for', async () => {
    secrets.add(pii, { [v1]: ['AWSCURRENT', young] });
    const told = async () => {
      metrics.emitted.length = 0;
      await run(encryptionOf(pii));
      return metrics.emitted
        .filter(({ values }) => 'ReencryptionUnproven' in values)
        .map(({ dimensions, values }) => [dimensions, values.ReencryptionUnproven]);
    };
    expect(await told()).toEqual([]);
    await underWay({ state: 'unproven' });
    expect(await told()).toEqual([[{ Secret: pii }, 1]]);
    clock.set('2025-12-10T13:00:00Z');
    expect(await told()).toEqual([[{ Secret: pii }, 1]]);
    await underWay({ state: 'verified' });
    expect(await told()).toEqual([[{ Secret: pii }, 0]]);
  });

  describe('in maintenance mode, with an AfterRotation that handed over', () => {
    beforeEach(async () => {
      secrets.add(pii, { [v1]: ['AWSCURRENT', young] });
      await controlTable.putAfterRotation(pii, {
        versionId: v1,
        state: 'running',
        intent: 'planned',
        basedOn: null,
        publishedKid: kid,
        execution: execution('over'),
        at: '2025-12-10T10:00:00Z',
      });
    });
    const maintenance = { mode: 'maintenance' as const, at: '2025-12-10T11:59:00Z' };

    test.each([
      ['due', false],
      ['active', false],
      ['unproven', true],
      ['stopped', true],
    ] as const)('waits while the rows are %s; a finding: %s', async (state, finding) => {
      await underWay({ ...maintenance, state });
      for (let hour = 0; hour < 30; hour++) {
        expect(only(await run(encryptionOf(pii)))).toMatchObject({
          decision: 'afterRotationPending',
          done: 'nothing',
          finding,
          reason: expect.stringContaining(`their re-encryption is ${state}`),
        });
      }
      expect(executions.started).toEqual([]);
    });

    test('that consumers are not stopped is said after an hour', async () => {
      await underWay({ ...maintenance, state: 'due', at: '2025-12-10T11:00:00Z' });
      expect(only(await run(encryptionOf(pii)))).toMatchObject({
        done: 'nothing',
        finding: true,
        reason: expect.stringContaining('waits since 2025-12-10T11:00:00Z for its consumers'),
      });
    });

    test.each([
      ['are proven', { ...maintenance, state: 'verified' as const }],
      ['were closed', { ...maintenance, state: 'closed' as const }],
      ['follow another key', { ...maintenance, targetKid: 'bbbbbbbbbbbbbbbb' }],
      ['are moved online', { at: maintenance.at }],
    ])('is started again when the rows %s', async (_how, more) => {
      await underWay(more);
      expect(only(await run(encryptionOf(pii)))).toMatchObject({ done: 'afterRotationRestarted' });
    });
  });

  test.each(['due', 'active'] as const)(
    'is started again when it is %s and no execution is alive',
    async (state) => {
      secrets.add(pii, { [v1]: ['AWSCURRENT', young] });
      const dead = `${rowsMachine.replace('stateMachine', 'execution')}:dead`;
      await underWay({ state, execution: dead });
      expect(only(await run(encryptionOf(pii)))).toMatchObject({ finding: true, restarted: v1 });
      expect(executions.started.at(-1)).toEqual({
        name: v1,
        input: { secretName: pii, secretArn: arnOf(pii), function: `rows-${pii}`, versionId: v1 },
      });
      executions.started.length = 0;
      executions.running.add(dead);
      expect(only(await run(encryptionOf(pii)))).not.toHaveProperty('restarted');
      expect(executions.started).toEqual([]);
    },
  );

  test('only such a secret is asked about: another one has no such record, and no right to look', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', old] });
    controlTable.getReencryption = () => Promise.reject(new Error('access denied'));
    expect(only(await run(secretOf(jwt)))).toMatchObject({ done: 'rotationStarted' });
    expect(metrics.emitted.at(-1)?.values).not.toHaveProperty('ReencryptionStalled');
  });
});
