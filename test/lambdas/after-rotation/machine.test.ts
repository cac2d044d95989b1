import { describe, expect, test } from '@jest/globals';
import type { RotationAuditEvent } from '../../../domain/events/audit-event.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { measureRotation } from '../../../lambdas/after-rotation/measure-rotation.ts';
import { maximumPolls } from '../../../lambdas/after-rotation/tasks/settled.ts';
import { proveProxySchema } from '../../../lambdas/database/prove-proxy.ts';
import { retireRoleSchema } from '../../../lambdas/database/retire-role.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { type Call, database, executionArn, jwt, kid, name, v0, v1, world } from './world.ts';

const token = activateToken(name, v1, kid);
const tasksOf = ({ calls }: ReturnType<typeof world>) =>
  calls.map(({ task, operation }) => task ?? operation);
const stateOf = async ({ controlTable }: ReturnType<typeof world>, versionId = v1) =>
  (await controlTable.getAfterRotation(name, versionId))?.state;
const eventsOf = ({ doors }: ReturnType<typeof world>) =>
  doors.eventBus.events.map(({ detail }) => detail as RotationAuditEvent);

describe('a rotation that is over when it is promoted', () => {
  test('is waited for, proven and finished', async () => {
    const around = world(database);
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    around.secrets.stages.set(name, { [v1]: ['AWSPENDING'], [v0]: ['AWSCURRENT'] });
    let looks = 0;
    around.before.task = ({ task }) => {
      looks += task === 'settled' ? 1 : 0;
      if (looks === 3) around.secrets.promote(name, v1);
    };
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual([
      'begin',
      'settled',
      'settled',
      'settled',
      'proveOld',
      'audit',
      'finish',
    ]);
    expect(await stateOf(around)).toBe('finished');
  });

  test('leaves one audit event: what, why, by whom, on what, and the facts', async () => {
    const around = world(database);
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.doors.eventBus.events).toMatchObject([
      { source: 'quarterturn', detailType: 'credential-secret-rotation', resources: [arnOf(name)] },
    ]);
    expect(eventsOf(around)).toEqual([
      {
        type: 'credential-secret-rotation',
        version: 1,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        at: '2026-05-17T17:00:00.000Z',
        secret: { name, arn: arnOf(name) },
        kind: 'database',
        versionId: v1,
        basedOn: v0,
        intent: 'planned',
        material: { primary: 'b:2', replaced: 'a:1' },
        rotations: [
          {
            versionId: v1,
            intent: 'planned',
            basedOn: v0,
            at: '2026-05-17T17:00:00.000Z',
            triggeredBy: { attributed: true, requestedBy: 'cadence' },
            steps: {
              createSecret: {
                at: '2026-05-17T17:00:00.000Z',
                milliseconds: 120,
                outcome: 'created',
              },
            },
            evidence: [{ fact: 'signed', detail: { kid } }],
          },
        ],
        outcome: 'rotated',
        afterRotation: {
          execution: executionArn(v1),
          startedAt: '2026-05-17T17:00:00.000Z',
          endedAt: '2026-05-17T17:00:00.000Z',
        },
      },
    ]);
  });

  test('an emergency of a database with two roles closes the leaked one by its own function', async () => {
    const around = world(database);
    await around.rotated(v1, 'emergency', { primary: 'b:2', replaced: 'a:1' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual([
      'begin',
      'settled',
      'retireRole',
      'proveOld',
      'recordProof',
      'audit',
      'finish',
    ]);
    expect(around.calls[2]).toEqual({
      operation: 'retireRole',
      leakedVersionId: v0,
      currentVersionId: v1,
    });
    expect(retireRoleSchema.safeParse(around.calls[2]).success).toBe(true);
  });

  test.each([
    ['a planned rotation', database, 'planned' as const, 'a:1'],
    ['an emergency of another kind', jwt, 'emergency' as const, 'k1'],
    ['an emergency that made the first value', database, 'emergency' as const, undefined],
    [
      'an emergency of one role',
      { ...database, scheme: 'singleUser' as const },
      'emergency' as const,
      'a:1',
    ],
  ])('%s closes no role', async (_title, secret, intent, replaced) => {
    const around = world(secret);
    await around.rotated(v1, intent, { primary: 'b:2', ...(replaced && { replaced }) });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).not.toContain('retireRole');
  });
});

