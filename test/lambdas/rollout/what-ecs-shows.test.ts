/** What ECS shows of a restart, and what that means for the consumer; what an operator reads of it. */
import { describe, expect, test } from '@jest/globals';
import type { EcsDeployment, EcsService } from '../../../doors/ecs.ts';
import type { Looked, Restart } from '../../../lambdas/rollout/platform.ts';
import { ecsPlatform } from '../../../lambdas/rollout/platforms/ecs.ts';
import { jwt, v1 } from './world.ts';

const at = new Date('2026-05-17T17:00:10Z');
const later = new Date('2026-05-17T17:01:00Z');
const earlier = new Date('2026-05-17T16:59:00Z');
const restart: Restart = {
  ...{ consumer: 'api', at, id: `${v1}/publish/api` },
  ...{ secretName: jwt, versionId: v1, round: 'publish' },
};

describe('an ECS service', () => {
  const target = { by: 'ecs', cluster: 'pharmacy', service: 'api' } as const;
  const id = 'ecs-svc/2';
  const deployment = (more: Partial<EcsDeployment> = {}): EcsDeployment => ({
    ...{ id, isPrimary: true, createdAt: at, failedTasks: 0, runningCount: 2, desiredCount: 2 },
    ...{ rolloutState: 'COMPLETED', rolloutStateReason: '' },
    ...more,
  });
  const of = (more: Partial<EcsService> = {}): EcsService => ({
    ...{ controller: 'ECS', desiredCount: 2, runningCount: 2, pendingCount: 0 },
    ...{ taskDefinition: 'arn:api:1', loadBalancer: undefined, events: [] },
    deployments: [deployment()],
    ...more,
  });
  function platform(service: EcsService | undefined) {
    const forced: object[] = [];
    const asked: object[] = [];
    const tools = {
      ecs: {
        look: async (place: object) => {
          asked.push(place);
          return service;
        },
        forceNewDeployment: async (place: object) => `ecs-svc/new${forced.push(place)}`,
      },
      codeDeploy: { latest: async () => undefined, deploy: async () => 'd-1' },
    };
    return { ...ecsPlatform(tools as never), forced, asked };
  }
  const rolledBack = 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.';

  test.each<[string, Partial<EcsService>, Looked]>([
    [
      'all tasks run in one deployment',
      {},
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments' },
    ],
    [
      'a task is still missing',
      { runningCount: 1, pendingCount: 1 },
      { state: 'inProgress', detail: '1 of 2 tasks run, 1 pending, 1 deployments' },
    ],
    [
      'tasks from before still run',
      { deployments: [deployment(), deployment({ id: 'ecs-svc/1', isPrimary: false })] },
      { state: 'inProgress', detail: '2 of 2 tasks run, 0 pending, 2 deployments' },
    ],
    [
      'tasks of it failed and were replaced',
      { deployments: [deployment({ failedTasks: 1 })] },
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments, 1 tasks failed' },
    ],
    [
      'our deployment has failed, and says why',
      {
        deployments: [
          deployment({
            isPrimary: false,
            rolloutState: 'FAILED',
            rolloutStateReason: 'tasks failed to start',
          }),
          deployment({ id: 'ecs-svc/3' }),
        ],
      },
      { state: 'failed', detail: 'deployment ecs-svc/2: tasks failed to start' },
    ],
    [
      'only an event tells that ours has failed',
      {
        deployments: [deployment({ id: 'ecs-svc/1', createdAt: earlier })],
        events: [
          { at, message: `(service api) (${id}) deployment failed: tasks failed to start.` },
        ],
      },
      {
        state: 'failed',
        detail: 'deployment ecs-svc/2: ECS says that the deployment failed',
      },
    ],
    [
      'an event from before the restart tells of a failure',
      { events: [{ at: earlier, message: `(${id}) deployment failed` }] },
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments' },
    ],
    [
      "an event tells of another deployment's failure, and one of ours of none",
      {
        events: [
          { at: later, message: '(ecs-svc/9) deployment failed' },
          { at: later, message: `(${id}) has begun draining` },
        ],
      },
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments' },
    ],
    [
      'no deployment is primary',
      { deployments: [deployment({ isPrimary: false })] },
      { state: 'inProgress', detail: 'no deployment is primary' },
    ],
    [
      'the primary deployment is a rollback of the circuit breaker',
      {
        deployments: [
          deployment({ id: 'ecs-svc/3', createdAt: later, rolloutStateReason: rolledBack }),
        ],
      },
      { state: 'failed', detail: 'the circuit breaker rolled deployment ecs-svc/2 back' },
    ],
    [
      'an event tells that the primary one is a rollback',
      {
        deployments: [deployment({ id: 'ecs-svc/1', createdAt: earlier })],
        events: [{ at: later, message: '(service api) rolling back to deployment ecs-svc/1.' }],
      },
      { state: 'failed', detail: 'the circuit breaker rolled deployment ecs-svc/2 back' },
    ],
    [
      'ours itself was a rollback to what stood, and is primary',
      { deployments: [deployment({ rolloutStateReason: rolledBack })] },
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments' },
    ],
    [
      'something else is rolled back, not to the primary one',
      {
        deployments: [deployment({ id: 'ecs-svc/3', createdAt: later })],
        events: [{ at: later, message: '(service api) rolling back to deployment ecs-svc/1.' }],
      },
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments' },
    ],
    [
      'somebody deployed meanwhile, and that failed',
      {
        deployments: [
          deployment({
            ...{ id: 'ecs-svc/3', createdAt: later, rolloutState: 'FAILED' },
            rolloutStateReason: 'no image',
          }),
        ],
      },
      { state: 'failed', detail: 'deployment ecs-svc/3: no image' },
    ],
    [
      'ours is not shown yet, one from before is primary',
      { deployments: [deployment({ id: 'ecs-svc/1', createdAt: earlier })] },
      { state: 'inProgress', detail: 'deployment ecs-svc/2 is not shown, ecs-svc/1 is primary' },
    ],
    [
      'somebody deployed in the very instant of the restart',
      { deployments: [deployment({ id: 'ecs-svc/3' })] },
      { state: 'steady', detail: '2 of 2 tasks run, 0 pending, 1 deployments' },
    ],
  ])('of which %s', async (_, shown, expected) => {
    expect(await platform(of(shown)).look(target, id, restart)).toEqual(expected);
  });

  test('that is gone while it is waited for has failed', async () => {
    const { look, asked } = platform(undefined);
    expect(await look(target, id, restart)).toEqual({
      state: 'failed',
      detail: 'ECS service pharmacy/api is gone',
    });
    expect(asked).toEqual([{ cluster: 'pharmacy', service: 'api' }]);
  });

  test('is deployed anew, unless its primary deployment began after it was decided on', async () => {
    const before = platform(of({ deployments: [deployment({ createdAt: earlier })] }));
    expect(await before.restart(target, restart)).toEqual({ id: 'ecs-svc/new1' });
    expect(before.forced).toEqual([{ cluster: 'pharmacy', service: 'api' }]);
    for (const createdAt of [at, later]) {
      const begun = platform(of({ deployments: [deployment({ createdAt })] }));
      expect(await begun.restart(target, restart)).toEqual({ id });
      expect(begun.forced).toEqual([]);
    }
    const draining = platform(
      of({ deployments: [deployment({ createdAt: later, isPrimary: false })] }),
    );
    expect(await draining.restart(target, restart)).toEqual({ id: 'ecs-svc/new1' });
  });

  const codeDeploy = { application: 'pharmacy', deploymentGroup: 'api' };
  test.each<[string, EcsService | undefined, object, string]>([
    [
      'is not there',
      undefined,
      {},
      'there is no active ECS service pharmacy/api. Name one that is there in the configuration, or put it back; then resume.',
    ],
    [
      'somebody else deploys',
      of({ controller: 'EXTERNAL' }),
      {},
      "ECS service pharmacy/api has the deployment controller EXTERNAL, which takes no new deployment from ECS or CodeDeploy. Restart it by a webhook of whatever deploys it: restart: { by: 'webhook', … }; then deploy the stack and resume.",
    ],
    [
      'CodeDeploy deploys, without a group',
      of({ controller: 'CODE_DEPLOY' }),
      {},
      'ECS service pharmacy/api is deployed by CodeDeploy, and the configuration names no application and group. Name them: codeDeploy: { application, deploymentGroup }; then deploy the stack and resume.',
    ],
    [
      'ECS deploys, with a group of CodeDeploy',
      of(),
      { codeDeploy },
      'ECS service pharmacy/api is deployed by ECS itself, and the configuration names a CodeDeploy group. Take codeDeploy out of the configuration; then deploy the stack and resume.',
    ],
    [
      'CodeDeploy has deployed never, without a load balancer',
      of({ controller: 'CODE_DEPLOY' }),
      { codeDeploy },
      'ECS service pharmacy/api has no primary task set with a task definition and a load balancer. CodeDeploy deploys none without. Deploy it once as you always do, then resume.',
    ],
    [
      'CodeDeploy has deployed never, without a task definition',
      of({
        ...{ controller: 'CODE_DEPLOY', taskDefinition: undefined },
        loadBalancer: { containerName: 'app', containerPort: 80 },
      }),
      { codeDeploy },
      'ECS service pharmacy/api has no primary task set with a task definition and a load balancer. CodeDeploy deploys none without. Deploy it once as you always do, then resume.',
    ],
  ])('that %s is not restarted, and what to do is said', async (_, service, more, words) => {
    const { restart: begin, forced } = platform(service);
    await expect(begin({ ...target, ...more }, restart)).rejects.toMatchObject({
      code: 'ERR_ROTATION_RESTART_REFUSED',
      message: `api was not restarted: ${words}`,
    });
    expect(forced).toEqual([]);
  });

  test('under CodeDeploy is deployed by it', async () => {
    const service = of({
      controller: 'CODE_DEPLOY',
      loadBalancer: { containerName: 'app', containerPort: 80 },
    });
    const { restart: begin, forced } = platform(service);
    expect(await begin({ ...target, codeDeploy }, restart)).toEqual({ id: 'd-1' });
    expect(forced).toEqual([]);
  });
});
