import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ageOf } from '../../../domain/policy/age.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { PlainStrategy } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<{ id: string }>;

const first = 'rotated-20260105T030001Z';

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({ room: () => ({ strategy, companions: {} }) });
});
afterEach(() => world.stop());

/** finishSecret attaches a date and fails; repeated, it is answered as before that, and attaches another one. */
async function datedTwice(): Promise<string> {
  world.faults.arm('finishSecret/secretsManager.moveLabel#2', 'before');
  const token = await world.begin({ intent: 'planned' });
  const usual = strategy.testSecret.bind(strategy);
  strategy.testSecret = async (...given) => {
    await usual(...given);
    world.service.staleReads(world.secretArn, 1);
  };
  await world.clock.settle(6 * 3_600_000);
  strategy.testSecret = usual;
  await world.finishAfterRotation();
  return token;
}

const stages = async () => (await world.secrets.describe(world.secretArn)).versionIdsToStages;
const dates = async () =>
  Object.entries(await world.labels()).filter(([label]) => label.startsWith('rotated-'));

test('a date that finishSecret, repeated, does not see yet: of the two the older one is the age', async () => {
  const token = await datedTwice();
  const found = await dates();
  expect(found).toHaveLength(2);
  expect(found).toContainEqual([first, token]);
  const facts = { origin: 'new' as const, now: world.clock.now() };
  expect(ageOf({ ...facts, versionIdsToStages: await stages() })).toMatchObject({
    since: new Date('2026-01-05T03:00:01Z'),
  });
});

test('regression: of two dates of AWSCURRENT the older one is carried over, the other leaves', async () => {
  const token = await datedTwice();
  // DescribeSecret lists labels in no order that is documented: here the older one comes last.
  const label = { secretId: world.secretArn, label: first };
  await world.secrets.moveLabel({ ...label, from: token });
  await world.secrets.moveLabel({ ...label, to: token });
  strategy.publishes = true;
  const published = await world.rotate();
  expect(await dates()).toEqual([[first, published]]);
});

test('regression: of two dates of AWSCURRENT the older one stays on a generation that is over', async () => {
  const token = await datedTwice();
  const next = await world.rotate();
  const found = await dates();
  expect(found).toHaveLength(2);
  expect(found).toContainEqual([first, token]);
  expect(found.map(([, versionId]) => versionId)).toContain(next);
});

test('two dates of which one is left to take away: the rotation stands, and it is told', async () => {
  await datedTwice();
  const usual = world.secrets.moveLabel;
  world.secrets.moveLabel = async (move) => {
    const isRemoval = move.to === undefined && move.label.startsWith('rotated-');
    if (isRemoval) throw new AwsCallError('UpdateSecretVersionStage', 'AccessDenied', 'no');
    return usual(move);
  };
  const next = await world.rotate();
  expect((await world.labels()).AWSCURRENT).toBe(next);
  expect(await dates()).toHaveLength(3);
  expect(world.log).toContainEqual(
    expect.objectContaining({
      event: 'dateLabelsLeft',
      fields: { secret: world.secretName, token: next, awsCode: 'AccessDenied' },
    }),
  );
});

test('what is no date is not taken away: it is reported', async () => {
  const token = await datedTwice();
  await world.secrets.moveLabel({
    secretId: world.secretArn,
    label: 'rotated-yesterday',
    to: token,
  });
  await world.rotate();
  expect((await dates()).map(([label]) => label)).toContain('rotated-yesterday');
});

test('finishSecret, repeated, finds the date that its run before attached, and attaches no other', async () => {
  const moved: string[] = [];
  const usual = world.secrets.moveLabel;
  world.secrets.moveLabel = (move) => {
    moved.push(move.label);
    return usual(move);
  };
  world.faults.arm('finishSecret/secretsManager.moveLabel#2', 'before');
  const token = await world.rotate();
  expect(world.faults.fired).toBe(1);
  expect((await world.labels()).AWSCURRENT).toBe(token);
  expect(await dates()).toEqual([[first, token]]);
  expect(moved).toEqual([first, 'AWSCURRENT', 'AWSPENDING']);
});

