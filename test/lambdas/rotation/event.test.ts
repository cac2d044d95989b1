import { describe, expect, test } from '@jest/globals';
import { parseEvent } from '../../../lambdas/rotation/event.ts';

const event = {
  Step: 'createSecret',
  SecretId: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:pharmacy/jwt-AbCdEf',
  ClientRequestToken: '0b9bf9a8-6a0b-4a3a-9d5a-6f0f0f0f0f0f',
};

test('the four steps are taken as Secrets Manager sends them, with and without a rotation token', () => {
  expect(parseEvent(event)).toMatchObject({ kind: 'step' });
  expect(parseEvent({ ...event, RotationToken: 'x'.repeat(36) })).toMatchObject({
    kind: 'step',
    step: { RotationToken: 'x'.repeat(36) },
  });
});

test('an operation is told apart from a step', () => {
  expect(parseEvent({ operation: 'preempt' })).toMatchObject({
    kind: 'operation',
    name: 'preempt',
  });
});

describe('refused, without an echo of its content', () => {
  const secret = 'hunter2-hunter2-hunter2-hunter2-hunter2';
  test.each<[string, unknown]>([
    ['null', null],
    ['an array', []],
    ['a string', secret],
    ['an empty object', {}],
    ['no step', { ...event, Step: undefined }],
    ['a step in snake_case', { ...event, Step: 'create_secret' }],
    ['a step with a blank', { ...event, Step: 'createSecret ' }],
    ['__proto__ as step', { ...event, Step: '__proto__' }],
    ['constructor as step', { ...event, Step: 'constructor' }],
    ['a number as step', { ...event, Step: 1 }],
    ['an array as step', { ...event, Step: ['createSecret'] }],
    ['an empty token', { ...event, ClientRequestToken: '' }],
    ['a token over 64 characters', { ...event, ClientRequestToken: 'a'.repeat(65) }],
    ['a token with a line break', { ...event, ClientRequestToken: `${'a'.repeat(40)}\nINFO` }],
    ['an EventBridge envelope', { source: 'aws.secretsmanager', detail: { secret } }],
    ['unknown fields', { ...event, Password: secret }],
    ['more before a rotation token', { ...event, RotationToken: `\n${'a'.repeat(36)}` }],
    ['more after a rotation token', { ...event, RotationToken: `${'a'.repeat(36)} ${secret}` }],
    ['a megabyte', { ...event, ClientRequestToken: 'a'.repeat(1_000_000) }],
    ['a step beside an operation', { ...event, operation: 'preempt' }],
  ])('%s', (_title, input) => {
    expect.assertions(2);
    try {
      parseEvent(input);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_ROTATION_INVALID_EVENT' });
      expect(String(error)).not.toContain(secret);
    }
  });
});

test.each<[string, unknown]>([
  ['Step', { ...event, Step: 'create_secret' }],
  ['Step, SecretId', { ClientRequestToken: event.ClientRequestToken }],
  ['RotationToken', { ...event, RotationToken: 'short' }],
  ['unknown fields', { ...event, Password: 'x', Username: 'y' }],
  ['ClientRequestToken, unknown fields', { ...event, ClientRequestToken: '', operation: 'x' }],
  ['its shape', 'createSecret'],
])('the refusal says what does not fit: %s', (fields, input) => {
  expect(() => parseEvent(input)).toThrow(
    `The event does not fit in ${fields}; expected { Step, SecretId, ClientRequestToken }`,
  );
});
