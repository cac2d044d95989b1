/** Values that grow out of the places they are copied to: found before anything is stored, where that can wait. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Rehearsal, rehearsalSchema } from '../../../domain/events/operator-requests.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

const limit = 4_096;

class Growing extends PlainStrategy {
  bytes = 100;
  override serialize(value: PlainValue): string {
    return super.serialize(value).padEnd(this.bytes);
  }
}

let world: RotationWorld<PlainValue>;
let strategy: Growing;
beforeEach(async () => {
  strategy = new Growing();
  world = await RotationWorld.start<PlainValue>({
    control: inMemoryControlTable(),
    room: ({ environment }) => {
      Object.assign(environment, { SYNC_LIMIT_BYTES: limit });
      return { strategy, companions: {} };
    },
  });
  await world.rotate();
  await world.finishAfterRotation();
});
afterEach(() => world?.stop());

/** The console's button: RotateSecret, and nobody was asked. */
async function pressButton(): Promise<string> {
  const token = world.nextToken();
  await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
  await world.clock.settle(6 * 3_600_000);
  return token;
}
const refused = () =>
  world.log.find(({ fields }) => fields.code === 'ERR_ROTATION_VALUE_TOO_LARGE')?.fields.reason;
const rehearse = async (): Promise<Rehearsal> =>
  rehearsalSchema.parse(await world.handler({ operation: 'rehearse' }));

test('a planned value that the smallest copy cannot hold is refused, and nothing is stored', async () => {
  const before = await world.labels();
  strategy.bytes = limit + 1;
  await pressButton();
  expect(refused()).toMatch(
    /^The new value has 4097 bytes; the smallest sync target .* takes 4096\./,
  );
  expect(await world.labels()).toEqual(before);
});

test('one that just fits is rotated; beside a published key there is room for its activation', async () => {
  strategy.bytes = limit;
  const token = await pressButton();
  expect((await world.labels()).AWSCURRENT).toBe(token);
  await world.finishAfterRotation();
  strategy.publishes = true;
  await pressButton();
  expect(refused()).toContain('has 4096 bytes, and its activation adds up to 256;');
});

test('an emergency goes on, and its evidence says what is left behind', async () => {
  strategy.bytes = limit + 1;
  const token = await world.rotate({ intent: 'emergency' });
  expect((await world.labels()).AWSCURRENT).toBe(token);
  const record = await world.control.getRotation(world.secretName, token);
  expect(record?.evidence).toContainEqual({
    fact: 'syncLimitExceeded',
    detail: { bytes: limit + 1, limit },
  });
});

test('a rehearsal finds it', async () => {
  expect((await rehearse()).findings).toEqual([]);
  strategy.bytes = limit + 1;
  expect(await rehearse()).toMatchObject({
    nextBytes: limit + 1,
    findings: [{ code: 'VALUE_TOO_LARGE', level: 'blocks' }],
  });
});