test('a second generation within one second is dated the second after', async () => {
  await world.rotate();
  await world.finishAfterRotation();
  const token = world.nextToken();
  await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
  await world.clock.settle();
  expect(await dates()).toContainEqual(['rotated-20260105T030002Z', token]);
});

test('a date that another run of finishSecret has carried over meanwhile is where it belongs, and that is told', async () => {
  await world.rotate();
  await world.finishAfterRotation();
  const told = () => world.log.filter(({ event }) => event === 'dateLabelMovedAlready');
  const usual = world.secrets.moveLabel;
  world.secrets.moveLabel = async (move) => {
    if (move.label === first) await usual(move);
    return usual(move);
  };
  strategy.publishes = true;
  expect(told()).toEqual([]);
  const published = await world.rotate();
  expect(await dates()).toEqual([[first, published]]);
  expect(told()).toEqual([
    {
      level: 'info',
      event: 'dateLabelMovedAlready',
      fields: { secret: world.secretName, label: first },
    },
  ]);
});

test('a date that is carried over as it should be is nothing to tell', async () => {
  await world.rotate();
  await world.finishAfterRotation();
  strategy.publishes = true;
  await world.rotate();
  expect(world.log.map(({ event }) => event)).not.toContain('dateLabelMovedAlready');
});

test('a mistake of ours while a date is taken away is no answer of AWS: the step fails, and the next rotation takes it away', async () => {
  const token = await datedTwice();
  const usual = world.secrets.moveLabel;
  world.secrets.moveLabel = async (move) => {
    if (move.to !== undefined || !move.label.startsWith('rotated-')) return usual(move);
    world.secrets.moveLabel = usual;
    throw new TypeError('ours');
  };
  const next = await world.rotate();
  expect(world.log).toContainEqual(
    expect.objectContaining({
      event: 'failed',
      fields: expect.objectContaining({ step: 'finishSecret', code: 'ERR_ROTATION_UNEXPECTED' }),
    }),
  );
  expect(world.log.map(({ event }) => event)).not.toContain('dateLabelsLeft');
  expect((await world.labels()).AWSCURRENT).toBe(next);
  await world.finishAfterRotation();
  await world.rotate();
  expect((await dates()).filter(([, versionId]) => versionId === token)).toEqual([[first, token]]);
});

test('an older generation that cannot be read any more keeps no tested value from its promotion', async () => {
  const oldest = await world.rotate();
  await world.finishAfterRotation();
  const damaged = await world.text();
  for (let turn = 0; turn < 2; turn++) {
    await world.rotate();
    await world.finishAfterRotation();
  }
  const parse = strategy.parse.bind(strategy);
  strategy.parse = (text) => {
    // A deployment meanwhile names another host.
    if (text === damaged && world.faults.during === 'finishSecret') {
      throw Object.assign(new Error('host'), { code: 'ERR_ROTATION_DATABASE_VALUE' });
    }
    return parse(text);
  };
  const token = await world.rotate();
  expect((await world.labels()).AWSCURRENT).toBe(token);
  expect((await world.control.getRotation(world.secretName, token))?.evidence).toContainEqual({
    fact: 'versionUnreadable',
    detail: { versionId: oldest, code: 'ERR_ROTATION_DATABASE_VALUE' },
  });
});

test('the material of AWSCURRENT is known by then: its value is not read again for its date', async () => {
  await world.rotate();
  await world.finishAfterRotation();
  const current = await world.rotate();
  await world.finishAfterRotation();
  const read: string[] = [];
  const usual = world.secrets.getValue;
  world.secrets.getValue = (secretId, versionId, ...more) => {
    if (world.faults.during === 'finishSecret') read.push(versionId);
    return usual(secretId, versionId, ...more);
  };
  await world.rotate();
  expect(read.filter((versionId) => versionId === current)).toHaveLength(1);
});
