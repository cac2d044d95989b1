import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { databaseRoom } from './database-rooms.ts';
import { runScenario, scenariosOf } from './single-faults.ts';

let pharmacy: Pharmacy;

beforeAll(async () => {
  pharmacy = await startPharmacy();
}, 60_000);
afterAll(() => pharmacy?.server.stop());

test.each(['multiUser', 'singleUser'] as const)(
  '%s survives every single fault at every call, on a real PostgreSQL',
  async (scheme) => {
    const room = databaseRoom(pharmacy, scheme);
    for (const scenario of scenariosOf(room)) {
      expect(await runScenario(room, scenario)).toBeGreaterThan(10);
    }
  },
  1_800_000,
);
