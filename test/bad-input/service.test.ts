/**
 * Items 22, 34 and 38 to 40: what Secrets Manager and KMS themselves refuse, through the real door. The
 * service is the sandbox's, in this process.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JwtValue } from '../../lambdas/jwt/jwt-strategy.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import { tester } from '../in-process/request-handler.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import { expectNoTrace } from './row.ts';

let world: RotationWorld<JwtValue>;
beforeEach(async () => {
  world = await RotationWorld.start({
    room: () => ({
      strategy: new JwtStrategy({
        field: 'JWT_SECRET',
        bits: 512,
        encoding: 'base64',
        acceptForSeconds: 60,
      }),
      companions: {},
    }),
  });
  await world.rotate();
  await world.finishAfterRotation();
});
afterEach(() => world.stop());

/** Runs createSecret for a rotation the service has begun. */
async function createSecret(more: object = {}): Promise<{ error: unknown; token: string }> {
  const token = world.nextToken();
  const { versionIdsToStages } = await world.secrets.describe(world.secretArn);
  expect(versionIdsToStages[token]).toBeUndefined();
  world.faults.arm('createSecret/secretsManager.describe#1', 'before');
  await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
  await world.clock.idle();
  world.faults.disarm();
  return { token, error: await attempt(token, more) };
}

async function attempt(token: string, more: object = {}): Promise<unknown> {
  return world
    .handler({
      Step: 'createSecret',
      SecretId: world.secretArn,
      ClientRequestToken: token,
      ...more,
    })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
}

const message = (error: unknown) => (error as Error).message;

describe('38: the key of the secret', () => {
  test.each([
    ['disabled', (keyId: string) => world.kms.disableKey(keyId)],
    ['pending deletion', (keyId: string) => world.kms.scheduleKeyDeletion(keyId)],
  ])(
    '%s: named, with what to do; nothing is written, and it goes on when the key is back',
    async (_title, off) => {
      const before = await world.labels();
      const text = await world.text();
      off('alias/aws/secretsmanager');
      const { error, token } = await createSecret();
      expect(error).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL' });
      expect(message(error)).toMatch(/DecryptionFailure.*enable the key/);
      world.kms.enableKey('alias/aws/secretsmanager');
      expect(await world.labels()).toEqual({ ...before, AWSPENDING: token });
      expect(await world.text()).toBe(text);
      await world.clock.settle(6 * 3_600_000);
      expect((await world.labels()).AWSCURRENT).toBe(token);
    },
  );
});

test('39: a secret scheduled for deletion: every step says so, and what to do', async () => {
  const { token } = await createSecret();
  await world.service.operations.DeleteSecret?.run({ SecretId: world.secretArn }, tester);
  const error = await attempt(token);
  expect(error).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL' });
  expect(message(error)).toMatch(/InvalidRequestException.*restore-secret/);
});

test('40: no room for another version: no rotation begins, and AWSCURRENT stays', async () => {
  const before = await world.labels();
  for (let version = 0; (await fill(version)) === undefined; version++) {
    expect(version).toBeLessThan(100);
  }
  const labels = await world.labels();
  const begun = world.secrets.rotate({
    secretId: world.secretArn,
    clientRequestToken: world.nextToken(),
  });
  const error = await begun.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL', awsCode: 'LimitExceededException' });
  expect(message(error)).toMatch(/wait until versions are 24 hours old/);
  expect(await world.labels()).toEqual(labels);
  expect(labels.AWSCURRENT).toBe(before.AWSCURRENT);
});

/** Stores one more version, as somebody who writes by hand; an error when there is no room. */
async function fill(version: number): Promise<unknown> {
  const token = `ffffffff-0000-4000-8000-${String(version).padStart(12, '0')}`;
  const put = { SecretId: world.secretArn, ClientRequestToken: token, SecretString: 'x' };
  const input = { ...put, VersionStages: ['full'] };
  return world.service.operations.PutSecretValue?.run(input, tester).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('22: a RotationToken is passed on to the service, and is in no log line, record or answer', async () => {
  const canary = `${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}`;
  const { error, token } = await createSecret({ RotationToken: canary });
  // The service did not hand this one out, so it refuses the put: it was passed on.
  expect(error).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL' });
  expect(message(error)).toMatch(/PutSecretValue/);
  expectNoTrace(canary, [
    world.log,
    world.answers,
    await world.control.getRotation(world.secretName, token),
  ]);
});

test.each([
  ['34: 65,537 bytes', { SecretString: 'x'.repeat(65_537) }],
  ['27: an empty text', { SecretString: '' }],
])('%s cannot be stored at all', async (_title, value) => {
  const put = { SecretId: world.secretArn, ClientRequestToken: world.nextToken(), ...value };
  await expect(world.service.operations.PutSecretValue?.run(put, tester)).rejects.toMatchObject({
    code: 'ValidationException',
  });
});
