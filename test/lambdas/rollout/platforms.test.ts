/** Where consumers run: how each is restarted once, and when that is over. */
import { describe, expect, test } from '@jest/globals';
import type { KubernetesDoor } from '../../../doors/kubernetes.ts';
import type { DeploymentState } from '../../../doors/kubernetes-deployment.ts';
import type { ExternalSecretState } from '../../../doors/kubernetes-external-secret.ts';
import type { Restart, Target } from '../../../lambdas/rollout/platform.ts';
import { kubernetesPlatform } from '../../../lambdas/rollout/platforms/kubernetes.ts';
import { lambdaPlatform, marked } from '../../../lambdas/rollout/platforms/lambda.ts';
import { api, FunctionBeside, held, jwt, service, v1, world } from './world.ts';

const at = new Date('2026-05-17T17:00:10Z');
const restart: Restart = {
  ...{ consumer: 'api', at, id: `${v1}/publish/api` },
  ...{ secretName: jwt, versionId: v1, round: 'publish' },
};
const refused = (code: string) => expect.objectContaining({ code });

describe('an ECS service under CodeDeploy', () => {
  const group = { application: 'pharmacy', deploymentGroup: 'api' };
  const target = { by: 'ecs', cluster: 'pharmacy', service: 'api', codeDeploy: group } as const;
  function blueGreen(more: object = {}) {
    const stage = world();
    stage.services.putService({
      ...service,
      deploymentController: 'CODE_DEPLOY',
      loadBalancers: [{ targetGroupArn: 'arn:tg', containerName: 'app', containerPort: 8080 }],
      ...more,
    });
    stage.deploying.putDeploymentGroup({
      ...{ application: 'pharmacy', name: 'api', cluster: 'pharmacy', service: 'api' },
      terminationWaitMinutes: 5,
    });
    const pass = (seconds: number) =>
      stage.clock.advanceTo(new Date(stage.clock.now().getTime() + seconds * 1000));
    return { ...stage, platform: stage.doors.platforms.ecs, pass };
  }

  test('is deployed by CodeDeploy, once for one restart, and steady when the old tasks are gone', async () => {
    const { platform, pass, deployments } = blueGreen();
    await pass(10);
    const begun = await platform.restart(target, restart);
    expect(begun).toEqual({ id: expect.stringMatching(/^d-/) });
    expect(await platform.restart(target, restart)).toEqual(begun);
    const { id } = begun as { id: string };
    await pass(120);
    expect((await platform.look(target, id, restart)).state).toBe('inProgress');
    await pass(300);
    expect(await platform.look(target, id, restart)).toEqual({
      state: 'steady',
      detail: `CodeDeploy deployment ${id} is Succeeded`,
    });
    expect(deployments).toHaveLength(1);
  });

  test('waits for a deployment that is under way, and then makes its own', async () => {
    const { platform, pass } = blueGreen();
    await pass(5);
    const other = await platform.restart(target, { ...restart, at: new Date(at.getTime() - 5000) });
    await pass(60);
    const later = { ...restart, at: new Date(at.getTime() + 30_000) };
    expect(await platform.restart(target, later)).toEqual({
      waiting: 'another deployment of pharmacy/api is under way',
    });
    await pass(600);
    const own = await platform.restart(target, later);
    expect(own).toEqual({ id: expect.stringMatching(/^d-/) });
    expect(own).not.toEqual(other);
  });

  test('that fails there has failed', async () => {
    const { platform, pass } = blueGreen({ behaviour: { tasks: 'fail' } });
    await pass(10);
    const { id } = (await platform.restart(target, restart)) as { id: string };
    await pass(3_700);
    expect(await platform.look(target, id, restart)).toEqual({
      state: 'failed',
      detail: expect.stringContaining('is Failed (TIMEOUT'),
    });
  });

  test('without a group in the configuration, or with one that is not its controller, is refused', async () => {
    const { platform, services } = blueGreen();
    const { codeDeploy: _, ...plain } = target;
    await expect(platform.restart(plain, restart)).rejects.toThrow(
      /is deployed by CodeDeploy, and the configuration names no application and group/,
    );
    services.putService(service);
    await expect(platform.restart(target, restart)).rejects.toThrow(/deployed by ECS itself/);
    services.putService({ ...service, deploymentController: 'EXTERNAL' });
    await expect(platform.restart(plain, restart)).rejects.toEqual(
      refused('ERR_ROTATION_RESTART_REFUSED'),
    );
    await expect(platform.restart({ ...plain, service: 'gone' }, restart)).rejects.toThrow(
      /no active ECS service pharmacy\/gone/,
    );
  });
});

