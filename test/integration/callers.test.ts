/** Who comes with a key of their own and code that is not the operator's: an application, and the `aws` command. */
import { afterAll, beforeAll } from '@jest/globals';
import { awsCli } from './aws-cli.ts';
import { client } from './client.ts';
import { fingerprints } from './fingerprints.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.withValues(['jwt']);
}, 120_000);
afterAll(() => world?.stop());

client(() => world);
awsCli(() => world);
fingerprints(() => world);
