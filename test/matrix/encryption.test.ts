import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { encryptionRoom } from './keyset-rooms.ts';
import type { Scenario } from './rooms.ts';
import { runScenario } from './single-faults.ts';

let pharmacy: Pharmacy;

beforeAll(async () => {
  pharmacy = await startPharmacy();
  await pharmacy.sql('create table notes (id int primary key, body text)');
  await pharmacy.sql('alter table notes owner to pharmacy_app');
}, 60_000);
afterAll(() => pharmacy?.server.stop());

const scenarios: readonly Scenario[] = [
  'firstValue',
  'planned',
  'activate',
  'rollback',
  'emergency',
];

test.each(scenarios)(
  'encryption: %s survives every single fault at every call',
  async (scenario) => {
    expect(await runScenario(encryptionRoom(pharmacy), scenario)).toBeGreaterThan(25);
  },
  300_000,
);
