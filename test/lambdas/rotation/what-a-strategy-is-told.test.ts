/** What a strategy is given beside the values: other secrets, rows, random bytes, and whether anybody asked for this. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RotationFunction } from '../../../lambdas/rotation/handler.ts';
import type { Rotation, Rows } from '../../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld, type WorldOptions } from '../../in-process/rotation-world.ts';

const marker = '{"quarterturn":"uninitialised"}';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;
beforeEach(() => {
  strategy = new PlainStrategy();
});
afterEach(() => world?.stop());

async function start(
  room: Pick<RotationFunction<PlainValue>, 'rowsFollow'> = {},
  options: Partial<WorldOptions<PlainValue>> = {},
): Promise<void> {
  world = await RotationWorld.start<PlainValue>({
    control: inMemoryControlTable(),
    ...options,
    room: ({ companions }) => ({ strategy, companions, ...room }),
  });
}

/** What `ask` found while the next value was made. */
async function askedWhileMaking<Answer>(
  ask: (rotation: Rotation<PlainValue>) => Promise<Answer>,
): Promise<Answer | undefined> {
  let answer: Answer | undefined;
  const usual = strategy.createSecret.bind(strategy);
  strategy.createSecret = async (versions, rotation) => {
    answer = await ask(rotation);
    return usual(versions, rotation);
  };
  await world.begin({ intent: 'planned' });
  return answer;
}

describe('the values of a rotation', () => {
  const givenTo = (step: string) => strategy.calls.findLast((call) => call.step === step)?.versions;
  const values = async (...labels: string[]) =>
    Promise.all(labels.map(async (label) => JSON.parse((await world.text(label)) ?? 'null')));

  test.each([marker, ' { "quarterturn" :\n"uninitialised" } '])(
    'are the pending one alone when the secret is new: %j',
    async (initial) => {
      await start({}, { initial });
      await world.rotate();
      const [pending] = await values('AWSCURRENT');
      expect(givenTo('setSecret')).toStrictEqual({ pending });
      expect(givenTo('testSecret')).toStrictEqual({ pending });
    },
  );

  test('are no previous one where there is none, and later on all three', async () => {
    const taken = { id: 'taken over' };
    strategy.accepted.add(taken.id);
    await start({}, { initial: JSON.stringify(taken) });
    await world.rotate();
    await world.finishAfterRotation();
    const [first] = await values('AWSCURRENT');
    expect(givenTo('setSecret')).toStrictEqual({ current: taken, pending: first });
    await world.rotate();
    const [second] = await values('AWSCURRENT');
    expect(givenTo('setSecret')).toStrictEqual({
      current: first,
      previous: taken,
      pending: second,
    });
  });
});

describe('rows that follow the keys of a secret', () => {
  const rowsWhileMaking = () =>
    askedWhileMaking<Rows | undefined>(async (rotation) => rotation.rows?.());

  test('are told of as far as anything is known', async () => {
    await start({ rowsFollow: true });
    expect(await rowsWhileMaking()).toStrictEqual({
      secretName: world.secretName,
      zeroProofs: new Map(),
    });
  });

  test('are told of with the job as its last task left it, and which keys no row is under', async () => {
    await start({ rowsFollow: true });
    const at = world.clock.now().toISOString();
    const job = {
      ...{ state: 'verified' as const, mode: 'online' as const, at, findings: [] },
      ...{ targetKid: 'bbbbbbbbbbbbbbbb', versionId: 'v' },
    };
    await world.control.updateReencryption(world.secretName, () => job);
    const proof = {
      ...{ kid: 'aaaaaaaaaaaaaaaa', targetKid: 'bbbbbbbbbbbbbbbb', epoch: '1' },
      ...{ firstProvenAt: at, lastProvenAt: at },
    };
    await world.control.putZeroProof(world.secretName, proof);
    expect(await rowsWhileMaking()).toStrictEqual({
      secretName: world.secretName,
      job,
      zeroProofs: new Map([[proof.kid, proof]]),
    });
  });

  test('are not told of where none do', async () => {
    await start();
    expect(await askedWhileMaking(async (rotation) => 'rows' in rotation)).toBe(false);
  });
});

