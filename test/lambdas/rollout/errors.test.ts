/** What ends a rollout: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  ConsumerNotSteadyError,
  ConsumerUnhealthyError,
  InvalidRolloutTaskError,
  LockHeldError,
  LostRolloutError,
  RestartNotBegunError,
  RestartRefusedError,
  UnexpectedError,
  UnknownConsumerError,
} from '../../../lambdas/rollout/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'ConsumerUnhealthyError',
    'ERR_ROTATION_CONSUMER_UNHEALTHY',
    'api was not well: 500; expected 1 good look within 300 s.',
    new ConsumerUnhealthyError('api', { found: '500', consecutive: 1, seconds: 300 }),
  ],
  [
    'ConsumerUnhealthyError',
    'ERR_ROTATION_CONSUMER_UNHEALTHY',
    'api was not well: 500; expected 3 good looks in a row within 300 s.',
    new ConsumerUnhealthyError('api', { found: '500', consecutive: 3, seconds: 300 }),
  ],
  [
    'ConsumerNotSteadyError',
    'ERR_ROTATION_CONSUMER_NOT_STEADY',
    'api was restarted and did not become steady: 1 of 2 tasks; expected 2 of 2.',
    new ConsumerNotSteadyError('api', '1 of 2 tasks', '2 of 2'),
  ],
  [
    'UnknownConsumerError',
    'ERR_ROTATION_UNKNOWN_CONSUMER',
    'This deployment rolls out no consumer named apu; expected one with restart or health in its configuration. Nothing was done: deploy the stack again, then resume.',
    new UnknownConsumerError('apu'),
  ],
  [
    'LockHeldError',
    'ERR_ROTATION_CONSUMER_LOCKED',
    'api is being restarted for pharmacy/prod/db until 2026-05-17T17:00:00.000Z at the latest; expected it to be free by now. Nothing was done to it: resume when that one has ended.',
    new LockHeldError('api', 'pharmacy/prod/db', '2026-05-17T17:00:00.000Z'),
  ],
  [
    'RestartRefusedError',
    'ERR_ROTATION_RESTART_REFUSED',
    'api was not restarted: it is paused. Let it go on.',
    new RestartRefusedError('api', 'it is paused', 'Let it go on.'),
  ],
  [
    'RestartNotBegunError',
    'ERR_ROTATION_RESTART_NOT_BEGUN',
    'api could not be restarted within 900 s: a deployment is under way. Its instances run on as they were; mend that, then resume.',
    new RestartNotBegunError('api', 'a deployment is under way', 900),
  ],
  [
    'LostRolloutError',
    'ERR_ROTATION_LOST_ROLLOUT',
    'The rollout of api is healthy; expected it to be under way in this execution. Another execution took it over, and goes on with it.',
    new LostRolloutError('api', 'healthy'),
  ],
  [
    'InvalidRolloutTaskError',
    'ERR_ROTATION_INVALID_TASK',
    'The request does not fit in progress; expected { task, execution, progress } as the rollout machine sends it, or { operation: posture | stop | start }. Nothing was done.',
    new InvalidRolloutTaskError('progress'),
  ],
  [
    'InvalidRolloutTaskError',
    'ERR_ROTATION_INVALID_TASK',
    'The request does not fit in its shape; expected { task, execution, progress } as the rollout machine sends it, or { operation: posture | stop | start }. Nothing was done.',
    new InvalidRolloutTaskError(''),
  ],
  [
    'UnexpectedError',
    'ERR_ROTATION_UNEXPECTED',
    'TypeError was thrown; its message is withheld, because it may hold anything.',
    new UnexpectedError('TypeError'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
