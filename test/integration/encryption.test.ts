import { afterAll, beforeAll, describe } from '@jest/globals';
import { everyKind } from './every-kind.ts';
import { keysetIntents } from './keyset-intents.ts';
import { World } from './world.ts';

describe('the encryption secret, deployed', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  }, 60_000);
  afterAll(() => world?.stop());

  everyKind('pii', () => world);
  keysetIntents('pii', () => world);
});
