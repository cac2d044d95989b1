/** Why people are not told: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import { InvalidAnnouncementError, NotEverybodyToldError } from '../../../lambdas/notify/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidAnnouncementError',
    'ERR_ROTATION_INVALID_EVENT',
    'The event has no detail; expected one of this deployment as docs/events.md describes it. Nobody was told: find out who put it on the bus.',
    new InvalidAnnouncementError('has no detail'),
  ],
  [
    'NotEverybodyToldError',
    'ERR_ROTATION_NOT_EVERYBODY_TOLD',
    'Not told: owners (AuthorizationError), security (KMSDisabled); expected every topic to take its message. Whoever was told is not told again. Check the topic, its key and the right of this function.',
    new NotEverybodyToldError([
      { where: 'owners', code: 'AuthorizationError' },
      { where: 'security', code: 'KMSDisabled' },
    ]),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
