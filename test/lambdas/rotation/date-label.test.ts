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
