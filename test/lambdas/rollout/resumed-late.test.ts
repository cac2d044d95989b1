/** A person mends what kept us from restarting a consumer, hours after it was decided on, and resumes. */
import { expect, test } from '@jest/globals';
import { ServiceException } from '../../../sandbox/service.ts';
import { world } from './world.ts';

test('who could be restarted only then has its whole time to become steady', async () => {
  const { execute, record, deployments, clock, doors } = world();
  const restart = doors.platforms.ecs.restart;
  let refused = true;
  (doors.platforms as { ecs: object }).ecs = {
    ...doors.platforms.ecs,
    restart: async (...of: Parameters<typeof restart>) => {
      if (refused) throw new ServiceException('AccessDeniedException', 'no right', 400);
      return restart(...of);
    },
  };
  expect(await execute()).toBe('RolloutFailedError');
  expect(await record()).toMatchObject({ state: 'failed', wasHealthy: true });
  await clock.advanceTo(new Date(clock.now().getTime() + 6 * 3600_000));
  refused = false;
  expect(await execute()).toBe('SUCCEEDED');
  expect(await record()).toMatchObject({ state: 'healthy' });
  expect(deployments).toHaveLength(1);
});
