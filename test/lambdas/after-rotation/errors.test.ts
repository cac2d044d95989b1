/** What stops an AfterRotation: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  ActivationRefusedError,
  ConsumersHookError,
  ConsumersMovingError,
  ConsumersNotMovedError,
  ForeignSecretError,
  InvalidTaskError,
  LostAfterRotationError,
  NoAfterRotationError,
  NoRowsError,
  NotSettledError,
  RedeployError,
  RollBackRefusedError,
  RolloutFailedError,
  SupersededError,
  UnexpectedError,
  UnknownSecretError,
} from '../../../lambdas/after-rotation/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'NoAfterRotationError',
    'ERR_ROTATION_NO_AFTER_ROTATION',
    'pharmacy/prod/db version v2 has no AfterRotation record; expected the one finishSecret writes before it promotes. No rotation of ours made that version.',
    new NoAfterRotationError('pharmacy/prod/db', 'v2'),
  ],
  [
    'UnknownSecretError',
    'ERR_ROTATION_UNKNOWN_SECRET',
    "The execution's secretName is not a rotating secret of this stack's manifest; expected it to be. Deploy the stack that manages it, then resume.",
    new UnknownSecretError(),
  ],
  [
    'ForeignSecretError',
    'ERR_ROTATION_FOREIGN_SECRET',
    "The execution's secretArn is not the full ARN of pharmacy/prod/db in this account and region; expected the one describe-secret shows. Start the execution again with it.",
    new ForeignSecretError('pharmacy/prod/db'),
  ],
  [
    'SupersededError',
    'ERR_ROTATION_SUPERSEDED',
    'AWSCURRENT is v3; expected v2. A later rotation took its place and has an AfterRotation of its own.',
    new SupersededError('v2', 'v3'),
  ],
  [
    'SupersededError',
    'ERR_ROTATION_SUPERSEDED',
    'AWSCURRENT is absent; expected v2. A later rotation took its place and has an AfterRotation of its own.',
    new SupersededError('v2', undefined),
  ],
  [
    'NotSettledError',
    'ERR_ROTATION_NOT_SETTLED',
    "Rotation v2 is not complete after the last look: AWSCURRENT is v1, AWSPENDING is v3; expected AWSCURRENT on it and AWSPENDING absent or there, too. Look at the rotation function's log, then resume or roll back.",
    new NotSettledError('v2', 'v3', 'v1'),
  ],
  [
    'NotSettledError',
    'ERR_ROTATION_NOT_SETTLED',
    "Rotation v2 is not complete after the last look: AWSCURRENT is absent, AWSPENDING is absent; expected AWSCURRENT on it and AWSPENDING absent or there, too. Look at the rotation function's log, then resume or roll back.",
    new NotSettledError('v2', undefined, undefined),
  ],
  [
    'ActivationRefusedError',
    'ERR_ROTATION_ACTIVATION_REFUSED',
    'ERR_ROTATION_TEST_FAILED: A session of app reads no table.',
    new ActivationRefusedError('ERR_ROTATION_TEST_FAILED', 'A session of app reads no table.'),
  ],
  [
    'RolloutFailedError',
    'ERR_ROTATION_ROLLOUT_FAILED',
    'in round "use", api: 500; expected 200. Not rolled back by itself: emergency.',
    new RolloutFailedError('use', 'api: 500; expected 200.', 'emergency'),
  ],
  [
    'RollBackRefusedError',
    'ERR_ROTATION_ROLL_BACK_REFUSED',
    'AWSPREVIOUS is absent. Look at the secret (quarterturn status), then roll back: quarterturn rollback.',
    new RollBackRefusedError('AWSPREVIOUS is absent'),
  ],
  [
    'ConsumersMovingError',
    'ERR_ROTATION_CONSUMERS_MOVING',
    'Not every consumer is there yet (stop): api: draining; expected that within half an hour. Look at it, then resume.',
    new ConsumersMovingError('stop', 'api: draining'),
  ],
  [
    'ConsumersNotMovedError',
    'ERR_ROTATION_CONSUMERS_NOT_MOVED',
    'A consumer could not be told to stop: api: AccessDenied; expected its platform to do so. No row was changed. Mend it, then run quarterturn reencrypt resume; or stop it yourself and say so: quarterturn reencrypt consumers --stopped.',
    new ConsumersNotMovedError('stop', 'api: AccessDenied'),
  ],
  [
    'ConsumersNotMovedError',
    'ERR_ROTATION_CONSUMERS_NOT_MOVED',
    'A consumer could not be told to start: api: AccessDenied; expected its platform to do so. Every row is under the new key, and consumers may still be stopped: start them, then resume.',
    new ConsumersNotMovedError('start', 'api: AccessDenied'),
  ],
  [
    'RedeployError',
    'ERR_ROTATION_REDEPLOY',
    'The webhook at ci.example that redeploys the previous release answered 500; expected 2xx within 10 s. Consumers are restarted without it: redeploy by hand if the release has to go back, too.',
    new RedeployError('ci.example', 'answered 500'),
  ],
  [
    'LostAfterRotationError',
    'ERR_ROTATION_LOST_AFTER_ROTATION',
    'The AfterRotation of version v2 is stopped; expected it to be running under this execution. An emergency or rollback stopped it, or another execution took it over.',
    new LostAfterRotationError('v2', 'stopped'),
  ],
  [
    'NoRowsError',
    'ERR_ROTATION_NO_ROWS',
    'No rows follow the keys of pharmacy/prod/pii in this deployment, or this function was not told their machine; expected both. Deploy the stack again, then resume.',
    new NoRowsError('pharmacy/prod/pii'),
  ],
  [
    'ConsumersHookError',
    'ERR_ROTATION_CONSUMERS_HOOK',
    'The hook of pharmacy/prod/pii was asked to stop its consumers and answered 500; expected 2xx within 30 s. No row was changed. Mend the hook, then run quarterturn reencrypt resume; or stop them yourself and say so: quarterturn reencrypt consumers --stopped.',
    new ConsumersHookError('pharmacy/prod/pii', 'stop', 500),
  ],
  [
    'ConsumersHookError',
    'ERR_ROTATION_CONSUMERS_HOOK',
    'The hook of pharmacy/prod/pii was asked to start its consumers and answered nothing; expected 2xx within 30 s. Every row is under the new key, and consumers may still be stopped: start them, then resume.',
    new ConsumersHookError('pharmacy/prod/pii', 'start', 'nothing'),
  ],
  [
    'InvalidTaskError',
    'ERR_ROTATION_INVALID_TASK',
    "The task's input does not fit in progress; expected { task, execution, progress } as the AfterRotation machine sends it. Nothing was done: start the execution again with the input of the starter.",
    new InvalidTaskError('progress'),
  ],
  [
    'InvalidTaskError',
    'ERR_ROTATION_INVALID_TASK',
    "The task's input does not fit in its shape; expected { task, execution, progress } as the AfterRotation machine sends it. Nothing was done: start the execution again with the input of the starter.",
    new InvalidTaskError(''),
  ],
  [
    'UnexpectedError',
    'ERR_ROTATION_UNEXPECTED',
    'TypeError was thrown; its message is withheld, because it may hold anything. Resume to try again.',
    new UnexpectedError('TypeError'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
