/** ECS answers a look with what was a moment ago: its API is eventually consistent. */
import { expect, test } from '@jest/globals';
import type { EcsService } from '../../../doors/ecs.ts';
import { ecsPlatform } from '../../../lambdas/rollout/platforms/ecs.ts';
import { jwt, v1 } from './world.ts';

const at = new Date('2026-05-17T17:00:10Z');
const restart = {
  ...{ consumer: 'api', at, id: `${v1}/use/api` },
  ...{ secretName: jwt, versionId: v1, round: 'use' },
};
const target = { by: 'ecs', cluster: 'pharmacy', service: 'api' } as const;
const own = 'ecs-svc/2222222222222222222';

const shown = (id: string, createdAt: Date): EcsService => ({
  ...{ controller: 'ECS', desiredCount: 2, runningCount: 2, pendingCount: 0 },
  ...{ taskDefinition: 'arn:api:1', loadBalancer: undefined, events: [] },
  deployments: [
    {
      ...{ id, isPrimary: true, createdAt, failedTasks: 0, runningCount: 2, desiredCount: 2 },
      ...{ rolloutState: 'COMPLETED', rolloutStateReason: '' },
    },
  ],
});
const look = (service: EcsService) =>
  ecsPlatform({
    ecs: { look: async () => service },
    codeDeploy: undefined,
    autoscaling: undefined,
  } as never).look(target, own, restart);

test('a service that still shows only the deployment from before the restart is not steady', async () => {
  const before = shown('ecs-svc/1111111111111111111', new Date('2026-05-01T08:00:00Z'));
  expect(await look(before)).toMatchObject({ state: 'inProgress' });
  expect(await look(shown(own, at))).toMatchObject({ state: 'steady' });
  const later = shown('ecs-svc/3333333333333333333', new Date('2026-05-17T17:01:00Z'));
  expect(await look(later)).toMatchObject({ state: 'steady' });
});
