import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateDataSet } from '../../../demo/data/generate.ts';
import { identity } from '../../../demo/data/schema.sql.ts';
import type { FieldCipher } from '../../../demo/data/sealed-columns.ts';
import { seedDatabase, validateDatabase } from '../../../demo/data/seed.ts';
import { prepareDatabase } from '../../../demo/database.ts';
import { fieldsUnder } from '../../../demo/sealed-fields.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';
import { encryptionSettings, Rotating } from '../../client/keysets.ts';

const data = generateDataSet(1, {
  workspaces: 2,
  patients: 8,
  storedCredentials: 4,
  prescriptions: 6,
  accessLog: 10,
});
const now = new Date('2025-11-18T09:00:00Z');
let server: PostgresServer;
let cipher: FieldCipher;

beforeAll(async () => {
  server = await startPostgres();
  await prepareDatabase(nodePostgres, endpoint(), server.superuser, []);
  cipher = await fieldsUnder(new Rotating(encryptionSettings, () => now).text);
});

afterAll(() => server.stop());

beforeEach(async () => {
  await sql('TRUNCATE public.workspaces CASCADE');
  await nodePostgres.withSession(endpoint(), server.superuser, (session) =>
    seedDatabase(session, data, cipher),
  );
});

describe('the seeded database', () => {
  test('passes the checklist, and holds no patient in the clear', async () => {
    expect(await failed()).toEqual([]);
    const [stored] = await sql(
      `SELECT string_agg(name || ssn || phone, '') AS text FROM public.patients`,
    );
    for (const { name, ssn, phone } of data.patients) {
      for (const plain of [name, ssn, phone]) {
        expect(stored?.text).not.toContain(plain);
      }
    }
  });

  test('belongs to the identity, and hides log entries of other workspaces from it', async () => {
    const rows = await nodePostgres.withSession(endpoint(), server.superuser, async (session) => {
      await session.query(`SET ROLE ${identity}`);
      await session.query("SELECT set_config('pharmacy.workspace', 'ws-001', false)");
      return session.query<{ workspace_id: string }>('SELECT workspace_id FROM access_log');
    });

    expect(new Set(rows.map((row) => row.workspace_id))).toEqual(new Set(['ws-001']));
    const owners = await sql(
      "SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(owners).toEqual([{ owner: identity }]);
  });

  test.each([
    [
      'personal data and credentials are sealed at rest',
      "UPDATE public.patients SET phone = '+1-202-555-0101' WHERE id = 5",
      'patients/5',
    ],
    [
      'personal data and credentials are sealed at rest',
      "UPDATE public.stored_credentials SET token = 'asset:00000000' WHERE id = 2",
      'storedCredentials/2',
    ],
    [
      'personal data and credentials are sealed at rest',
      "UPDATE public.prescriptions SET note = 'prefers the generic' WHERE id = 3",
      'prescriptions/3',
    ],
    [
      'owner e-mails are inside example.com',
      "UPDATE public.workspaces SET owner_email = 'a@pharmacy.test' WHERE id = 'ws-002'",
      'workspaces/ws-002',
    ],
    [
      'every timestamp lies inside the release window',
      "UPDATE public.access_log SET at = '2025-12-24T00:00:00Z' WHERE id = 3",
      'accessLog/3',
    ],
  ])('fails "%s" after %s', async (check, tamper, row) => {
    await sql(tamper);

    expect(await failed()).toContainEqual({ check, verdict: 'failed', offending: [row] });
  });

  test('a field moved to another row does not pass for its own', async () => {
    await sql(
      'UPDATE public.patients SET ssn = (SELECT ssn FROM public.patients WHERE id = 2) WHERE id = 1',
    );

    expect(await failed()).toContainEqual({
      check: 'every sealed field opens in its own place',
      verdict: 'failed',
      offending: ['patients/1'],
    });
    await sql(
      'UPDATE public.prescriptions SET note = (SELECT note FROM public.prescriptions WHERE id = 2) WHERE id = 4',
    );
    expect(await failed()).toContainEqual({
      check: 'every sealed field opens in its own place',
      verdict: 'failed',
      offending: ['patients/1', 'prescriptions/4'],
    });
  });
});

function endpoint() {
  return { host: server.host, port: server.port, dbname: 'pharmacy', ca: server.ca };
}

function sql(text: string) {
  return nodePostgres.withSession(endpoint(), server.superuser, (session) =>
    session.query<Record<string, unknown>>(text),
  );
}

async function failed() {
  const verdicts = await nodePostgres.withSession(endpoint(), server.superuser, (session) =>
    validateDatabase(session, data.window, cipher),
  );
  return verdicts.filter(({ verdict }) => verdict === 'failed');
}
