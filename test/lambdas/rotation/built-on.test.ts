/** What the strategy is given to make the next value from: no key in anything that is labelled may be lost. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pinLabel } from '../../../domain/config/names.ts';
import type { IntentRecord } from '../../../domain/events/control-records.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({
    control: inMemoryControlTable(),
    room: () => ({ strategy, companions: {} }),
  });
});
afterEach(() => world.stop());

const unreachable = Object.assign(new Error('no answer'), {
  name: 'TargetError',
  code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
});

/** The id of the value of the version that is promoted by it. */
async function rotated(intent: IntentRecord['intent'] = 'planned'): Promise<string> {
  await world.rotate({ intent });
  await world.finishAfterRotation();
  return idOf('AWSCURRENT');
}
const idOf = async (label: string): Promise<string> =>
  JSON.parse((await world.text(label)) ?? '{}').id;

const builtOn = () => strategy.calls.filter(({ step }) => step === 'createSecret').at(-1)?.versions;

/** A planned rotation stopped at testSecret, whose target accepts its value; its version is pinned. */
async function givenUp(emergency = world.nextToken()): Promise<{ token: string; id: string }> {
  strategy.failing = { step: 'testSecret', error: unreachable };
  const token = await world.begin({ intent: 'planned' });
  strategy.failing = undefined;
  const id = await idOf('AWSPENDING');
  await world.handler({ operation: 'preempt', token: emergency, owner: 'emergency' });
  expect((await world.labels())[pinLabel]).toBe(token);
  return { token, id };
}

const afterItsLease = () =>
  world.clock.advanceTo(new Date(world.clock.now().getTime() + 24 * 3_600_000));

/** From here on this version cannot be read as a value of its kind. */
async function damage(versionId: string): Promise<void> {
  const text = await world.secrets.getValue(world.secretArn, versionId);
  const parse = strategy.parse.bind(strategy);
  strategy.parse = (read) => {
    if (read === text) {
      throw Object.assign(new Error('It does not fit.'), { code: 'ERR_ROTATION_DAMAGED' });
    }
    return parse(read);
  };
}

describe('a planned rotation builds on', () => {
  test('nothing, where the secret has the marker of a new one', async () => {
    await rotated();
    expect(builtOn()).toStrictEqual({ labelled: [] });
  });

  test('AWSCURRENT alone, where what was before it is the marker', async () => {
    const first = await rotated();
    await rotated();
    expect(builtOn()).toStrictEqual({ current: { id: first }, labelled: [] });
  });

  test.each(['as it is', 'turned round'])(
    'regression: every generation that still has its date, the newest first, and a pin after them; the service’s order %s',
    async (order) => {
      const emergency = world.nextToken();
      const pinned = await givenUp(emergency);
      const [one, two] = [await rotatedUnder(emergency), await rotated()];
      const [three, four] = [await rotated(), await rotated()];
      const { describe } = world.secrets;
      world.secrets.describe = async (secretId) => {
        const answer = await describe(secretId);
        const told = Object.entries(answer.versionIdsToStages);
        const versionIdsToStages = Object.fromEntries(
          order === 'as it is' ? told : told.toReversed(),
        );
        return { ...answer, versionIdsToStages };
      };
      await rotated();
      expect(builtOn()).toStrictEqual({
        current: { id: four },
        previous: { id: three },
        labelled: [{ id: two }, { id: one }, { id: pinned.id }],
      });
    },
  );

  async function rotatedUnder(token: string): Promise<string> {
    await world.rotate({ intent: 'emergency' }, token);
    await world.finishAfterRotation();
    return idOf('AWSCURRENT');
  }

  test('no value that another run of its own step stores meanwhile, which is the one that counts', async () => {
    const current = await rotated();
    const { getCompromised } = world.control;
    const token = world.nextToken();
    world.control.getCompromised = (secretName) => {
      world.control.getCompromised = getCompromised;
      const event = { SecretId: world.secretArn, ClientRequestToken: token };
      return world
        .handler({ ...event, Step: 'createSecret' })
        .then(() => getCompromised(secretName));
    };
    await world.begin({ intent: 'planned' }, token);
    const created = world.log.filter(
      ({ fields }) => fields.step === 'createSecret' && fields.token === token,
    );
    expect(created.map(({ fields }) => fields.outcome)).toEqual(['created', 'unchanged']);
    expect(builtOn()).toStrictEqual({ current: { id: current }, labelled: [] });
    expect(strategy.accepted.has(await idOf('AWSCURRENT'))).toBe(true);
    expect((await world.labels()).AWSCURRENT).toBe(token);
  });
});

describe('of a rotation that was given up', () => {
  test('the value is in the first one’s way no more, when nothing was ever promoted', async () => {
    await givenUp();
    await afterItsLease();
    await rotated();
    expect(builtOn()).toStrictEqual({ labelled: [] });
  });

  test('the value is kept by an emergency, although nothing was ever promoted', async () => {
    const emergency = world.nextToken();
    const { id } = await givenUp(emergency);
    await world.rotate({ intent: 'emergency' }, emergency);
    expect(builtOn()).toStrictEqual({ labelled: [{ id }] });
  });

  test('the value is kept by whoever comes after a promotion', async () => {
    await rotated();
    const { id } = await givenUp();
    await afterItsLease();
    await world.finishAfterRotation();
    await rotated();
    expect(builtOn()?.labelled).toStrictEqual([{ id }]);
  });

  test('a value that cannot be read stops no planned rotation, and is evidence of it', async () => {
    await rotated();
    const { token } = await givenUp();
    await damage(token);
    await afterItsLease();
    await world.finishAfterRotation();
    const next = await world.rotate();
    expect((await world.labels()).AWSCURRENT).toBe(next);
    expect(builtOn()?.labelled).toStrictEqual([]);
    expect((await world.control.getRotation(world.secretName, next))?.evidence).toContainEqual({
      fact: 'versionUnreadable',
      detail: { versionId: token, code: 'ERR_ROTATION_DAMAGED' },
    });
  });
});

test('what was in use is history although what follows it is under way', async () => {
  await world.rotate();
  const first = await idOf('AWSCURRENT');
  for (const intent of ['emergency', 'emergency', 'rollback'] as const) {
    await world.rotate({ intent });
  }
  expect(builtOn()?.labelled).toStrictEqual([{ id: first }]);
});

test.each([[[]], [[pinLabel]]])(
  'a generation that was in use and cannot be read refuses a planned rotation, also with %j',
  async (labels) => {
    const oldest = await world.rotate();
    await world.finishAfterRotation();
    await rotated();
    await rotated();
    const current = (await world.labels()).AWSCURRENT;
    for (const label of labels) {
      await world.secrets.moveLabel({ secretId: world.secretArn, label, to: oldest });
    }
    await damage(oldest);
    await world.rotate();
    expect((await world.labels()).AWSCURRENT).toBe(current);
    expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_DAMAGED' });
  },
);
