import { expect, test } from '@jest/globals';
import { jwtRoom } from './keyset-rooms.ts';
import { runScenario } from './single-faults.ts';

test.each(jwtRoom.scenarios)(
  'jwt: %s survives every single fault at every call',
  async (scenario) => {
    expect(await runScenario(jwtRoom, scenario)).toBeGreaterThan(60);
  },
  120_000,
);
