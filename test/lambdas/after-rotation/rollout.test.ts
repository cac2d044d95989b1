import { describe, expect, test } from '@jest/globals';
import type { RotationAuditEvent } from '../../../domain/events/audit-event.ts';
import { type RolloutInput, rolloutInputSchema } from '../../../domain/events/rollout.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { tick } from '../../../lambdas/cadence/tick.ts';
import { functionArnOf } from '../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../doors/recorded.ts';
import { type Ending, refreshing, restarted, rolledOut } from './rollout-world.ts';
import { database, executionArn, jwt, kid, name, v0, v1 } from './world.ts';

type Around = ReturnType<typeof rolledOut>;
const activation = activateToken(name, v1, kid);
const unwell = (consumer: string, more: Partial<Ending> = {}) =>
  ((input: RolloutInput) =>
    input.consumer === consumer
      ? { state: 'unhealthy', reason: 'sign-in: 401', ...more }
      : { state: 'healthy' }) satisfies (input: RolloutInput) => Ending;
const rollbackOf = ({ secrets }: Around) => secrets.rotations.at(-1)?.clientRequestToken ?? '';
const eventsOf = ({ doors }: Around) =>
  doors.eventBus.events.map(({ detail }) => detail as RotationAuditEvent);
/** As if the function had died with it: the machine tries the task again. */
const lostAnswer = () =>
  Object.assign(new Error('lost'), {
    name: 'Lambda.SdkClientException',
    code: 'ERR_ROTATION_LOST',
  });
const intentOf = async (around: Around, token: string) =>
  (await around.controlTable.getIntent(name, token))?.intent;

describe('the consumers of a keyset', () => {
  test('hold a published key before it is activated, use it after, and all of that before a row is rewritten', async () => {
    const around = rolledOut({
      secret: {
        ...jwt,
        kind: 'encryption',
        columns: [],
        reencryption: { function: 'rows', login: 'db', mode: 'online', workers: 1, stores: [] },
      } as never,
      consumers: [restarted('api'), refreshing('mobile')],
      manifest: { sync: { function: 'sync', targets: [{ secret: 'secret', target: 'ssm /a' }] } },
    });
    await around.publish();
    const order: string[] = [];
    const then = around.before.task;
    around.before.task = async (call) => {
      order.push(call.task ?? '');
      await then(call);
    };
    const roll = around.before.rollOut;
    around.before.rollOut = async (input) => {
      const { round, consumer } = input as RolloutInput;
      order.push(`${round} ${consumer}`);
      return roll(input);
    };
    expect(await around.execute()).toBe('SUCCEEDED');
    const quiet = ['begin', 'settled', 'nextWave', 'judgeRollout', 'activated'];
    expect(order.filter((step) => !quiet.includes(step))).toEqual([
      'publish api',
      'publish mobile',
      'activate',
      'use api',
      'confirm api',
      'confirm mobile',
      'audit',
      'reencrypt',
      'finish',
    ]);
    expect(around.calls.filter(({ task }) => task === 'sync')).toMatchObject([
      { progress: { secretName: name, versionId: v1 } },
      { progress: { secretName: name, versionId: activation } },
    ]);
  });

  test('are told by id what they must hold, and what they must use', async () => {
    const around = rolledOut({ consumers: [restarted('api')] });
    await around.publish();
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.inputs.map((input) => rolloutInputSchema.parse(input))).toMatchObject([
      {
        ...{ versionId: v1, intent: 'planned', round: 'publish', consumer: 'api' },
        afterRotation: executionArn(v1),
        expected: { secretName: name, versionIds: [v1], key: { kid, state: 'published' } },
      },
      {
        ...{ versionId: v1, round: 'use' },
        expected: { versionIds: [activation], key: { kid, state: 'primary' }, role: null },
      },
      {
        ...{ versionId: v1, round: 'confirm' },
        expected: { versionIds: [activation], key: { kid, state: 'primary' }, role: null },
      },
    ]);
  });

  test('who read one variable learn it once, when it is in use', async () => {
    const around = rolledOut({ secret: { ...jwt, readers: 'scalar' as const } as typeof jwt });
    await around.publish();
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.rollouts()).toEqual(['use api', 'use worker', 'confirm api', 'confirm worker']);
    expect(around.inputs[0]?.expected.key).toBeNull();
  });

  test('get it one after the other, with a pause between two, and the readers’ bound before they are asked', async () => {
    const around = rolledOut();
    await around.publish();
    expect(await around.execute()).toBe('SUCCEEDED');
    const at = (rollout: string) =>
      around.inputs.find((it) => `${it.round} ${it.consumer}` === rollout)?.seconds ?? 0;
    expect(at('publish worker') - at('publish api')).toBe(300);
    expect(at('use worker') - at('use api')).toBe(300);
    expect(at('confirm api') - at('use worker')).toBe(jwt.readerCacheSeconds);
    expect(at('confirm worker')).toBe(at('confirm api'));
  });

  test('the proof says of each how it came to the new value', async () => {
    const around = rolledOut({
      consumers: [restarted('api')],
      how: () => ({ state: 'healthy', proof: 'held' }),
    });
    await around.publish();
    expect(await around.execute()).toBe('SUCCEEDED');
    const [event] = eventsOf(around);
    const each = { consumer: 'api', outcome: 'healthy', proof: 'held', wasHealthy: true };
    expect(event?.rollouts).toMatchObject([
      { ...each, round: 'publish' },
      { ...each, round: 'use' },
      { ...each, round: 'confirm' },
    ]);
    const old = { fact: 'oldKeyAcceptedUntil', detail: { kid: 'old', until: expect.any(String) } };
    expect(event?.afterRotation.evidence).toEqual([old]);
  });
});

