/** Why a trigger leads to nothing: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  NotEverythingAskedError,
  TriggerRefusedError,
  TriggerSettingsError,
} from '../../../lambdas/triggers/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'TriggerRefusedError',
    'ERR_ROTATION_TRIGGER_FORGED',
    'The signature does not fit.',
    new TriggerRefusedError('ERR_ROTATION_TRIGGER_FORGED', 'The signature does not fit.'),
  ],
  [
    'NotEverythingAskedError',
    'ERR_ROTATION_TRIGGER_NOT_EVERYTHING_ASKED',
    'Not asked for: jwt (ThrottlingException), db (TimeoutError); expected an emergency of them to begin. Lambda repeats the event twice, then it is a dead letter; see quarterturn status.',
    new NotEverythingAskedError([
      { key: 'jwt', code: 'ThrottlingException' },
      { key: 'db', code: 'TimeoutError' },
    ]),
  ],
  [
    'TriggerSettingsError',
    'ERR_ROTATION_TRIGGER_SETTINGS',
    'triggers.json beside the bundle is missing; expected the triggers as the deployment writes them. Deploy the stack again.',
    new TriggerSettingsError('is missing'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