describe('a secret whose consumers connect through RDS Proxy', () => {
  const proxied = { ...database, scheme: 'singleUser', connection: 'rdsProxy' } as const;
  const evidence = [
    { fact: 'loginAcceptedThroughPooler', detail: { role: 'a', host: 'proxy', port: 5432 } },
  ];
  const notReady = (times: number, name = 'ProxyNotReadyError') => {
    let refusals = 0;
    return ({ operation }: Call) => {
      if (operation !== 'proveProxy') return undefined;
      if (refusals++ < times)
        throw Object.assign(new Error('RDS Proxy does not let a in'), { name });
      return { evidence };
    };
  };

  test('is proven through the proxy after the promotion, as soon as it lets AWSCURRENT in', async () => {
    const around = world(proxied);
    await around.rotated(v1, 'planned', { primary: 'a:2', replaced: 'a:1' });
    around.before.operation = notReady(3);
    const begun = around.bench.clock.now().getTime();
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual([
      'begin',
      'settled',
      ...Array(4).fill('proveProxy'),
      'proveOld',
      'audit',
      'finish',
    ]);
    expect(proveProxySchema.safeParse(around.calls[2]).success).toBe(true);
    expect(around.calls[2]).toMatchObject({ currentVersionId: v1 });
    expect((around.bench.clock.now().getTime() - begun) / 1000).toBe(45);
    const [event] = eventsOf(around);
    expect(event).toMatchObject({ outcome: 'rotated', afterRotation: { evidence } });
  });

  test('stops with the finding when the proxy refuses for ten minutes, and a person resumes it', async () => {
    const around = world(proxied);
    await around.rotated(v1, 'planned', { primary: 'a:2', replaced: 'a:1' });
    around.before.operation = notReady(41);
    const begun = around.bench.clock.now().getTime();
    expect(await around.execute()).toBe('FAILED');
    expect((around.bench.clock.now().getTime() - begun) / 1000).toBe(600);
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      state: 'stopped',
      reason: 'ProxyNotReadyError: RDS Proxy does not let a in',
    });
    const [event] = eventsOf(around);
    expect(event).toMatchObject({
      outcome: 'stopped',
      reason: 'ProxyNotReadyError: RDS Proxy does not let a in',
    });
    expect(event?.afterRotation).not.toHaveProperty('evidence');
    expect(await around.execute({ resume: true }, 'resumed')).toBe('SUCCEEDED');
    expect(await stateOf(around)).toBe('finished');
  });

  test('stops at once when the server itself refuses AWSCURRENT', async () => {
    const around = world(proxied);
    await around.rotated(v1, 'planned', { primary: 'a:2', replaced: 'a:1' });
    around.before.operation = notReady(1, 'LoginRefusedError');
    expect(await around.execute()).toBe('FAILED');
    expect(tasksOf(around).filter((task) => task === 'proveProxy')).toHaveLength(1);
  });

  test.each([
    ['pgbouncer', { ...database, connection: 'pgbouncer' as const }],
    ['direct', { ...database, connection: 'direct' as const }],
    ['a manifest of 0.1', database],
  ])('is no matter of %s', async (_title, secret) => {
    const around = world(secret);
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).not.toContain('proveProxy');
  });
});

