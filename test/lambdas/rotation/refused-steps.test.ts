/** Steps that must not do their work: what they say, and that they leave everything as it was. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Rotation, Versions } from '../../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { tester } from '../../in-process/request-handler.ts';
import { functionArn, RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({
    control: inMemoryControlTable(),
    room: () => ({ strategy, companions: {} }),
  });
});
afterEach(() => world.stop());

const step = (Step: string, token: string) =>
  world.handler({ Step, SecretId: world.secretArn, ClientRequestToken: token });

/** Whatever a step could have changed. */
const everything = async () => ({
  described: await world.secrets.describe(world.secretArn),
  rotations: (await world.control.getRotations(world.secretName)).map(
    ({ failure: _, ...record }) => record,
  ),
  afterRotations: await world.control.getAfterRotations(world.secretName),
  calls: strategy.calls.length,
});

describe('a step whose predecessor has not succeeded says so, and does nothing', () => {
  const neverRecorded = () => world.faults.arm('createSecret/controlTable.fixRotation', 'before');
  const failsAt = (failed: string) => () => {
    const error = Object.assign(new Error('no answer'), { code: 'ERR_ROTATION_POSTGRES' });
    strategy.failing = { step: failed, error };
  };

  test.each([
    ['setSecret', 'createSecret', 'no createSecret came to a decision', neverRecorded],
    ['setSecret', 'createSecret', 'createSecret failed', failsAt('createSecret')],
    ['testSecret', 'setSecret', 'setSecret failed', failsAt('setSecret')],
    ['finishSecret', 'testSecret', 'testSecret failed', failsAt('testSecret')],
    ['finishSecret', 'testSecret', 'no createSecret came to a decision', neverRecorded],
  ])('%s, for %s: %s', async (called, missing, _why, given) => {
    await world.rotateThrough();
    given();
    const token = await world.begin({ intent: 'planned' });
    strategy.failing = undefined;
    const before = await everything();
    await expect(step(called, token)).rejects.toMatchObject({
      code: 'ERR_ROTATION_STEP_OUT_OF_ORDER',
      message: `${called} was called for ${token} although ${missing} has not succeeded for it; expected the four steps in order. Only Secrets Manager calls them.`,
    });
    expect(await everything()).toEqual(before);
  });
});

test.each(['createSecret', 'testSecret'])(
  '%s leaves a value alone that somebody staged by hand',
  async (called) => {
    await world.rotateThrough();
    const token = world.nextToken();
    const secretString = '{"id":"mine"}';
    await world.secrets.putPending({ secretId: world.secretArn, token, secretString });
    const before = await everything();
    await expect(step(called, token)).rejects.toMatchObject({
      code: 'ERR_ROTATION_UNRECORDED_VERSION',
    });
    expect(await everything()).toEqual(before);
    expect(await world.text('AWSPENDING')).toBe(secretString);
  },
);

test('createSecret, called again after its value is stored, says that nothing has changed', async () => {
  await world.rotateThrough();
  strategy.failing = {
    step: 'setSecret',
    error: Object.assign(new Error('no answer'), { code: 'ERR_ROTATION_POSTGRES' }),
  };
  const token = await world.begin({ intent: 'planned' });
  const before = await everything();
  expect(await step('createSecret', token)).toEqual({ outcome: 'unchanged' });
  expect(await everything()).toEqual(before);
});

test('a rotation that is refused for a lease is told whose it is, and where to look', async () => {
  await world.rotateThrough();
  const at = world.clock.now();
  const token = world.nextToken();
  const expiresAt = new Date(at.getTime() + 3_600_000).toISOString();
  const lease = { token, owner: 'emergency', at: at.toISOString(), expiresAt };
  await world.control.putLease(world.secretName, lease);
  await world.rotate();
  expect(world.log.at(-1)?.fields).toMatchObject({
    code: 'ERR_ROTATION_LEASED',
    reason: `emergency holds this secret for rotation ${token} until ${expiresAt}; expected no lease, or one of this rotation. Wait for it to end, or look at that execution.`,
  });
});

describe('the service’s test of a configuration', () => {
  /** As a deployment that changes the rules: the service calls testSecret alone. */
  async function configured(): Promise<void> {
    await world.service.configureRotation(tester, {
      secretId: world.secretArn,
      rotationLambdaArn: functionArn,
      rotationRules: { AutomaticallyAfterDays: 180 },
      rotateImmediately: false,
    });
    await world.clock.idle();
  }

  test.each<[string, () => Promise<unknown>]>([
    ['has the marker of a new one', async () => undefined],
    [
      'has no value yet',
      async () => {
        world.secrets.getValue = async () => undefined;
      },
    ],
  ])('asks no target about a secret that %s', async (_what, given) => {
    await given();
    await configured();
    expect(world.log.at(-1)).toMatchObject({
      event: 'step',
      fields: { step: 'testSecret', outcome: 'uninitialised' },
    });
    expect(strategy.calls).toEqual([]);
  });

  test('asks about the current value, as a planned rotation of nobody’s would', async () => {
    await world.rotateThrough();
    const asked: [Versions<PlainValue>, Rotation<PlainValue>][] = [];
    strategy.testSecret = async (...given) => void asked.push(given);
    const before = await everything();
    await configured();
    const [[versions, rotation]] = asked as [(typeof asked)[number]];
    expect(versions).toStrictEqual({ current: JSON.parse((await world.text()) ?? '') });
    expect(rotation).toMatchObject({ intent: 'planned', rotatedBefore: true });
    expect(rotation.provenance).toStrictEqual({
      intent: 'planned',
      token: expect.any(String),
      attributed: false,
    });
    expect((await everything()).rotations).toEqual(before.rotations);
    expect(world.log.at(-1)?.fields).toMatchObject({ outcome: 'currentTested' });
  });
});
