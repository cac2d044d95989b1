import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EjectAnswer, ejectAnswerSchema } from '../../../domain/events/eject-operation.ts';
import { assertHoldsEveryKey } from '../../../domain/secrets/holds-every-key.ts';
import { JwtStrategy } from '../../../lambdas/jwt/jwt-strategy.ts';
import { PlainStrategy } from '../../in-process/plain-strategy.ts';
import { inProcess } from '../../in-process/request-handler.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

interface Ours {
  handler: (event: unknown) => Promise<unknown>;
}
const ejected = async ({ handler }: Ours, dryRun = false): Promise<EjectAnswer> =>
  ejectAnswerSchema
    .strict()
    .parse(await handler({ operation: 'eject', requestedBy: 'infra', dryRun }));

describe('eject', () => {
  let strategy: PlainStrategy;
  let world: RotationWorld<{ id: string; published?: string }>;
  const stages = async () => (await world.secrets.describe(world.secretArn)).versionIdsToStages;

  beforeEach(async () => {
    strategy = new PlainStrategy();
    world = await RotationWorld.start({ room: () => ({ strategy, companions: {} }) });
    for (let turn = 0; turn < 3; turn++) {
      await world.rotate();
      await world.finishAfterRotation();
    }
  });
  afterEach(() => world.stop());

  test('removes every label of ours and switches the rotation off; both values stay', async () => {
    const before = await world.labels();
    const value = await world.text();
    const previous = await world.text('AWSPREVIOUS');
    const answer = await ejected(world);
    expect(answer).toMatchObject({ done: true, hasValue: true, accepted: true });
    expect(answer.labels.map(({ label }) => label).sort()).toEqual(
      Object.keys(before).filter((label) => label.startsWith('rotated-')),
    );
    // Last what AWSCURRENT is aged by.
    expect(answer.labels.at(-1)?.versionId).toBe(before.AWSCURRENT);
    expect(await world.labels()).toEqual({
      AWSCURRENT: before.AWSCURRENT,
      AWSPREVIOUS: before.AWSPREVIOUS,
    });
    expect(await world.text()).toBe(value);
    expect(await world.text('AWSPREVIOUS')).toBe(previous);
    const { rotationEnabled, nextRotationDate } = await world.secrets.describe(world.secretArn);
    expect({ rotationEnabled, nextRotationDate }).toEqual({ rotationEnabled: false });
  });

  test('as a dry run says the same and does nothing', async () => {
    const before = await stages();
    const planned = await ejected(world, true);
    expect(await stages()).toEqual(before);
    expect((await world.secrets.describe(world.secretArn)).rotationEnabled).toBe(true);
    expect(await world.control.getLease(world.secretName)).toBeUndefined();
    const { done, ...rest } = await ejected(world);
    expect(planned).toEqual({ done: false, ...rest });
    expect(done).toBe(true);
  });

  test('may be done again', async () => {
    await ejected(world);
    const labels = await world.labels();
    expect(await ejected(world)).toMatchObject({ done: true, labels: [], rotationEnabled: false });
    expect(await world.labels()).toEqual(labels);
  });

  test('leaves no lease: whoever starts a rotation afterwards is not kept waiting', async () => {
    await ejected(world);
    const lease = await world.control.getLease(world.secretName);
    expect(new Date(lease?.expiresAt ?? '').getTime()).toBeLessThanOrEqual(
      world.clock.now().getTime(),
    );
    await world.rotate({ intent: 'rollback' });
    expect(Object.keys(await world.labels())).toContain('AWSCURRENT');
  });

  test('is refused while a rotation is under way, and touches nothing', async () => {
    strategy.failing = { step: 'setSecret', error: new Error('not now') };
    await world.begin({ intent: 'planned' });
    const before = await stages();
    await expect(ejected(world)).rejects.toMatchObject({ code: 'ERR_ROTATION_IN_PROGRESS' });
    await expect(ejected(world, true)).rejects.toMatchObject({ code: 'ERR_ROTATION_IN_PROGRESS' });
    expect(await stages()).toEqual(before);
    expect((await world.secrets.describe(world.secretArn)).rotationEnabled).toBe(true);
  });

  test('is refused while an AfterRotation is due or a key awaits activation', async () => {
    strategy.publishes = true;
    await world.rotate();
    await expect(ejected(world)).rejects.toMatchObject({
      code: 'ERR_ROTATION_KEY_AWAITS_ACTIVATION',
    });
    strategy.publishes = false;
    await world.activate();
    await world.rotate();
    await expect(ejected(world)).rejects.toMatchObject({
      code: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
    });
  });

  test('is refused under the lease of somebody else, which stays', async () => {
    const token = world.nextToken();
    await world.handler({ operation: 'preempt', token, owner: 'emergency' });
    const lease = await world.control.getLease(world.secretName);
    await expect(ejected(world)).rejects.toMatchObject({ code: 'ERR_ROTATION_LEASED' });
    expect(await world.control.getLease(world.secretName)).toEqual(lease);
  });

  test('lets no rotation begin while it works', async () => {
    // The service starts one after the labels were looked at: between switching off and removing.
    const { moveLabel } = world.secrets;
    let begun: string | undefined;
    world.secrets.moveLabel = async (move) => {
      world.secrets.moveLabel = moveLabel;
      begun = await world.begin({ intent: 'planned' });
      return moveLabel(move);
    };
    await ejected(world);
    expect(begun).toBeDefined();
    const labels = await world.labels();
    expect(Object.keys(labels).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
    expect(Object.values(labels)).not.toContain(begun);
    expect((await world.secrets.describe(world.secretArn)).rotationEnabled).toBe(false);
    expect(world.log.map(({ fields }) => fields.code)).toContain('ERR_ROTATION_LEASED');
  });

  test('gives way to an emergency that begins while it works', async () => {
    const { moveLabel } = world.secrets;
    const token = world.nextToken();
    world.secrets.moveLabel = async (move) => {
      world.secrets.moveLabel = moveLabel;
      const moved = await moveLabel(move);
      const at = world.clock.now().toISOString();
      const record = { intent: 'emergency' as const, token, requestedBy: 'security', at };
      await world.control.putIntent(world.secretName, record);
      await world.handler({ operation: 'preempt', token, owner: 'emergency' });
      await world.begin({ intent: 'emergency' }, token);
      return moved;
    };
    await expect(ejected(world)).rejects.toMatchObject({ code: 'ERR_ROTATION_LEASED' });
    await world.clock.settle(6 * 3_600_000);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect((await world.secrets.describe(world.secretArn)).rotationEnabled).toBe(true);
  });

  test('goes on where a crash left it', async () => {
    world.faults.arm('eject/secretsManager.moveLabel#2', 'before');
    await expect(ejected(world)).rejects.toThrow();
    expect(world.faults.fired).toBe(1);
    world.faults.disarm();
    const labels = await world.labels();
    expect(Object.keys(labels).filter((label) => label.startsWith('rotated-')).length).toBe(2);
    await ejected(world);
    expect(Object.keys(await world.labels()).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('says that the target refuses AWSCURRENT, and is refused when only a pin may work', async () => {
    strategy.accepted.clear();
    expect(await ejected(world, true)).toMatchObject({ accepted: 'ERR_ROTATION_LOGIN_REFUSED' });
    const previous = (await world.labels()).AWSPREVIOUS ?? '';
    await world.secrets.moveLabel({
      secretId: world.secretArn,
      label: 'quarterturn-pin',
      to: previous,
    });
    await expect(ejected(world)).rejects.toMatchObject({ code: 'ERR_ROTATION_PIN_NEEDED' });
    strategy.accepted.add(JSON.parse((await world.text()) ?? '{}').id);
    const { labels } = await ejected(world);
    expect(labels).toContainEqual({ versionId: previous, label: 'quarterturn-pin' });
    expect(await world.labels()).not.toHaveProperty('quarterturn-pin');
  });

  test('takes a new secret out, too: it leaves the marker and says so', async () => {
    const fresh = await RotationWorld.start({ room: () => ({ strategy, companions: {} }) });
    try {
      expect(await ejected(fresh)).toMatchObject({ done: true, hasValue: false, labels: [] });
    } finally {
      fresh.stop();
    }
  });

  test.each([
    {},
    { requestedBy: 'infra' },
    { requestedBy: '', dryRun: true },
    { requestedBy: 'infra', dryRun: false, force: true },
  ])('refuses what is no such operation: %j', async (input) => {
    await expect(world.handler({ operation: 'eject', ...input })).rejects.toMatchObject({
      code: 'ERR_ROTATION_INVALID_EVENT',
    });
  });
});

test('a keyset that lacks a key of an earlier value is not ejected', async () => {
  const strategy = new JwtStrategy({
    field: 'JWT_SECRET',
    bits: 256,
    encoding: 'base64',
    acceptForSeconds: 60,
    developmentFallbacks: 'refused',
  });
  const world = await RotationWorld.start({
    room: () => ({ strategy, companions: {}, assertHoldsEveryKey }),
  });
  try {
    await world.rotate();
    await world.finishAfterRotation();
    const first = (await world.text()) ?? '';
    const client = new SecretsManagerClient(inProcess(world.service) as object);
    await world.rotate();
    await world.activate();
    expect(await ejected(world, true)).toMatchObject({ accepted: true });

    // Somebody writes a keyset with one key, and then a plain value, by hand.
    const { keyset } = JSON.parse((await world.text()) ?? '{}');
    const primary = keyset.keys.find(({ state }: { state: string }) => state === 'primary');
    for (const byHand of [
      JSON.stringify({
        JWT_SECRET: primary.k,
        keyset: { ...keyset, keys: [primary] },
      }),
      JSON.stringify({ JWT_SECRET: JSON.parse(first).JWT_SECRET }),
    ]) {
      await client.send(
        new PutSecretValueCommand({ SecretId: world.secretArn, SecretString: byHand }),
      );
      await expect(ejected(world, true)).rejects.toMatchObject({
        code: 'ERR_ROTATION_KEYSET_LOST',
      });
    }
  } finally {
    world.stop();
  }
});