describe('the consumers of a database', () => {
  test('are restarted for its new role, and asked before the old credential is tried', async () => {
    const around = rolledOut({ secret: database });
    await around.rotated(v1, 'planned', { primary: 'app:b:77aa', replaced: 'app:a:1' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.rollouts()).toEqual(['use api', 'use worker', 'confirm api', 'confirm worker']);
    expect(around.inputs[0]?.expected).toEqual({
      ...{ secretName: name, versionIds: [v1], key: null, role: 'app:b' },
    });
    expect(around.tasks().slice(-4)).toEqual(['nextWave', 'proveOld', 'audit', 'finish']);
  });

  test('none of whom reads it are left alone', async () => {
    const around = rolledOut({
      secret: database,
      consumers: [{ ...restarted('api'), reads: ['other'] }],
    });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.tasks()).toEqual(['begin', 'proveOld', 'audit', 'finish']);
  });
});

describe('a consumer that was well, and is not any more', () => {
  test('leads back to what was in use: on record, on hold, by one rotation', async () => {
    const around = rolledOut({ how: unwell('worker') });
    await around.publish();
    expect(await around.execute()).toBe('FAILED');
    expect(around.tasks().slice(-6)).toEqual([
      'judgeRollout',
      'prepareRollBack',
      'preempt',
      'rollBack',
      'rolledBack',
      'stop',
    ]);
    const token = rollbackOf(around);
    expect(await around.controlTable.getIntent(name, token)).toMatchObject({
      ...{ intent: 'rollback', requestedBy: 'after-rotation', restoreVersionId: v0 },
      reason: 'consumer worker: sign-in: 401',
    });
    expect((await around.controlTable.getIntent(name, token))?.owner).toBeUndefined();
    expect(await around.doors.rolloutRecords.getFailed(name, kid)).toMatchObject({
      ...{ versionId: v1, rollback: token, consumer: 'worker' },
    });
    const until = (await around.controlTable.getHold(name))?.until ?? '';
    const days = (Date.parse(until) - around.bench.clock.now().getTime()) / 86_400_000;
    expect(days).toBeGreaterThan(2.9);
    expect(await around.after()).toMatchObject({
      state: 'stopped',
      reason: `consumer worker: sign-in: 401; rolled back by version ${token}`,
    });
    expect(eventsOf(around)).toMatchObject([
      {
        ...{ outcome: 'stopped', rolledBackBy: token },
        rollouts: [
          { consumer: 'api', round: 'publish', outcome: 'healthy' },
          { consumer: 'worker', round: 'publish', outcome: 'unhealthy', reason: 'sign-in: 401' },
        ],
      },
    ]);
  });

  test('after the key came into use: the version that only published it is what is restored', async () => {
    const around = rolledOut({
      how: (input) => (input.round === 'use' ? unwell('api')(input) : { state: 'healthy' }),
    });
    await around.publish();
    expect(await around.execute()).toBe('FAILED');
    const token = rollbackOf(around);
    expect(await around.controlTable.getIntent(name, token)).toMatchObject({
      ...{ intent: 'rollback', restoreVersionId: v1 },
    });
    expect([(await around.after())?.state, (await around.after(activation))?.state]).toEqual([
      'stopped',
      'stopped',
    ]);
    // What it had replaced is in use again, and one key has failed, not two.
    expect(await around.doors.rolloutRecords.getFailed(name, kid)).toMatchObject({
      versionId: activation,
    });
  });

  test('does not keep the others of its wave from coming to their end', async () => {
    const consumers = [restarted('api'), restarted('worker')];
    const around = rolledOut({ consumers, how: unwell('api') });
    const rollout = (await around.doors.manifest()).rollout;
    if (rollout) rollout.waves = [{ consumers: ['api', 'worker'], pauseSeconds: 0 }];
    await around.publish();
    expect(await around.execute()).toBe('FAILED');
    expect(around.rollouts().toSorted()).toEqual(['publish api', 'publish worker']);
  });

  test('whoever is never well ends after one rollback: nothing else is rotated', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    expect(await around.execute()).toBe('FAILED');
    const token = rollbackOf(around);
    // The rollback's own AfterRotation, begun by its label event.
    expect(await around.execute({ versionId: token }, token)).toBe('FAILED');
    expect(around.secrets.rotations).toHaveLength(1);
    expect((await around.after(token))?.reason).toContain(
      'Not rolled back by itself: this is a rollback, and none follows another',
    );
    expect(eventsOf(around).map(({ intent, outcome }) => [intent, outcome])).toEqual([
      ['planned', 'stopped'],
      ['rollback', 'stopped'],
    ]);
    // A person resumes it, as often as they like.
    await around.execute({ versionId: token, resume: true }, `${token}-2`);
    expect(around.secrets.rotations).toHaveLength(1);
  });

  test('and in the 48 hours after that the schedule rotates nothing, old as the restored value is; after the hold it does', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    await around.execute();
    const token = rollbackOf(around);
    await around.execute({ versionId: token }, token);
    const labels = ['AWSCURRENT', 'rotated-20251118T000000Z'];
    around.secrets.stages.set(name, { [token]: labels, [v1]: ['AWSPREVIOUS'] });
    around.secrets.more = () => ({
      rotationLambdaArn: functionArnOf(database.function),
      rotationRules: { scheduleExpression: 'rate(179 days)', duration: '4h' },
    });
    const clock = settableClock(around.bench.clock.now().toISOString());
    const doors = {
      ...{ secretsManager: around.secrets.door, controlTable: around.controlTable, clock },
      ...{ stepFunctions: recordedExecutions(), eventBus: recordedBus() },
      ...{ log: recordedLog(), metrics: recordedMetrics() },
    };
    const manifest = await around.doors.manifest();
    const hours = async (count: number) => {
      const done: string[] = [];
      for (let hour = 0; hour < count; hour++) {
        clock.set(new Date(clock.now().getTime() + 3_600_000).toISOString());
        const { results } = await tick(doors, manifest, { afterRotation: 'arn:m' });
        done.push(...results.map(({ done }) => done));
      }
      return done;
    };
    expect(new Set(await hours(48))).toEqual(new Set(['nothing']));
    expect(around.secrets.rotations).toHaveLength(1);
    expect(doors.stepFunctions.started).toEqual([]);
    expect(await hours(48)).toContain('rotationStarted');
  });

  test('consumers are restarted for the rollback the same way, and whoever redeploys is told before', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    const rollout = (await around.doors.manifest()).rollout;
    if (rollout) rollout.redeploy = true;
    const sent: object[] = [];
    Object.assign(around.doors, {
      redeploy: {
        url: 'https://deploy.example/rollback',
        key: async () => 'whsec_a2V5',
        webhook: {
          send: async (message: object) =>
            sent.push({ ...message, n: around.inputs.length }) && 202,
        },
      },
    });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    await around.execute();
    expect(sent).toEqual([]);
    around.how.rollout = () => ({ state: 'healthy' });
    const token = rollbackOf(around);
    const before = around.inputs.length;
    expect(await around.execute({ versionId: token }, token)).toBe('SUCCEEDED');
    expect(sent).toMatchObject([
      {
        ...{ id: `rolledback_${token}`, n: before, key: 'whsec_a2V5' },
        body: {
          type: 'rotation.rolledBack',
          data: { deployment: 'pharmacy/prod', secret: name, versionId: token, rolledBackFrom: v1 },
        },
      },
    ]);
    expect(around.rollouts().slice(before)).toEqual([
      'use api',
      'use worker',
      'confirm api',
      'confirm worker',
    ]);
    expect(eventsOf(around).at(-1)).toMatchObject({
      ...{ intent: 'rollback', outcome: 'rotated' },
      afterRotation: { evidence: [{ fact: 'redeployAsked', detail: { status: 202 } }] },
    });
  });

  test('and nobody who redeploys answers: consumers are restarted all the same, and the proof says so', async () => {
    const around = rolledOut({ secret: database });
    const rollout = (await around.doors.manifest()).rollout;
    if (rollout) rollout.redeploy = true;
    Object.assign(around.doors, {
      redeploy: {
        url: 'https://d.example/',
        key: async () => 'k',
        webhook: { send: async () => 503 },
      },
    });
    await around.rotated(v1, 'rollback', { primary: 'a:1', replaced: 'b:2' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.rollouts()).toContain('use api');
    expect(eventsOf(around)[0]?.afterRotation.evidence).toEqual([{ fact: 'redeployNotAccepted' }]);
  });
});

