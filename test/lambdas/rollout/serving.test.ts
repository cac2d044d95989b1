import { expect, test } from '@jest/globals';
import { run } from '../../../lambdas/rollout/run.ts';
import { api, input, world } from './world.ts';

/** Whoever may invoke a function may hand it any payload: on-call may invoke this one. */
test('the function that on-call asks for posture stops, starts and restarts nobody, whatever it is asked', async () => {
  const { doors, services, records } = world();
  const ask = (event: object) => run(doors, event, 'posture');
  expect(await ask({ operation: 'posture', consumer: api.name })).toMatchObject({
    consumer: api.name,
  });
  const by = 'arn:somebody';
  for (const event of [
    { operation: 'stop', consumers: [api.name], by },
    { operation: 'start', consumers: [api.name], by },
    { task: 'begin', execution: by, progress: input() },
    { task: 'healthy', execution: by, progress: input() },
  ]) {
    await expect(ask(event)).rejects.toMatchObject({ code: 'ERR_ROTATION_INVALID_TASK' });
  }
  expect(services.described()[0]).toMatchObject({ desiredCount: 2 });
  expect(await records.getCounts(api.name)).toBeUndefined();
  expect(await records.getRollout({ ...input() })).toBeUndefined();
});
