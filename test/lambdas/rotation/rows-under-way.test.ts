/** A planned rotation while rows follow the last key: refused at the one door that the console cannot go round. */
import { afterEach, expect, test } from '@jest/globals';
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let world: RotationWorld<PlainValue>;
afterEach(() => world?.stop());

async function start(rowsFollow: boolean): Promise<void> {
  world = await RotationWorld.start<PlainValue>({
    control: inMemoryControlTable(),
    room: () => ({ strategy: new PlainStrategy(), companions: {}, rowsFollow }),
  });
  await world.rotate();
  await world.finishAfterRotation();
}

const underWay = (state: ReencryptionRecord['state']) =>
  world.control.updateReencryption(world.secretName, () => ({
    state,
    mode: 'online',
    targetKid: 'aaaaaaaaaaaaaaaa',
    versionId: 'v',
    rowsLeft: [
      { columnId: 'patients.ssn', rows: 1_200 },
      { columnId: 'patients.name', rows: 34 },
      { columnId: 'notes.body', rows: 0 },
    ],
    findings: [],
    at: world.clock.now().toISOString(),
  }));

const refused = (code: string) => world.log.filter(({ fields }) => fields.code === code);

/** The console's button: RotateSecret, and nobody was asked. */
async function pressButton(): Promise<string> {
  const token = world.nextToken();
  await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
  await world.clock.settle(6 * 3_600_000);
  return token;
}

test.each(['due', 'active', 'stopped'] as const)(
  'the console is refused while rows are %s, told how many are left and where, and blocks nobody',
  async (state) => {
    await start(true);
    await underWay(state);
    const before = await world.labels();
    await pressButton();
    const [line] = refused('ERR_ROTATION_REENCRYPTION_ACTIVE');
    expect(line?.fields).toMatchObject({
      step: 'createSecret',
      reason: expect.stringContaining(
        '1234 values are left: 1200 in patients.ssn, 34 in patients.name.',
      ),
    });
    // Nothing was stored, and AWSPENDING is gone: the next RotateSecret is not answered "isn't complete".
    expect(await world.labels()).toEqual(before);
    const token = await world.rotate({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
  },
);

test.each(['verified', 'unproven', 'closed'] as const)(
  'nobody is refused when the rows are %s',
  async (state) => {
    await start(true);
    await underWay(state);
    const token = await pressButton();
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(refused('ERR_ROTATION_REENCRYPTION_ACTIVE')).toEqual([]);
  },
);

test('the rehearsal and the way out of rotation say the same', async () => {
  await start(true);
  await underWay('active');
  expect(await world.handler({ operation: 'rehearse' })).toMatchObject({
    findings: [{ code: 'ERR_ROTATION_REENCRYPTION_ACTIVE', level: 'blocks' }],
  });
  await expect(
    world.handler({ operation: 'eject', requestedBy: 'test', dryRun: false }),
  ).rejects.toMatchObject({ code: 'ERR_ROTATION_REENCRYPTION_ACTIVE' });
});

test('a secret whose rows follow nothing is not looked up: its function has no right to', async () => {
  await start(false);
  const denied = () => Promise.reject(new Error('access denied'));
  Object.assign(world.control, { getReencryption: denied, getZeroProofs: denied });
  expect(await pressButton()).toBe((await world.labels()).AWSCURRENT);
});
