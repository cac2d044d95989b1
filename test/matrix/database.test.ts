import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { databaseRoom } from './database-rooms.ts';
import type { Scenario } from './rooms.ts';
import { runScenario } from './single-faults.ts';

let pharmacy: Pharmacy;

beforeAll(async () => {
  pharmacy = await startPharmacy();
}, 60_000);
afterAll(() => pharmacy?.server.stop());

const scenarios: readonly Scenario[] = ['planned', 'rollback', 'emergency'];

test.each(['multiUser', 'singleUser'] as const)(
  '%s survives every single fault at every call, on a real PostgreSQL',
  async (scheme) => {
    for (const scenario of scenarios) {
      expect(await runScenario(databaseRoom(pharmacy, scheme), scenario)).toBeGreaterThan(40);
    }
  },
  600_000,
);