describe('a rotation that published a key', () => {
  async function published() {
    const around = world(jwt);
    await around.rotated(v1, 'planned', { publishedKid: kid, primary: 'old' });
    let looks = 0;
    around.before.task = async ({ task }) => {
      looks += task === 'activated' ? 1 : 0;
      if (task === 'activated' && looks === 2) await around.activateBy(executionArn(v1));
    };
    return around;
  }

  test('is activated under its own intent, and both versions are finished', async () => {
    const around = await published();
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual([
      'begin',
      'settled',
      'activate',
      'activated',
      'activated',
      'audit',
      'finish',
    ]);
    expect(around.secrets.rotations).toEqual([
      { secretId: arnOf(name), clientRequestToken: token },
    ]);
    expect(await around.controlTable.getIntent(name, token)).toMatchObject({
      intent: 'activate',
      owner: executionArn(v1),
      activate: { versionId: v1, kid },
    });
    expect([await stateOf(around), await stateOf(around, token)]).toEqual(['finished', 'finished']);
  });

  test('waits until whoever read the secret right before has to read it again', async () => {
    const around = await published();
    const asked: number[] = [];
    const began = around.bench.clock.now().getTime();
    const then = around.before.task;
    around.before.task = async (call) => {
      if (call.task === 'activate') asked.push(around.bench.clock.now().getTime() - began);
      await then(call);
    };
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toBeGreaterThanOrEqual(jwt.readerCacheSeconds * 1_000);
  });

  test('says how long it took until the new key was in use, of the secret and of the deployment', async () => {
    const around = await published();
    const then = around.before.task;
    around.before.task = async (call) => {
      if (call.task === 'audit') around.doors.clock.set('2026-05-17T17:07:30.000Z');
      await then(call);
    };
    await around.execute();
    const Deployment = 'pharmacy/prod';
    expect(
      around.doors.metrics.emitted.map(({ dimensions, values }) => [dimensions, values]),
    ).toEqual([
      [{ Deployment }, { TimeToRotateSeconds: 450 }],
      [{ Deployment, Secret: name }, { TimeToRotateSeconds: 450 }],
    ]);
    // Days of waiting for rows (maintenance) are no time to rotate.
    around.doors.metrics.emitted.length = 0;
    await measureRotation(around.doors, { secretName: name, versionId: v1, maintenance: true });
    expect(around.doors.metrics.emitted).toEqual([]);
  });

  test('is proven by one event that holds both passes and what the activation replaced', async () => {
    const around = await published();
    expect(await around.execute()).toBe('SUCCEEDED');
    const [event] = eventsOf(around);
    expect(event?.material).toEqual({ primary: kid, replaced: 'old' });
    expect(event?.rotations.map(({ intent }) => intent)).toEqual(['planned', 'activate']);
    expect(event?.logsEveryoneOut).toBe(false);
  });

  test('an execution that is run again after its activation was promoted asks for no second one', async () => {
    const around = await published();
    around.before.task = async ({ task }) => {
      if (task === 'activated') throw new Error('the function died');
    };
    expect(await around.execute()).toBe('FAILED');
    await around.activateBy(executionArn(v1));
    around.before.task = () => undefined;
    expect([await stateOf(around), await stateOf(around, token)]).toEqual(['stopped', 'due']);
    await around.execute({ resume: true }, `${v1}-2`);
    expect(around.secrets.rotations).toHaveLength(1);
    expect([await stateOf(around), await stateOf(around, token)]).toEqual(['finished', 'finished']);
  });

  test('the activation is refused when preflight refuses it, with the reason recorded', async () => {
    const around = await published();
    await around.controlTable.putLease(name, {
      token: v0,
      owner: 'emergency',
      at: '2026-05-17T16:59:00Z',
      expiresAt: '2026-05-17T18:00:00Z',
    });
    expect(await around.execute()).toBe('FAILED');
    expect(around.secrets.rotations).toEqual([]);
    expect((await around.controlTable.getAfterRotation(name, v1))?.reason).toMatch(
      /^ActivationRefusedError: ERR_ROTATION_LEASED/,
    );
  });

  test('an activation that never ends stops it after a bounded number of looks', async () => {
    const around = world(jwt);
    await around.rotated(v1, 'planned', { publishedKid: kid });
    expect(await around.execute()).toBe('FAILED');
    expect(tasksOf(around).filter((task) => task === 'activated')).toHaveLength(maximumPolls);
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('NotSettledError'),
    });
  });

  test('an emergency that stops it by its record is obeyed before the next step', async () => {
    const around = await published();
    around.before.task = async ({ task }) => {
      if (task !== 'activate') return;
      const record = await around.controlTable.getAfterRotation(name, v1);
      if (record === undefined) throw new Error('no record');
      await around.controlTable.moveAfterRotation(name, ['running'], {
        ...record,
        state: 'stopped',
        reason: 'preempted by on-call',
      });
    };
    expect(await around.execute()).toBe('FAILED');
    expect(around.secrets.rotations).toEqual([]);
    expect(eventsOf(around)).toMatchObject([
      { outcome: 'stopped', reason: 'preempted by on-call' },
    ]);
  });
});