describe('a Kubernetes deployment', () => {
  const target: Target<'kubernetes'> = {
    ...{ by: 'kubernetes', cluster: 'main', namespace: 'shop', deployment: 'api' },
    externalSecrets: ['jwt'],
  };
  const settled: DeploymentState = {
    ...{ generation: 1, observedGeneration: 1, desired: 2, replicas: 2, updated: 2 },
    ...{ available: 2, unavailable: 0, deadlineExceeded: false, paused: false },
  };
  function cluster() {
    const state = { ...settled };
    const secret: ExternalSecretState = { ready: true, syncedVersion: '1-a' };
    const asked: string[] = [];
    const door: KubernetesDoor = {
      async restart(_, moment) {
        if (state.restartedAt?.getTime() !== moment.getTime()) {
          Object.assign(state, { restartedAt: moment, generation: state.generation + 1 });
          asked.push('restart');
        }
        return state.generation;
      },
      look: async () => ({ ...state }),
      async scale(_, replicas) {
        Object.assign(state, { desired: replicas, generation: state.generation + 1 });
        return state.generation;
      },
      async syncExternalSecret(_, marker) {
        secret.marker = marker;
        asked.push('sync');
      },
      lookExternalSecret: async () => ({ ...secret }),
    };
    return {
      state,
      secret,
      asked,
      target,
      platform: kubernetesPlatform({ kubernetes: door }),
    };
  }

  test('is restarted only after its external secrets were copied since, each asked for once', async () => {
    const { platform, secret, asked, target: on } = cluster();
    const waiting = { waiting: 'external secrets have not been copied yet: jwt' };
    expect(await platform.restart(on, restart)).toEqual(waiting);
    expect(await platform.restart(on, restart)).toEqual(waiting);
    expect(asked).toEqual(['sync']);
    // The operator tried and failed: it goes on trying.
    Object.assign(secret, { syncedVersion: '1-b', ready: false });
    expect(await platform.restart(on, restart)).toEqual(waiting);
    secret.ready = true;
    expect(await platform.restart(on, restart)).toEqual({ id: 'generation 2' });
    expect(await platform.restart(on, restart)).toEqual({ id: 'generation 2' });
    expect(asked).toEqual(['sync', 'restart']);
  });

  test('is steady when every pod is new and available, and failed when Kubernetes says so', async () => {
    const { platform, state, target: on } = cluster();
    state.generation = 2;
    const look = async () => (await platform.look(on, 'generation 2', restart)).state;
    expect(await look()).toBe('inProgress');
    Object.assign(state, { observedGeneration: 2, updated: 1, replicas: 3 });
    expect(await look()).toBe('inProgress');
    Object.assign(state, settled, { generation: 2, observedGeneration: 2 });
    expect(await look()).toBe('steady');
    state.deadlineExceeded = true;
    expect(await look()).toBe('failed');
  });

  test('is stopped and started with the pods it had', async () => {
    const { platform, state, target: on } = cluster();
    const { counts } = platform;
    expect(await counts?.read(on)).toEqual({ desired: 2 });
    expect((await counts?.stop(on))?.state).toBe('inProgress');
    Object.assign(state, { observedGeneration: 2, replicas: 0, available: 0, updated: 0 });
    expect((await counts?.stop(on))?.state).toBe('steady');
    await counts?.start(on, { desired: 2 });
    expect(state).toMatchObject({ desired: 2, generation: 3 });
  });
});

describe('a Lambda function', () => {
  const target = { by: 'lambda', function: 'labels' } as const;

  test('gets another description for another restart, and keeps what its people wrote', async () => {
    const functions = new FunctionBeside();
    const platform = lambdaPlatform({ functions });
    await platform.restart(target, restart);
    expect(functions.description).toBe('Prints labels [quarterturn 2026-05-17T17:00:10.000Z]');
    await platform.restart(target, restart);
    expect(functions.updates).toBe(1);
    expect((await platform.look(target, '', restart)).state).toBe('steady');
    const later = { ...restart, at: new Date('2026-08-15T17:00:00Z') };
    await platform.restart(target, later);
    expect(functions.description).toBe('Prints labels [quarterturn 2026-08-15T17:00:00.000Z]');
    functions.status = 'Failed';
    expect((await platform.look(target, '', later)).state).toBe('failed');
    expect(marked('x'.repeat(300), at)).toHaveLength(256);
  });

  test('that is being updated, or was updated since it was looked at, is waited for', async () => {
    const functions = new FunctionBeside();
    const platform = lambdaPlatform({ functions });
    functions.status = 'InProgress';
    const waiting = { waiting: 'another update of function labels is under way' };
    expect(await platform.restart(target, restart)).toEqual(waiting);
    functions.describe = async () => 'busy';
    expect(await platform.restart(target, restart)).toEqual(waiting);
  });
});

describe('a webhook', () => {
  const hooked = {
    ...api,
    restart: {
      by: 'webhook' as const,
      url: 'https://deploy.example.com/restart',
      signingSecret: 'pharmacy/prod/hooks',
    },
  };

  test('is told under one id until it accepts, and its consumer is well when health says so', async () => {
    const { execute, record, hook, sent } = world([hooked]);
    hook.answer = (n) => (n < 3 ? 503 : 202);
    expect(await execute()).toBe('SUCCEEDED');
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ id }) => id))).toEqual(new Set([(await record())?.restart]));
    expect(sent[0]).toMatchObject({
      url: 'https://deploy.example.com/restart',
      key: 'whsec_key',
      body: {
        type: 'consumer.restart',
        data: { deployment: 'pharmacy/prod', consumer: 'api', secret: jwt, versionId: v1 },
      },
    });
    expect(sent[0]?.id).not.toContain('.');
  });

  test('that has accepted is not told again when the rollout is resumed', async () => {
    const { execute, health, sent } = world([hooked]);
    health.answer = () => {
      throw new Error('no way to there');
    };
    expect(await execute()).toBe('RolloutFailedError');
    health.answer = () => held;
    expect(await execute()).toBe('SUCCEEDED');
    expect(sent).toHaveLength(1);
  });

  test('that refuses, or never accepts, is no failure of the consumer', async () => {
    const refusing = world([hooked]);
    refusing.hook.answer = () => 404;
    expect(await refusing.execute()).toBe('RolloutFailedError');
    expect(await refusing.record()).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('deploy.example.com answered 404'),
    });
    const busy = world([hooked]);
    busy.hook.answer = () => 500;
    expect(await busy.execute()).toBe('RolloutFailedError');
    expect((await busy.record())?.reason).toContain('could not be restarted within 600 s');
  });
});
