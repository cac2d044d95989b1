/** What may go well a moment later is left for the service to try again; what will not is refused, and says why. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;
let first: string;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start<PlainValue>({
    control: inMemoryControlTable(),
    room: () => ({ strategy, companions: {} }),
  });
  first = await world.rotate();
  await world.finishAfterRotation();
});
afterEach(() => world.stop());

const coded = (code: string) => Object.assign(new Error('no answer'), { code });
const failures = () => world.log.filter(({ event }) => event === 'failed');
const step = (Step: string, token: string) =>
  world.handler({ Step, SecretId: world.secretArn, ClientRequestToken: token });
const noted = async (token: string) =>
  (await world.control.getRotation(world.secretName, token))?.failure;

describe('createSecret', () => {
  test.each<[string, Error]>([
    ['the control table says something odd', coded('ERR_ROTATION_CONTROL_RECORD')],
    ['a random source gives too little', coded('ERR_ROTATION_RANDOM_SOURCE')],
    ['another secret has no value yet', coded('ERR_ROTATION_COMPANION')],
    ['the database refuses a statement', coded('ERR_ROTATION_POSTGRES')],
    ['the database does not answer', coded('ERR_ROTATION_POSTGRES_UNREACHABLE')],
    ['its certificate is not known', coded('ERR_ROTATION_TLS')],
    ['a login is refused', coded('ERR_ROTATION_LOGIN_REFUSED')],
    ['there is a mistake of ours', new TypeError('ours')],
  ])('is tried again when %s', async (_what, error) => {
    strategy.failing = { step: 'createSecret', error };
    const token = await world.begin({ intent: 'planned' });
    expect(await world.labels()).toMatchObject({ AWSCURRENT: first, AWSPENDING: token });
    strategy.failing = undefined;
    await world.clock.settle(6 * 3_600_000);
    expect((await world.labels()).AWSCURRENT).toBe(token);
  });

  test('that is refused for good leaves the way free for the next rotation', async () => {
    strategy.failing = { step: 'createSecret', error: coded('ERR_ROTATION_KEYSET_FULL') };
    await world.begin({ intent: 'planned' });
    expect(await world.labels()).not.toHaveProperty('AWSPENDING');
  });

  test('does not take a mistake of ours for a label that AWS keeps', async () => {
    const usual = world.secrets.moveLabel;
    world.secrets.moveLabel = async (move) => {
      if (move.label === 'AWSPENDING') throw new TypeError('ours');
      return usual(move);
    };
    strategy.failing = { step: 'createSecret', error: coded('ERR_ROTATION_KEYSET_FULL') };
    await world.begin({ intent: 'planned' });
    expect(failures().at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_UNEXPECTED' });
    expect(world.log.map(({ event }) => event)).not.toContain('pendingLabelLeft');
  });
});

describe('a step', () => {
  test('waits for the label it is about, which a read may not show yet', async () => {
    const usual = world.secrets.describe;
    let hidden = 3;
    world.secrets.describe = async (secretId) => {
      const description = await usual(secretId);
      if (world.faults.during !== 'createSecret' || hidden === 0) return description;
      hidden--;
      return { ...description, versionIdsToStages: { [first]: ['AWSCURRENT'] } };
    };
    const token = await world.begin({ intent: 'planned' });
    expect(hidden).toBe(0);
    expect(failures()).toEqual([]);
    expect((await world.labels()).AWSCURRENT).toBe(token);
  });

  test('looks once where the label is there', async () => {
    await world.begin({ intent: 'planned' });
    expect(world.faults.seen).toContain('createSecret/secretsManager.describe#1');
    expect(world.faults.seen).not.toContain('createSecret/secretsManager.describe#2');
  });

  test('is refused once rotation is switched off, and told how to go on', async () => {
    strategy.failing = { step: 'setSecret', error: coded('ERR_ROTATION_TLS') };
    const token = await world.begin({ intent: 'planned' });
    await world.secrets.cancelRotation(world.secretArn);
    const called = strategy.calls.length;
    await expect(step('setSecret', token)).rejects.toMatchObject({
      code: 'ERR_ROTATION_DISABLED',
      message: `Rotation of ${world.secretName} is not enabled; expected it to be. Start the rotation through RotateSecret.`,
    });
    expect(strategy.calls).toHaveLength(called);
  });

  test('that finds the value of its rotation gone says whose, and sets nothing', async () => {
    const usual = world.secrets.getValue;
    world.secrets.getValue = async (...asked) =>
      world.faults.during === 'setSecret' && asked[1] !== first ? undefined : usual(...asked);
    const token = await world.begin({ intent: 'planned' });
    expect(await noted(token)).toMatchObject({
      step: 'setSecret',
      code: 'ERR_ROTATION_VALUE_MISSING',
      message: expect.stringContaining(
        `Version ${token} of ${world.secretName} (AWSPENDING) has no value;`,
      ),
    });
    expect(strategy.calls.at(-1)?.step).toBe('createSecret');
  });

  test('beside a lease of another rotation says whose it is, and until when', async () => {
    strategy.failing = { step: 'setSecret', error: coded('ERR_ROTATION_TLS') };
    const token = await world.begin({ intent: 'planned' });
    const expiresAt = new Date(world.clock.now().getTime() + 60_000).toISOString();
    const lease = { token: world.nextToken(), owner: 'the emergency', expiresAt };
    await world.control.putLease(world.secretName, { ...lease, at: lease.expiresAt });
    await expect(step('setSecret', token)).rejects.toMatchObject({
      code: 'ERR_ROTATION_LEASED',
      message: `the emergency holds this secret for rotation ${lease.token} until ${expiresAt}; expected no lease, or one of this rotation. Wait for it to end.`,
    });
  });
});

describe('in an emergency AWSCURRENT', () => {
  const unreadable = async (error: Error) => {
    const parse = strategy.parse.bind(strategy);
    const current = await world.text();
    strategy.parse = (text) => {
      if (text === current) throw error;
      return parse(text);
    };
  };

  test('that cannot be read is evidence of which version and why', async () => {
    await unreadable(coded('ERR_ROTATION_KEYSET'));
    const token = await world.rotate({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    const record = await world.control.getRotation(world.secretName, token);
    expect(record?.evidence).toContainEqual({
      fact: 'versionUnreadable',
      detail: { versionId: first, code: 'ERR_ROTATION_KEYSET' },
    });
  });

  test('that meets a mistake of ours is not taken for a damaged one', async () => {
    await unreadable(new TypeError('ours'));
    const token = await world.rotate({ intent: 'emergency' });
    expect(await world.labels()).toMatchObject({ AWSCURRENT: first, AWSPENDING: token });
    expect(await noted(token)).toMatchObject({ code: 'ERR_ROTATION_UNEXPECTED' });
  });
});
