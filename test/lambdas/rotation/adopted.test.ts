/** An existing secret whose configuration was deployed with `armed: true` before anybody ran `quarterturn adopt`. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { currentVersion } from '../../../domain/policy/labels.ts';
import { JwtStrategy, type JwtValue } from '../../../lambdas/jwt/jwt-strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let world: RotationWorld<JwtValue>;
beforeEach(async () => {
  world = await RotationWorld.start<JwtValue>({
    initial: randomBytes(64).toString('base64'),
    kmsKeyArn: 'arn:aws:kms:eu-west-1:000000000000:key/1',
    control: inMemoryControlTable(),
    room: () => ({
      strategy: new JwtStrategy({
        ...{ field: 'JWT_SECRET', bits: 512, encoding: 'base64', acceptForSeconds: 60 },
      }),
      companions: {},
    }),
  });
});
afterEach(() => world?.stop());

const stages = async () => (await world.secrets.describe(world.secretArn)).versionIdsToStages;
const current = async () => currentVersion(await stages());

test('is rotated by neither schedule, console nor native rule, and the way stays free', async () => {
  const before = await stages();
  await world.rotate();
  expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_NOT_ADOPTED' });
  expect(await stages()).toEqual(before);
});

test('is rotated in an emergency', async () => {
  expect(await world.rotate({ intent: 'emergency' })).toBe(await current());
});

test('is rotated once it is adopted', async () => {
  await world.control.putAdoption(world.secretName, {
    at: '2026-01-05T03:00:00.000Z',
    by: 'on-call',
    materialSince: '2025-01-05T03:00:00.000Z',
    versionId: (await current()) ?? '',
  });
  expect(await world.rotate()).toBe(await current());
});