describe('nothing goes back by itself', () => {
  const stopped = async (around: Around, because: string) => {
    expect(around.secrets.rotations.map(({ clientRequestToken }) => clientRequestToken)).toEqual(
      [],
    );
    expect(await around.controlTable.getHold(name)).toBeUndefined();
    expect(await around.after()).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining(`Not rolled back by itself: ${because}`),
    });
    expect(eventsOf(around)[0]).not.toHaveProperty('rolledBackBy');
  };
  const planned = (around: Around) =>
    around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });

  test.each([
    ['who was not well before', { wasHealthy: false }, 'it was not well before'],
    ['of whom nobody knows how it was', { wasHealthy: undefined }, 'nobody knows whether it was'],
    [
      'whose rollout failed itself',
      { state: 'failed' as const },
      'the consumer itself did not fail',
    ],
  ])('for a consumer %s', async (_title, ending, because) => {
    const around = rolledOut({ secret: database, how: unwell('api', ending as Partial<Ending>) });
    await planned(around);
    expect(await around.execute()).toBe('FAILED');
    await stopped(around, because);
  });

  test.each(['emergency', 'rollback'] as const)('after an intent %s', async (intent) => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, intent, { primary: 'b:2', replaced: 'a:1' });
    expect(await around.execute()).toBe('FAILED');
    await stopped(around, intent === 'emergency' ? 'an emergency is never' : 'this is a rollback');
  });

  test('to material that is compromised', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    const at = '2026-05-01T00:00:00Z';
    await around.controlTable.putCompromised(name, { material: 'a:1', at, recordedBy: 'on-call' });
    await planned(around);
    expect(await around.execute()).toBe('FAILED');
    await stopped(around, 'what it would go back to (a:1) is compromised');
  });

  test('where there is nothing to go back to', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'a:1', replaced: 'b:1', basedOn: null });
    expect(await around.execute()).toBe('FAILED');
    await stopped(around, 'there is nothing to go back to');
  });

  test('after a first value nobody is restarted or asked: without one nobody could run', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'a:1', basedOn: null });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.rollouts()).toEqual([]);
  });

  test('from material that was rolled back from before', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    const before = { material: 'b:2', versionId: v0, rollback: v0, consumer: 'api', reason: '' };
    const at = '2026-05-01T00:00:00Z';
    await around.doors.rolloutRecords.putFailed(name, { ...before, at });
    await planned(around);
    expect(await around.execute()).toBe('FAILED');
    await stopped(around, 'this material was rolled back from once already');
  });

  test('while an emergency holds the secret: the way is not cleared, and that is the reason', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    const until = '2027-01-01T00:00:00Z';
    await planned(around);
    await around.controlTable.putLease(name, {
      ...{ token: v0, owner: 'emergency', at: until, expiresAt: until },
    });
    expect(await around.execute()).toBe('FAILED');
    expect(around.secrets.rotations).toEqual([]);
    const reason = (await around.after())?.reason;
    expect(reason).toMatch(/^consumer api: sign-in: 401; not rolled back; .*emergency holds/);
    expect(eventsOf(around)[0]).not.toHaveProperty('rolledBackBy');
  });
});