describe('who takes an AfterRotation', () => {
  test('of two executions of one version the second has nothing to do', async () => {
    const around = world(database);
    await around.rotated(v1, 'planned');
    expect(await around.execute()).toBe('SUCCEEDED');
    await around.execute({}, `${v1}-2`);
    expect(tasksOf(around).slice(-1)).toEqual(['begin']);
    expect(eventsOf(around)).toHaveLength(1);
  });

  test.each([
    ['a running one is not taken', {}, 'running'],
    [
      'one is taken over from the execution that died',
      { takeOver: executionArn('dead') },
      'finished',
    ],
    ['but not from another one than the input names', { takeOver: executionArn('x') }, 'running'],
  ])('%s', async (_title, input, state) => {
    const around = world(database);
    await around.rotated(v1, 'planned', { state: 'running', execution: executionArn('dead') });
    await around.execute(input, `${v1}-2`);
    expect(await stateOf(around)).toBe(state);
  });

  test('a stopped one goes on only when a person resumes it', async () => {
    const around = world(database);
    await around.rotated(v1, 'planned', { state: 'stopped', reason: 'broken' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(await stateOf(around)).toBe('stopped');
    await around.execute({ resume: true }, `${v1}-2`);
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      state: 'finished',
    });
    expect((await around.controlTable.getAfterRotation(name, v1))?.reason).toBeUndefined();
  });

  test('an activation whose execution died is finished together with what published its key', async () => {
    const around = world(jwt);
    await around.rotated(v0, 'planned', { state: 'running', execution: executionArn('dead') });
    await around.rotated(v1, 'activate', { owner: executionArn('dead'), basedOn: v0 });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect([await stateOf(around, v0), await stateOf(around)]).toEqual(['finished', 'finished']);
  });
});

describe('a failure', () => {
  test('of a version that no rotation made ends the execution and writes nothing', async () => {
    const around = world(jwt);
    expect(await around.execute()).toBe('FAILED');
    expect(tasksOf(around)).toEqual(['begin', 'stop']);
    expect(eventsOf(around)).toEqual([]);
  });

  test('stops a superseded version', async () => {
    const around = world(database);
    await around.rotated(v1, 'planned');
    around.secrets.promote(name, 'later-version');
    expect(await around.execute()).toBe('FAILED');
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('SupersededError'),
    });
  });

  test('that is not ours keeps its message to itself', async () => {
    const around = world(database);
    await around.rotated(v1, 'planned');
    around.doors.eventBus.put = async () => {
      around.doors.eventBus.put = async (event) => void around.doors.eventBus.events.push(event);
      throw new TypeError('cannot read hunter2');
    };
    expect(await around.execute()).toBe('FAILED');
    const record = await around.controlTable.getAfterRotation(name, v1);
    expect(record?.reason).toContain('TypeError');
    expect(JSON.stringify([record, around.doors.log.lines, eventsOf(around)])).not.toContain(
      'hunter2',
    );
  });

  test('leaves an audit event, too, with the reason', async () => {
    const around = world(jwt);
    await around.rotated(v1, 'planned', { publishedKid: kid });
    around.secrets.door.rotate = async () => 'inProgress';
    around.doors.secretsManager.rotate = async () => 'inProgress';
    expect(await around.execute()).toBe('FAILED');
    expect(eventsOf(around)).toMatchObject([
      { outcome: 'stopped', reason: expect.stringContaining('ERR_ROTATION_IN_PROGRESS') },
    ]);
  });
});
