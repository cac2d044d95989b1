import { afterAll, beforeAll, describe } from '@jest/globals';
import { everyKind, firstValue } from './every-kind.ts';
import { keysetIntents } from './keyset-intents.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
}, 60_000);
afterAll(() => world?.stop());

firstValue('jwt', () => world);
firstValue('pii', () => world);

describe.each([
  ['JWT', 'jwt'],
  ['encryption', 'pii'],
] as const)('the %s secret, deployed', (_title, key) => {
  everyKind(key, () => world);
  keysetIntents(key, () => world);
});