describe('an emergency that is promoted while a rollback is prepared', () => {
  test('stays in use, and what follows it goes on', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1', basedOn: v0 });
    const emergency = '44444444-4444-4444-8444-444444444444';
    const preempts = around.before.operation;
    around.before.operation = async (call) => {
      if (call.operation === 'preempt') {
        await around.rotated(emergency, 'emergency', {
          primary: 'a:3',
          replaced: 'b:2',
          basedOn: v1,
        });
        around.secrets.promote(name, emergency);
      }
      return preempts?.(call);
    };
    expect(await around.execute()).toBe('FAILED');
    expect(around.secrets.rotations).toEqual([]);
    expect(await around.after(emergency)).toMatchObject({ state: 'due' });
    const lease = await around.controlTable.getLease(name);
    expect(new Date(lease?.expiresAt ?? 0) > around.bench.clock.now()).toBe(false);
  });
});

describe('whatever is interrupted', () => {
  test('resumed, and no rollout could be started: what a consumer was like before leads nowhere', async () => {
    const around = rolledOut({ secret: database, how: unwell('api', { wasHealthy: false }) });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1', basedOn: v0 });
    expect(await around.execute()).toBe('FAILED');
    const [before] = await around.doors.rolloutRecords.getRollouts(name, v1);
    around.doors.rolloutRecords.putRollout(name, { ...before, wasHealthy: true } as never);
    around.bench.service.deleteStateMachine(
      executionArn('').replace('execution:m:', 'stateMachine:rollout'),
    );
    expect(await around.execute({ resume: true }, `${v1}-2`)).toBe('FAILED');
    expect(around.secrets.rotations).toEqual([]);
    expect((await around.after())?.reason).toContain('StepFunctions.');
  });

  test('a person resumes it: who is through is not restarted again', async () => {
    const around = rolledOut({ how: unwell('worker', { wasHealthy: false }) });
    await around.publish();
    expect(await around.execute()).toBe('FAILED');
    around.how.rollout = () => ({ state: 'healthy' });
    expect(await around.execute({ resume: true }, `${v1}-2`)).toBe('SUCCEEDED');
    const publish = around.rollouts().filter((rollout) => rollout.startsWith('publish'));
    expect(publish).toEqual(['publish api', 'publish worker', 'publish worker']);
  });

  test('resumed after the key came into use, nobody is asked for the published one any more', async () => {
    const around = rolledOut({
      how: (input) => (input.round === 'use' ? { state: 'failed' } : { state: 'healthy' }),
    });
    await around.publish();
    expect(await around.execute()).toBe('FAILED');
    const before = around.inputs.length;
    around.how.rollout = () => ({ state: 'healthy' });
    expect(await around.execute({ resume: true }, `${v1}-2`)).toBe('SUCCEEDED');
    expect(around.rollouts().slice(before)).toEqual([
      'use api',
      'use worker',
      'confirm api',
      'confirm worker',
    ]);
  });

  test('an activation whose execution died goes on with the consumers where that one was', async () => {
    const around = rolledOut();
    await around.rotated(v0, 'planned', { state: 'running', execution: executionArn('dead') });
    const owner = executionArn('dead');
    await around.rotated(v1, 'activate', { owner, basedOn: v0, primary: kid, replaced: 'old' });
    const at = '2026-05-17T16:00:00.000Z';
    around.doors.rolloutRecords.putRollout(name, {
      ...{ versionId: v0, round: 'use', consumer: 'api', state: 'healthy' },
      ...{ execution: owner, startedAt: at, at },
    });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.rollouts()).toEqual(['use worker', 'confirm api', 'confirm worker']);
    expect(around.inputs[0]?.versionId).toBe(v0);
  });

  test('every task twice, and every answer of a door lost once: there is one rollback', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    const lost = new Set<string>();
    const losing = <Door extends object>(door: Door): Door =>
      new Proxy(door, {
        get(target, method) {
          const call = Reflect.get(target, method);
          const key = String(method);
          if (typeof call !== 'function' || key === 'putRollout') return call;
          return async (...given: unknown[]) => {
            const answer = await call.apply(target, given);
            if (!lost.has(key)) {
              lost.add(key);
              throw lostAnswer();
            }
            return answer;
          };
        },
      });
    const { doors } = around;
    around.before.answer = ({ task }) => {
      if (lost.has(task ?? '')) return;
      lost.add(task ?? '');
      throw lostAnswer();
    };
    Object.assign(doors, {
      controlTable: losing(doors.controlTable),
      rolloutRecords: losing(doors.rolloutRecords),
      secretsManager: losing(doors.secretsManager),
    });
    expect(await around.execute()).toBe('FAILED');
    const wanted = ['judgeRollout', 'putFailed', 'putHold', 'putIntent', 'rollBack', 'rotate'];
    expect([...lost]).toEqual(expect.arrayContaining(wanted));
    expect(new Set(around.secrets.rotations.map((it) => it.clientRequestToken)).size).toBe(1);
    expect(await intentOf(around, rollbackOf(around))).toBe('rollback');
    expect(eventsOf(around).at(-1)).toMatchObject({ rolledBackBy: rollbackOf(around) });
  });

  test('the way could not be cleared: resumed, it is the same rollback that goes on', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    const preempts = around.before.operation;
    around.before.operation = () => {
      throw new Error('the function died');
    };
    expect(await around.execute()).toBe('FAILED');
    const failed = await around.doors.rolloutRecords.getFailed(name, 'b:2');
    expect((await around.after())?.reason).toMatch(/^consumer api: sign-in: 401; not rolled back;/);
    expect(around.secrets.rotations).toEqual([]);

    around.before.operation = preempts;
    await around.execute({ resume: true }, `${v1}-2`);
    expect(around.secrets.rotations.map((it) => it.clientRequestToken)).toEqual([failed?.rollback]);
    expect(eventsOf(around).at(-1)).toMatchObject({ rolledBackBy: failed?.rollback });
  });

  test('a rollback that Secrets Manager gives up is told with its reason', async () => {
    const around = rolledOut({ secret: database, how: unwell('api') });
    await around.rotated(v1, 'planned', { primary: 'b:2', replaced: 'a:1' });
    around.before.task = async ({ task }) => {
      if (task !== 'rolledBack') return;
      const token = rollbackOf(around);
      if ((await around.controlTable.getRotation(name, token)) === undefined) {
        await around.rotated(token, 'rollback', {});
        await around.controlTable.updateRotation(name, token, (record) => ({
          ...record,
          failure: {
            ...{ step: 'createSecret', code: 'ERR_ROTATION_RESTORE_REFUSED' },
            ...{ message: 'the identity no longer logs in', at: record.at },
          },
        }));
      }
      around.secrets.stages.set(name, { [v1]: ['AWSCURRENT'], [v0]: ['AWSPREVIOUS'] });
    };
    expect(await around.execute()).toBe('FAILED');
    const reason = (await around.after())?.reason;
    expect(reason).toContain('was given up and failed in createSecret');
    expect(eventsOf(around).at(-1)).not.toHaveProperty('rolledBackBy');
  });
});
