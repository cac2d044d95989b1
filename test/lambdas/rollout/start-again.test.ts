import { expect, test } from '@jest/globals';
import { ecsCounts } from '../../../lambdas/rollout/platforms/ecs-counts.ts';

const target = { by: 'ecs', cluster: 'pharmacy', service: 'api' } as const;
const none = { in: false, out: false, scheduled: false };

/** A deployment of its stack does, in the middle of a maintenance. */
test('a stopped service whose autoscaling somebody set going again is started all the same', async () => {
  let desiredCount = 0;
  const counts = ecsCounts({
    ecs: {
      look: async () => ({ desiredCount, runningCount: desiredCount, pendingCount: 0 }),
      setDesiredCount: async (_: object, count: number) => {
        desiredCount = count;
      },
    },
    autoscaling: {
      look: async () => ({ minimum: 2, maximum: 6, suspended: none }),
      suspend: async () => undefined,
    },
  } as never);
  const before = { desired: 2, autoscaling: { minimum: 2, maximum: 6, suspended: none } };
  expect(await counts.start(target, before)).toMatchObject({ state: 'steady' });
  expect(desiredCount).toBe(2);
  // Scaled since: what it runs with is autoscaling's to say.
  desiredCount = 5;
  expect(await counts.start(target, before)).toMatchObject({ state: 'steady' });
  expect(desiredCount).toBe(5);
});
