import { expect, test } from '@jest/globals';
import { jwtRoom } from './keyset-rooms.ts';
import { runScenario, scenariosOf } from './single-faults.ts';

test.each(scenariosOf(jwtRoom))(
  'jwt: %s survives every single fault at every call',
  async (scenario) => {
    expect(await runScenario(jwtRoom, scenario)).toBeGreaterThan(10);
  },
  300_000,
);
