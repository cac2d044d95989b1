import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PlainStrategy } from '../../in-process/plain-strategy.ts';
import { tester } from '../../in-process/request-handler.ts';
import { functionArn, RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<{ id: string }>;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({ room: () => ({ strategy, companions: {} }) });
  for (let generation = 0; generation < 2; generation++) {
    await world.rotate();
    await world.finishAfterRotation();
  }
  strategy.calls.length = 0;
});
afterEach(() => world.stop());

const unreachable = Object.assign(new Error('no answer'), {
  name: 'TargetError',
  code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
});
const called = (step: string) => strategy.calls.filter((call) => call.step === step).length;
const codes = () => world.log.map(({ fields }) => fields.code);
const step = (Step: string, token: string) =>
  world.handler({ Step, SecretId: world.secretArn, ClientRequestToken: token });

/** Somebody with the right to do so goes back by hand. */
async function moveCurrentBack(): Promise<void> {
  const { AWSCURRENT: from = '', AWSPREVIOUS: to = '' } = await world.labels();
  await world.secrets.moveLabel({ secretId: world.secretArn, label: 'AWSCURRENT', to, from });
}

describe('AWSCURRENT that moved since a rotation was recorded', () => {
  test('keeps it from making a value', async () => {
    world.faults.arm('createSecret/secretsManager.putPending', 'before');
    const token = await world.begin({ intent: 'planned' });
    const made = called('createSecret');
    await moveCurrentBack();
    await world.clock.settle(3_600_000);
    expect(called('createSecret')).toBe(made);
    expect(await world.secrets.getValue(world.secretArn, token)).toBeUndefined();
    expect((await world.labels()).AWSPENDING).toBeUndefined();
    expect(codes()).toContain('ERR_ROTATION_BASE_MOVED');
  });

  test('keeps it from touching the target', async () => {
    strategy.failing = { step: 'setSecret', error: unreachable };
    await world.begin({ intent: 'planned' });
    const tried = called('setSecret');
    strategy.failing = undefined;
    await moveCurrentBack();
    await world.clock.settle(3_600_000);
    expect(called('setSecret')).toBe(tried);
    expect(codes()).toContain('ERR_ROTATION_BASE_MOVED');
  });
});

test('finishSecret promotes nothing that was set and not tested', async () => {
  strategy.failing = { step: 'testSecret', error: unreachable };
  const before = (await world.labels()).AWSCURRENT;
  const token = await world.begin({ intent: 'planned' });
  expect(called('setSecret')).toBe(1);
  await expect(step('finishSecret', token)).rejects.toMatchObject({
    code: 'ERR_ROTATION_STEP_OUT_OF_ORDER',
  });
  expect((await world.labels()).AWSCURRENT).toBe(before);
});

test('createSecret that finds a value of its own makes no other, not even to drop it', async () => {
  strategy.failing = { step: 'setSecret', error: unreachable };
  const token = await world.begin({ intent: 'planned' });
  const made = called('createSecret');
  const pending = await world.text('AWSPENDING');
  await step('createSecret', token);
  expect(called('createSecret')).toBe(made);
  expect(await world.text('AWSPENDING')).toBe(pending);
});

test('a rollback to compromised material stores no value of it', async () => {
  const { AWSPREVIOUS: leaked = '' } = await world.labels();
  await world.control.putCompromised(world.secretName, {
    material: JSON.parse((await world.text('AWSPREVIOUS')) ?? '').id,
    at: world.clock.now().toISOString(),
    recordedBy: 'security',
  });
  const token = await world.rotate({ intent: 'rollback', restoreVersionId: leaked });
  expect(called('createSecret')).toBe(0);
  expect(await world.secrets.getValue(world.secretArn, token)).toBeUndefined();
  expect(codes()).toContain('ERR_ROTATION_COMPROMISED_MATERIAL');
});

test('a planned rotation without KMS makes no value of the local source alone', async () => {
  const before = await world.labels();
  world.faults.arm('createSecret/kmsRandom.bytes', 'before', 99);
  const token = await world.rotate();
  expect(await world.secrets.getValue(world.secretArn, token)).toBeUndefined();
  expect(called('setSecret')).toBe(0);
  expect((await world.labels()).AWSCURRENT).toBe(before.AWSCURRENT);
});

test('a function that is not the secret’s any more does nothing for it', async () => {
  const { AWSCURRENT: token = '' } = await world.labels();
  await expect(step('finishSecret', token)).resolves.toBeDefined();
  await world.service.configureRotation(tester, {
    secretId: world.secretArn,
    rotationLambdaArn: functionArn.replace('rotation', 'somebody-elses'),
    rotationRules: { AutomaticallyAfterDays: 365 },
    rotateImmediately: false,
  });
  await expect(step('finishSecret', token)).rejects.toMatchObject({
    code: 'ERR_ROTATION_FOREIGN_FUNCTION',
  });
});
