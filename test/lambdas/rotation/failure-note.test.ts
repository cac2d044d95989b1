/** Why a step failed, where on-call may read it: in the rotation's record. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PlainStrategy } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<{ id: string }>;
beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({ room: () => ({ strategy, companions: {} }) });
});
afterEach(() => world.stop());

const note = async (token: string) =>
  (await world.control.getRotation(world.secretName, token))?.failure;

test('a step that fails leaves its code and message, until it succeeds', async () => {
  strategy.failing = {
    step: 'setSecret',
    error: Object.assign(new Error('the server does not answer; open the security group'), {
      name: 'TargetError',
      code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
    }),
  };
  const token = await world.begin({ intent: 'planned' });
  expect(await note(token)).toEqual({
    step: 'setSecret',
    code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
    message: 'the server does not answer; open the security group',
    at: '2026-01-05T03:00:01.000Z',
  });
  strategy.failing = undefined;
  await world.clock.settle(3_600_000);
  expect((await world.labels()).AWSCURRENT).toBe(token);
  expect(await note(token)).toBeUndefined();
});

test('of an error that is not ours no word is kept: it may hold a value', async () => {
  strategy.failing = { step: 'testSecret', error: new Error('password=SECRET-VALUE is wrong') };
  const token = await world.begin({ intent: 'planned' });
  expect(await note(token)).toMatchObject({
    step: 'testSecret',
    code: 'ERR_ROTATION_UNEXPECTED',
    message: expect.not.stringContaining('SECRET-VALUE'),
  });
});

test('a note that cannot be written hides nothing: the step fails with its own error', async () => {
  strategy.failing = {
    step: 'setSecret',
    error: Object.assign(new Error('the server does not answer'), {
      code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
    }),
  };
  world.faults.arm('setSecret/controlTable.updateRotation', 'before', 9);
  const token = await world.begin({ intent: 'planned' });
  expect(world.faults.fired).toBe(1);
  world.faults.disarm();
  expect(world.answers.at(-1)).toMatchObject({ code: 'ERR_ROTATION_POSTGRES_UNREACHABLE' });
  expect(world.log.at(-1)).toMatchObject({ event: 'failureNotNoted' });
  expect(await note(token)).toBeUndefined();
});

test('a long message is cut to what the record holds', async () => {
  const error = Object.assign(new Error('x'.repeat(5_000)), { code: 'ERR_ROTATION_LONG' });
  strategy.failing = { step: 'setSecret', error };
  const token = await world.begin({ intent: 'planned' });
  expect((await note(token))?.message).toHaveLength(1024);
});
