import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from '../../doors/postgres/ledger-schema.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { encryptionRoom } from './keyset-rooms.ts';
import { runScenario, scenariosOf } from './single-faults.ts';

let pharmacy: Pharmacy;

beforeAll(async () => {
  pharmacy = await startPharmacy();
  await pharmacy.sql('create table notes (id int primary key, body text)');
  await pharmacy.sql('alter table notes owner to pharmacy_app');
  await nodePostgres.withSession(pharmacy.at(), pharmacy.server.superuser, (session) =>
    migrate(session, 'pharmacy_app'),
  );
}, 60_000);
afterAll(() => pharmacy?.server.stop());

test('the encryption room survives every single fault at every call, on a real PostgreSQL', async () => {
  const room = encryptionRoom(pharmacy);
  for (const scenario of scenariosOf(room)) {
    expect(await runScenario(room, scenario)).toBeGreaterThan(12);
  }
}, 600_000);
