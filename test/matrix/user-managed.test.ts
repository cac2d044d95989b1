import { expect, test } from '@jest/globals';
import { runScenario, scenariosOf } from './single-faults.ts';
import { userManagedRoom } from './user-managed-room.ts';

test.each(scenariosOf(userManagedRoom))(
  'user-managed: %s survives every single fault at every call',
  async (scenario) => {
    expect(await runScenario(userManagedRoom, scenario)).toBeGreaterThan(8);
  },
  300_000,
);
