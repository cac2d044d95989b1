import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { CompanionError } from '../../../lambdas/rotation/errors.ts';
import { failureOf } from '../../../lambdas/rotation/failure.ts';

const canary = 'hunter2-canary';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

test('an error of ours keeps its name, code and message', () => {
  const failure = failureOf(new CompanionError('admin', 'has no value yet'), 'setSecret');
  expect(failure.error).toMatchObject({
    name: 'CompanionError',
    code: 'ERR_ROTATION_COMPANION',
    message: expect.stringContaining('has no value yet'),
  });
});

test.each<[string, () => unknown]>([
  ['JSON.parse, which quotes its input', () => JSON.parse(`{"a":${canary}}`)],
  ['new URL, which keeps its input', () => new URL(`postgres://a:${canary}@:x`)],
  [
    'an error with a cause',
    () => {
      throw new Error('outer', { cause: new Error(canary) });
    },
  ],
  [
    'an error whose name is a value',
    () => {
      throw Object.assign(new Error('x'), { name: canary });
    },
  ],
  [
    'a string',
    () => {
      throw canary;
    },
  ],
])('%s tells nothing of it', (_title, work) => {
  const failure = failureOf(thrownBy(work), 'createSecret');
  expect(inspect(failure, { depth: 10 })).not.toContain(canary);
  expect(failure.error.message).toContain('createSecret');
});

test('the places an unexpected error passed are told', () => {
  const failure = failureOf(
    thrownBy(() => JSON.parse('{')),
    'createSecret',
  );
  expect(failure.frames.join()).toMatch(/failure\.test\.ts:\d+:\d+/);
});