describe('another secret', () => {
  const admin = '{"username":"admin","port":5432}';
  const ask = (name: 'admin' | 'database') =>
    askedWhileMaking(async (rotation) => failureOf(rotation.companion(name)));

  test('is the JSON it holds', async () => {
    await start({}, { companions: { admin } });
    expect(await askedWhileMaking(async (rotation) => rotation.companion('admin'))).toEqual({
      username: 'admin',
      port: 5432,
    });
  });

  test('that nobody has configured is named', async () => {
    await start({}, { companions: { admin } });
    expect(await ask('database')).toMatchObject({
      code: 'ERR_ROTATION_COMPANION',
      message: expect.stringContaining('The companion secret "database" is not configured;'),
    });
  });

  test.each([
    [marker, 'has no value yet'],
    [`\n${marker}\n`, 'has no value yet'],
    ['hunter2', 'does not hold one JSON object'],
    ['"hunter2"', 'does not hold one JSON object'],
    ['["hunter2"]', 'does not hold one JSON object'],
    ['{"password":"hunter2","password":"hunter2"}', 'does not hold one JSON object'],
  ])('that holds %j %s, and none of it is repeated', async (content, found) => {
    await start({}, { companions: { admin: content } });
    const failure = await ask('admin');
    expect(failure).toMatchObject({
      code: 'ERR_ROTATION_COMPANION',
      message: `The companion secret "admin" ${found}; expected a JSON value labelled AWSCURRENT. Store it, then rotate again.`,
    });
    expect(String(failure?.stack)).not.toContain('hunter2');
  });

  test('that has no AWSCURRENT has no value yet', async () => {
    await start({}, { companions: { admin } });
    world.secrets.getCurrentValue = async () => undefined;
    expect((await ask('admin'))?.message).toContain('has no value yet');
  });
});

describe('an inbox', () => {
  const found = () =>
    askedWhileMaking(async (rotation) => rotation.inbox?.((inbox) => inbox ?? 'nothing yet'));

  test('is given as it is, with its version', async () => {
    await start({}, { companions: { inbox: 'any text' } });
    const inbox = await world.secrets.getCurrent(world.companionArns.inbox ?? '');
    expect(inbox).toMatchObject({ secretString: 'any text' });
    expect(await found()).toEqual(inbox);
  });

  test('that has no AWSCURRENT holds nothing yet', async () => {
    await start({}, { companions: { inbox: 'any text' } });
    world.secrets.getCurrent = async () => undefined;
    expect(await found()).toBe('nothing yet');
  });

  test('is not there for kinds without owners', async () => {
    await start();
    expect(await askedWhileMaking(async (rotation) => 'inbox' in rotation)).toBe(false);
  });
});

describe('random bytes', () => {
  test('of a planned rotation are asked for once: it can wait, and the service tries again', async () => {
    await start();
    const before = (await world.labels()).AWSCURRENT;
    world.faults.arm('createSecret/kmsRandom.bytes', 'before', 9);
    const token = await world.begin({ intent: 'planned' });
    expect(world.faults.fired).toBe(1);
    expect(await world.labels()).toMatchObject({ AWSCURRENT: before, AWSPENDING: token });
    world.faults.disarm();
    await world.clock.settle(6 * 3_600_000);
    expect((await world.labels()).AWSCURRENT).toBe(token);
  });

  test('of an emergency without KMS are still random', async () => {
    await start();
    const made = new Set<string>();
    for (let turn = 0; turn < 3; turn++) {
      world.faults.arm('createSecret/kmsRandom.bytes', 'before', 9);
      await world.begin({ intent: 'emergency' });
      world.faults.disarm();
      await world.finishAfterRotation();
      made.add(JSON.parse((await world.text()) ?? '{}').id);
    }
    expect(made.size).toBe(3);
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('of an emergency are asked of KMS again before it goes on without', async () => {
    await start();
    world.faults.arm('createSecret/kmsRandom.bytes', 'before', 2);
    const token = await world.begin({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(world.faults.fired).toBe(2);
    const record = await world.control.getRotation(world.secretName, token);
    expect(record?.evidence.map(({ fact }) => fact)).toEqual(['accepted']);
  });
});

test('a test outside of any rotation is a planned one that nobody has asked for', async () => {
  await start();
  await world.rotate();
  await world.finishAfterRotation();
  const noAnswer = Object.assign(new Error('no answer'), { code: 'ERR_ROTATION_TLS' });
  strategy.failing = { step: 'testSecret', error: noAnswer };
  const stuck = await world.begin({ intent: 'emergency' });
  strategy.failing = undefined;
  let told: Rotation<PlainValue> | undefined;
  strategy.testSecret = async (_versions, rotation) => {
    told = rotation;
  };
  await world.handler({ operation: 'preempt', token: world.nextToken(), owner: 'on-call' });
  expect(told).toMatchObject({
    intent: 'planned',
    provenance: { intent: 'planned', token: stuck, attributed: false },
    now: world.clock.now(),
  });
  expect(told).not.toHaveProperty('activateKid');
});
