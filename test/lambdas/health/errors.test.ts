/** Why a consumer is not asked: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  BearerUnavailableError,
  InvalidHealthQuestionError,
  UnknownConsumerError,
} from '../../../lambdas/health/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidHealthQuestionError',
    'ERR_ROTATION_INVALID_EVENT',
    'The question does not fit at expected.kid; expected { consumer, expected }, with what it must hold. Nobody was asked.',
    new InvalidHealthQuestionError('expected.kid'),
  ],
  [
    'UnknownConsumerError',
    'ERR_ROTATION_UNKNOWN_CONSUMER',
    'The question names a consumer this function was not deployed for; expected a deployment with one. Deploy the stack again if the configuration has changed.',
    new UnknownConsumerError([]),
  ],
  [
    'UnknownConsumerError',
    'ERR_ROTATION_UNKNOWN_CONSUMER',
    'The question names a consumer this function was not deployed for; expected one of api, mailer. Deploy the stack again if the configuration has changed.',
    new UnknownConsumerError(['api', 'mailer']),
  ],
  [
    'BearerUnavailableError',
    'ERR_ROTATION_BEARER_UNAVAILABLE',
    'The secret that consumers.health.bearer names has no value; expected text. Put it with aws secretsmanager put-secret-value. Nobody was asked.',
    new BearerUnavailableError('has no value', 'text'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
