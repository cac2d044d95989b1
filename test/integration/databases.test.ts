import { afterAll, beforeAll, describe } from '@jest/globals';
import { firstValue } from './every-kind.ts';
import { alternatingUsers } from './multi-user.ts';
import { singleUser } from './single-user.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({ settings: { log_statement: 'all' } });
}, 60_000);
afterAll(() => world?.stop());

firstValue('db', () => world);
firstValue('legacyDb', () => world);

describe('the database secret of two alternating users, deployed', () => {
  alternatingUsers(() => world);
});

describe('the database secret of a single user, deployed', () => {
  singleUser(() => world);
});
