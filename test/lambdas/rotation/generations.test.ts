/** Which generation a value belongs to, and which dates are kept: with values that are nothing but their material. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Material, RotationStrategy } from '../../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let world: RotationWorld<Material>;
afterEach(() => world?.stop());

/** What the next rotation makes. */
let next: Material;
const strategy: RotationStrategy<Material> = {
  parse: (text) => JSON.parse(text),
  serialize: (value) => JSON.stringify(value),
  material: (value) => value,
  createSecret: async (_versions, { restore }) => restore ?? next,
  setSecret: async () => undefined,
  testSecret: async () => undefined,
};

const named = (primary?: string, published?: string): Material => ({
  ...(primary !== undefined && { primary }),
  all: [],
  ...(published !== undefined && { published }),
});

async function start(initial?: Material): Promise<string> {
  world = await RotationWorld.start<Material>({
    control: inMemoryControlTable(),
    ...(initial && { initial: strategy.serialize(initial) }),
    room: () => ({ strategy, companions: {} }),
  });
  return (await world.labels()).AWSCURRENT ?? '';
}

async function rotateTo(value: Material): Promise<string> {
  next = value;
  const token = await world.rotate();
  await world.finishAfterRotation();
  return token;
}

/** Oldest first. */
const dates = async () =>
  Object.entries(await world.labels())
    .filter(([label]) => label.startsWith('rotated-'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
const failures = () => world.log.filter(({ event }) => event === 'failed');

const taken = 'rotated-20250517T170002Z';
const today = 'rotated-20260105T030001Z';

describe('the date of what was in use', () => {
  test.each<[string, Material, Material]>([
    ['whose key stays in use while another is published', named('k1'), named('k1', 'k2')],
    ['that named no key until this rotation adopts it', named(), named('k1', 'k2')],
  ])('goes on to a value %s', async (_what, before, after) => {
    const adopted = await start(before);
    await world.secrets.moveLabel({ secretId: world.secretArn, label: taken, to: adopted });
    const token = await rotateTo(after);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await dates()).toEqual([[taken, token]]);
  });

  test.each<[string, Material, Material]>([
    ['is replaced', named('k1'), named('k2')],
    ['is replaced, and a third published', named('k1'), named('k2', 'k3')],
    ['was never named, and is not adopted', named(), named('k1')],
  ])('stays where it is when its key %s', async (_what, before, after) => {
    const adopted = await start(before);
    await world.secrets.moveLabel({ secretId: world.secretArn, label: taken, to: adopted });
    const token = await rotateTo(after);
    expect(await dates()).toEqual([
      [taken, adopted],
      [today, token],
    ]);
  });

  test('is not made up where it has none: the adoption knows its age', async () => {
    await start(named());
    const token = await rotateTo(named('k1', 'k2'));
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await dates()).toEqual([]);
    expect(failures()).toEqual([]);
  });
});

describe('of twelve dates', () => {
  async function twelve(): Promise<string[]> {
    await start();
    const tokens: string[] = [];
    for (let count = 1; count <= 12; count++) tokens.push(await rotateTo(named(`k${count}`)));
    return tokens;
  }

  test('none leaves for a value that goes on with the date of AWSCURRENT', async () => {
    const tokens = await twelve();
    const labels = (await dates()).map(([label]) => label);
    const published = await rotateTo(named('k12', 'k13'));
    expect(await dates()).toEqual(
      [...tokens.slice(0, -1), published].map((token, index) => [labels[index], token]),
    );
  });

  test('the oldest leaves, but never that of AWSCURRENT or AWSPREVIOUS', async () => {
    const [oldest] = await twelve();
    const labels = (await dates()).map(([label]) => label);
    const restored = await world.rotate({ intent: 'rollback', restoreVersionId: oldest ?? '' });
    await world.finishAfterRotation();
    expect((await dates())[0]).toEqual([labels[0], restored]);

    const left = async () => {
      const kept = new Set((await dates()).map(([label]) => label));
      return labels.filter((label) => !kept.has(label));
    };
    await rotateTo(named('k13'));
    expect((await world.labels()).AWSPREVIOUS).toBe(restored);
    expect(await left()).toEqual([labels[1]]);
    await rotateTo(named('k14'));
    expect(await left()).toEqual([labels[1], labels[2]]);
    // It is neither any more: the oldest date goes, although a younger version carries it.
    await rotateTo(named('k15'));
    expect(await left()).toEqual([labels[0], labels[1], labels[2]]);
  });
});
