/** The proofs of the chapter on re-encryption must be able to fail: each against a database in which they do. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateDataSet } from '../../demo/data/generate.ts';
import { prescription } from '../../demo/data/prescriptions.ts';
import type { FieldCipher } from '../../demo/data/sealed-columns.ts';
import { seedDatabase } from '../../demo/data/seed.ts';
import { prepareDatabase } from '../../demo/database.ts';
import { countRows, validateRows } from '../../demo/database-proof.ts';
import { fieldsUnder } from '../../demo/sealed-fields.ts';
import { LiveTraffic, type Tally } from '../../demo/traffic.ts';
import { systemClock } from '../../doors/clock.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import { encryptionSettings, Rotating } from '../client/keysets.ts';

const data = generateDataSet(1, {
  workspaces: 2,
  patients: 8,
  storedCredentials: 4,
  prescriptions: 60,
  accessLog: 10,
});
const now = new Date('2025-11-18T09:00:00Z');
const rows = data.prescriptions.length;
const places = ['medication', 'dosage', 'note'].map((column) => ({
  table: 'public.prescriptions',
  column,
}));

const [own, strange] = [1, 2].map((number) => {
  const rotating = new Rotating(encryptionSettings, () => now);
  return number === 1
    ? rotating
    : rotating.publish().activate().retire(rotating.kid('decryptOnly'), 'disabled');
}) as [Rotating, Rotating];
const kid = own.kid('primary');
const cipher = await fieldsUnder(own.text);
const stranger = await fieldsUnder(strange.text);

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  await prepareDatabase(nodePostgres, endpoint(), server.superuser, []);
});
afterAll(() => server.stop());
beforeEach(async () => {
  await withDatabase(async (session) => {
    await session.query('TRUNCATE public.workspaces CASCADE');
    await seedDatabase(session, data, cipher);
  });
});

const endpoint = () => ({
  host: server.host,
  port: server.port,
  dbname: 'pharmacy',
  ca: server.ca,
});
const withDatabase = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
  nodePostgres.withSession(endpoint(), server.superuser, work);

/** Until every row was read and every writer has written some. */
async function tallyOf(meanwhile: (traffic: LiveTraffic) => Promise<unknown>): Promise<Tally> {
  const traffic = LiveTraffic.start({
    source: { name: 'pii', refreshes: true, read: async () => ({ value: own.text }) },
    now: () => now,
    cacheSeconds: 300,
    withDatabase,
    clock: { ...systemClock, sleep: () => systemClock.sleep(0) },
    rows,
    prescription: (id) => prescription(id, data.patients.length, data.window),
  });
  for (let at: Tally | undefined; at === undefined || at.reads < 600 || at.updates < 60; ) {
    await systemClock.sleep(5);
    at = await traffic.tally();
  }
  await traffic.stop();
  await meanwhile(traffic);
  return traffic.tally();
}

const write = (column: string, id: number, value: (from: FieldCipher) => string) =>
  withDatabase((session) =>
    session.query(`UPDATE public.prescriptions SET ${column} = $2 WHERE id = $1`, [
      id,
      value(stranger),
    ]),
  );

describe('live traffic', () => {
  test('finds nothing wrong with a database that is well', async () => {
    const tally = await tallyOf(async () => undefined);
    expect(tally).toMatchObject({ failedReads: 0, lostUpdates: 0, reasons: [] });
    expect(tally.keysetReads).toBeGreaterThanOrEqual(4);
  });

  test('counts a read that does not open, and says which key it lacks', async () => {
    await write('dosage', 7, ({ seal }) => seal('prescriptions.dosage', 7, '1 tablet'));
    const { failedReads, reasons } = await tallyOf(async () => undefined);
    expect(failedReads).toBeGreaterThan(0);
    expect(reasons[0]).toMatch(/No key with kid [0-9a-f]{16} may open/);
  });

  test('counts a read that opens to another text', async () => {
    await write('dosage', 7, () => cipher.seal('prescriptions.dosage', 7, 'of somebody else'));
    const { failedReads, reasons } = await tallyOf(async () => undefined);
    expect(failedReads).toBeGreaterThan(0);
    expect(reasons[0]).toBe('prescription 7 opens to another text');
  });

  test('counts an update that somebody wrote over, and one that does not open', async () => {
    const { lostUpdates } = await tallyOf(() =>
      withDatabase(async (session) => {
        const notes = await session.query<{ id: number; note: string }>(
          'SELECT id::int AS id, note FROM public.prescriptions ORDER BY id',
        );
        const written = notes.filter(({ id, note }) =>
          cipher.open('prescriptions.note', id, note).startsWith('reviewed'),
        );
        const [first, second] = written;
        const old = cipher.seal('prescriptions.note', first?.id ?? 0, 'as it was read before');
        const update = 'UPDATE public.prescriptions SET note = $2 WHERE id = $1';
        await session.query(update, [first?.id, old]);
        await session.query(update, [second?.id, stranger.seal('prescriptions.note', 1, 'x')]);
      }),
    );
    expect(lostUpdates).toBe(2);
  });
});

describe('the proof of the database', () => {
  test('counts rows under another key, column by column', async () => {
    await write('note', 7, ({ seal }) => seal('prescriptions.note', 7, 'x'));
    await write('dosage', 8, () => 'in the clear');
    expect(await withDatabase((session) => countRows(session, places, kid))).toEqual([
      {
        table: 'public.prescriptions',
        rows,
        others: [
          { column: 'medication', rows: 0 },
          { column: 'dosage', rows: 1 },
          { column: 'note', rows: 1 },
        ],
      },
    ]);
  });

  test('is accepted by PostgreSQL when every row is under the key, and leaves nothing', async () => {
    await withDatabase((session) => validateRows(session, places, kid));
    expect(await constraints()).toEqual([]);
  });

  test('is refused by PostgreSQL for a single row, and leaves nothing', async () => {
    await write('note', 7, ({ seal }) => seal('prescriptions.note', 7, 'x'));
    await expect(
      withDatabase((session) => validateRows(session, places, kid)),
    ).rejects.toMatchObject({ sqlstate: '23514' });
    expect(await constraints()).toEqual([]);
  });

  const constraints = () =>
    withDatabase((session) =>
      session.query(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = 'public.prescriptions'::regclass",
      ),
    );
});
