/** A value that must not exist once only: what the core does with the escrow door of a room. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseEscrowDocument } from '../../../domain/secrets/escrow-copy.ts';
import { EscrowError } from '../../../doors/escrow.ts';
import { type InMemoryEscrow, inMemoryEscrow } from '../../doors/in-memory-escrow.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let escrow: InMemoryEscrow;
let world: RotationWorld<PlainValue>;
let failing: Error | undefined;
let strategy: PlainStrategy;

beforeEach(async () => {
  escrow = inMemoryEscrow();
  failing = undefined;
  strategy = new PlainStrategy();
  world = await RotationWorld.start<PlainValue>({
    escrow: {
      store: async (copy) => {
        if (failing !== undefined) {
          throw failing;
        }
        return escrow.store(copy);
      },
    },
    room: () => ({ strategy, companions: {} }),
  });
});
afterEach(() => world.stop());

const copyOf = (token: string) => parseEscrowDocument(escrow.documents.get(token) ?? '');

test.each(['planned', 'activate', 'rollback', 'emergency'] as const)(
  '%s is escrowed before it is promoted',
  async (intent) => {
    await world.rotateThrough();
    strategy.publishes = intent === 'activate';
    await world.rotate();
    if (intent !== 'activate') {
      await world.finishAfterRotation();
    }
    const token = intent === 'activate' ? await world.activate() : await world.rotate({ intent });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(copyOf(token)).toMatchObject({
      secretName: world.secretName,
      versionId: token,
      secretString: await world.text(),
    });
  },
);

describe('while escrow fails', () => {
  test('nothing moves: no label, no AfterRotation; then the service tries again and it is done', async () => {
    const before = await world.rotateThrough();
    failing = new EscrowError('The bucket is gone; expected it. Mend it.');
    const labels = await world.labels();
    const token = await world.begin({ intent: 'planned' });
    expect(await world.labels()).toEqual({ ...labels, AWSPENDING: token });
    expect(labels.AWSCURRENT).toBe(before);
    expect(await world.control.getAfterRotation(world.secretName, token)).toBeUndefined();
    expect(world.log.at(-1)).toMatchObject({
      event: 'failed',
      fields: { step: 'finishSecret', code: 'ERR_ROTATION_ESCROW', reason: failing.message },
    });
    failing = undefined;
    await world.clock.settle(6 * 3_600_000);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(copyOf(token).versionId).toBe(token);
  });

  test('an emergency does not move either: what nobody has twice is not promoted', async () => {
    const before = await world.rotate();
    failing = new EscrowError('no');
    await world.rotate({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(before);
  });
});

test('a copy of that version with another content stops the rotation', async () => {
  const before = await world.rotateThrough();
  const token = world.nextToken();
  escrow.documents.set(token, 'somebody was here first');
  await world.rotate({ intent: 'planned' }, token);
  expect((await world.labels()).AWSCURRENT).toBe(before);
});

test('the proof survives a death right after the promotion', async () => {
  world.faults.arm('finishSecret/secretsManager.moveLabel#2', 'after');
  const token = await world.rotate();
  expect(world.faults.fired).toBe(1);
  const record = await world.control.getRotation(world.secretName, token);
  expect(record?.evidence).toContainEqual({
    fact: 'escrowed',
    detail: { versionId: token, bytes: Buffer.byteLength(escrow.documents.get(token) ?? '') },
  });
});

test('the proof is written once, beside what was proven before, however often finishSecret is repeated', async () => {
  world.faults.arm('finishSecret/secretsManager.moveLabel', 'before', 9);
  const token = await world.begin({ intent: 'planned' });
  const event = { SecretId: world.secretArn, ClientRequestToken: token };
  await expect(world.handler({ ...event, Step: 'finishSecret' })).rejects.toThrow();
  expect(world.faults.fired).toBe(2);
  const record = await world.control.getRotation(world.secretName, token);
  expect(record?.evidence.map(({ fact }) => fact)).toEqual(['accepted', 'escrowed']);
});

describe('a pending value that reads do not show', () => {
  /** From the second read of finishSecret on: the first is that of the step itself. */
  function hidden(times: number): void {
    const shown = world.secrets.getValue;
    let reads = 0;
    world.secrets.getValue = async (...asked) => {
      const isPending = asked[1] === (await world.labels()).AWSPENDING;
      if (world.faults.during === 'finishSecret' && isPending) reads++;
      return reads > 1 && reads <= 1 + times ? undefined : shown(...asked);
    };
  }

  test('yet is waited for', async () => {
    hidden(3);
    const token = await world.begin({ intent: 'planned' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(copyOf(token).secretString).toBe(await world.text());
  });

  test('any more is not promoted without a copy', async () => {
    const before = await world.rotateThrough();
    hidden(4);
    const token = await world.begin({ intent: 'planned' });
    expect((await world.labels()).AWSCURRENT).toBe(before);
    expect(escrow.documents.has(token)).toBe(false);
    const { failure } = (await world.control.getRotation(world.secretName, token)) ?? {};
    expect(failure).toMatchObject({ step: 'finishSecret', code: 'ERR_ROTATION_VALUE_MISSING' });
    expect(failure?.message).toContain(`Version ${token} of ${world.secretName} (AWSPENDING)`);
  });
});
