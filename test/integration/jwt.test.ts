import { afterAll, beforeAll, describe } from '@jest/globals';
import { everyKind } from './every-kind.ts';
import { keysetIntents } from './keyset-intents.ts';
import { World } from './world.ts';

describe('the JWT secret, deployed', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  }, 60_000);
  afterAll(() => world?.stop());

  everyKind('jwt', () => world);
  keysetIntents('jwt', () => world);
});
