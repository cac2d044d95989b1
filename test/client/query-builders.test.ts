/** Encrypted columns through Drizzle and Kysely, on a PostgreSQL. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { customType, integer, pgTable } from 'drizzle-orm/pg-core';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { encryptedColumn } from '../../client/fields/drizzle.ts';
import { encryptedColumns } from '../../client/fields/kysely.ts';
import { FieldCipher, fieldKeys, SecretCache } from '../../client/index.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import { encryptionSettings, Rotating } from './keysets.ts';
import { InMemorySource, StandingSystem, turns } from './stand-ins.ts';

let server: PostgresServer;
let pool: pg.Pool;
let system: StandingSystem;
let rotating: Rotating;
let source: InMemorySource;

beforeAll(async () => {
  server = await startPostgres();
  await server.session((client) =>
    client.query(`create table patients (id int primary key, name text, scan bytea);
      create table visits (id uuid primary key, patient int, note text, title text)`),
  );
  pool = await server.session(async ({ user, password, database }) => {
    const { host, port, ca } = server;
    return new pg.Pool({ host, port, user, password, database, ssl: { ca }, max: 2 });
  });
  // The pool is ended before its sessions are: what the server says to one then is unheard.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});
beforeEach(async () => {
  system = new StandingSystem();
  rotating = new Rotating(encryptionSettings, system.now);
  source = new InMemorySource(rotating.text);
  await pool.query('truncate patients, visits');
});

function cipherOf(from = source): FieldCipher {
  const cache = new SecretCache(from, { parse: fieldKeys(), system });
  return new FieldCipher(
    cache,
    {
      'patients.name': { profile: 'column' },
      'patients.scan': { profile: 'column', format: 'qt1-bytes' },
      'visits.note': { profile: 'row' },
      'visits.title': { profile: 'column' },
    },
    { system },
  );
}
const refused = (code: string) => expect.objectContaining({ code: `ERR_ROTATION_${code}` });
const stored = async (text: string) => (await pool.query(text)).rows;

/** Sealed under a key this process has not read yet. */
async function ahead(): Promise<string> {
  const newer = new InMemorySource(rotating.publish().activate().text);
  return cipherOf(newer).encrypt('patients.name', 'Eve');
}

describe('Drizzle', () => {
  function shop(cipher = cipherOf()) {
    const patients = pgTable('patients', {
      id: integer().primaryKey(),
      name: customType(encryptedColumn(cipher.column('patients.name')))(),
      scan: customType(encryptedColumn(cipher.bytesColumn('patients.scan')))(),
    });
    return { cipher, patients, db: drizzle({ client: pool }) };
  }

  /** Drizzle's own error names the query; what the column said is its cause, or the error itself. */
  async function codeOf(work: PromiseLike<unknown>): Promise<string | undefined> {
    try {
      await work;
      return undefined;
    } catch (error) {
      const { code, cause } = error as { code?: string; cause?: { code?: string } };
      return code ?? cause?.code;
    }
  }

  test('writes what is sealed and reads what was written; NULL stays NULL, also through a placeholder', async () => {
    const { cipher, patients, db } = shop();
    await cipher.ready();
    await db.insert(patients).values([
      { id: 1, name: 'Ann', scan: 'Ann, seen' },
      { id: 2, name: null },
    ]);
    const prepared = db
      .insert(patients)
      .values({ id: sql.placeholder('id'), name: sql.placeholder('name') })
      .prepare('one');
    await prepared.execute({ id: 3, name: null });
    await prepared.execute({ id: 4, name: 'Bob' });
    await db.update(patients).set({ name: 'Anna' }).where(eq(patients.id, 1));
    expect(await db.select().from(patients).orderBy(patients.id)).toEqual([
      { id: 1, name: 'Anna', scan: 'Ann, seen' },
      { id: 2, name: null, scan: null },
      { id: 3, name: null, scan: null },
      { id: 4, name: 'Bob', scan: null },
    ]);
    const [ann, none] = await stored('select * from patients order by id');
    expect(ann.name).toMatch(new RegExp(`^qt1\\.${rotating.kid('primary')}\\.column\\.`));
    expect(ann.scan.subarray(0, 3)).toEqual(Buffer.from('515401', 'hex'));
    expect(none.name).toBeNull();
  });

  test('through a subquery it opens; what sql writes or selects is as it is', async () => {
    const { cipher, patients, db } = shop();
    await cipher.ready();
    await db.insert(patients).values([
      { id: 1, name: 'Ann' },
      { id: 2, name: sql`upper('bob')` },
    ]);
    const inner = db.select().from(patients).where(eq(patients.id, 1)).as('inner');
    expect(await db.select({ name: inner.name }).from(inner)).toEqual([{ name: 'Ann' }]);
    const raw = sql<string>`max(${patients.name})`;
    expect(await db.select({ name: raw }).from(patients).where(eq(patients.id, 1))).toEqual([
      { name: expect.stringMatching(/^qt1\./) },
    ]);
    expect(await stored('select name from patients where id = 2')).toEqual([{ name: 'BOB' }]);
    expect(await db.select().from(patients).where(eq(patients.name, 'Ann'))).toEqual([]);
  });

  test('before the keys are read nothing is written, and nothing is read either', async () => {
    const { patients, db } = shop();
    expect(await codeOf(db.insert(patients).values({ id: 1, name: 'Ann' }))).toBe(
      'ERR_ROTATION_SECRET_NOT_READY',
    );
    expect(await stored('select * from patients')).toEqual([]);
    await pool.query('insert into patients (id, name) values (1, $1)', [
      await cipherOf().encrypt('patients.name', 'Ann'),
    ]);
    const other = shop();
    expect(await codeOf(other.db.select().from(other.patients))).toBe(
      'ERR_ROTATION_SECRET_NOT_READY',
    );
  });

  test('a value under an unknown key fails the query; the next one opens it', async () => {
    const { cipher, patients, db } = shop();
    await cipher.ready();
    await pool.query('insert into patients (id, name) values (1, $1)', [await ahead()]);
    source.put(rotating.text);
    system.later(10_000);
    expect(await codeOf(db.select().from(patients))).toBe('ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN');
    await turns();
    expect(await db.select({ name: patients.name }).from(patients)).toEqual([{ name: 'Eve' }]);
  });

  test('a column that is bound to its rows is refused when it is declared', () => {
    expect(() => encryptedColumn(cipherOf().column('visits.note'))).toThrow(refused('ROW_UNKNOWN'));
  });
});

interface Shop {
  patients: { id: number; name: string | null; scan: string | null };
  visits: { id: string; patient: number; note: string | null; title: string | null };
}

describe('Kysely', () => {
  function shop(cipher = cipherOf()) {
    const plugin = encryptedColumns({
      patients: {
        columns: {
          name: cipher.column('patients.name'),
          scan: cipher.bytesColumn('patients.scan'),
        },
      },
      'public.visits': {
        columns: { note: cipher.column('visits.note'), title: cipher.column('visits.title') },
        primaryKey: [{ name: 'id', type: 'uuid' }],
      },
    });
    const db = new Kysely<Shop>({ dialect: new PostgresDialect({ pool }), plugins: [plugin] });
    return { cipher, db, plugin };
  }
  const visit = (more: Partial<Shop['visits']> = {}) => ({
    id: randomUUID(),
    patient: 1,
    note: 'call on Monday',
    title: 'first',
    ...more,
  });

  test('writes what is sealed and opens what is selected, also joined, renamed and returned; NULL stays NULL', async () => {
    const { cipher, db } = shop();
    await cipher.ready();
    const returned = await db
      .insertInto('patients')
      .values([
        { id: 1, name: 'Ann', scan: 'Ann, seen' },
        { id: 2, name: null, scan: null },
      ])
      .returning(['id', 'name'])
      .execute();
    expect(returned).toEqual([
      { id: 1, name: 'Ann' },
      { id: 2, name: null },
    ]);
    const [ann] = await stored('select * from patients order by id');
    expect(ann.name).toMatch(new RegExp(`^qt1\\.${rotating.kid('primary')}\\.column\\.`));
    expect(ann.scan.subarray(0, 3)).toEqual(Buffer.from('515401', 'hex'));
    await db.insertInto('visits').values(visit()).execute();
    const joined = db
      .selectFrom('patients as p')
      .innerJoin('visits', 'visits.patient', 'p.id')
      .select(['p.name as who', 'visits.id', 'note', 'title as name']);
    expect(await joined.execute()).toEqual([
      { who: 'Ann', id: expect.any(String), note: 'call on Monday', name: 'first' },
    ]);
    expect(await db.selectFrom('patients').selectAll().orderBy('id').execute()).toEqual([
      { id: 1, name: 'Ann', scan: 'Ann, seen' },
      { id: 2, name: null, scan: null },
    ]);
    const plan = await db.selectFrom('patients').select('name').explain();
    expect(plan).toEqual(expect.arrayContaining([{ 'QUERY PLAN': expect.any(String) }]));
    const gone = db.deleteFrom('patients').where('id', '=', 1).returningAll();
    expect(await gone.execute()).toEqual([{ id: 1, name: 'Ann', scan: 'Ann, seen' }]);
  });

  test('a row is known where its key is given: in an INSERT, an UPDATE by key, an upsert by key', async () => {
    const { cipher, db } = shop();
    await cipher.ready();
    const made = visit({ id: randomUUID().toUpperCase() });
    await db
      .insertInto('visits')
      .values([made, visit({ note: null })])
      .execute();
    const one = db.selectFrom('visits').selectAll().where('id', '=', made.id);
    expect(await one.executeTakeFirst()).toMatchObject({ note: 'call on Monday', title: 'first' });
    await db
      .updateTable('visits')
      .set({ note: 'called' })
      .where((at) => at.and([at('visits.id', '=', made.id), at('patient', '=', 1)]))
      .execute();
    expect(await one.executeTakeFirst()).toMatchObject({ note: 'called' });
    await db
      .insertInto('visits')
      .values({ ...made, note: 'again', title: 'second' })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((at) => ({ note: at.ref('excluded.note'), title: 'third' })),
      )
      .execute();
    expect(await one.executeTakeFirst()).toMatchObject({ note: 'again', title: 'third' });
  });

  test('a row that is not known is refused before anything is written', async () => {
    const { cipher, db } = shop();
    await cipher.ready();
    const { id, ...withoutKey } = visit();
    const row = refused('ROW_UNKNOWN');
    await db.insertInto('visits').values(visit({ id })).execute();
    const before = await stored('select * from visits');
    const set = db.updateTable('visits').set({ note: 'x' });
    for (const statement of [
      db.insertInto('visits').values(withoutKey as Shop['visits']),
      set,
      set.where('patient', '=', 1),
      set.where('id', 'in', [id]),
      set.where((at) => at.or([at('id', '=', id), at('patient', '=', 1)])),
      db.updateTable('visits').set({ id: randomUUID() }).where('id', '=', id),
      db
        .insertInto('visits')
        .values(visit({ id }))
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ note: 'x' })),
      db
        .insertInto('visits')
        .values(visit())
        .onConflict((conflict) =>
          conflict.column('patient').doUpdateSet((at) => ({ note: at.ref('excluded.note') })),
        ),
      db.insertInto('visits').values(visit()).returning('note'),
      db.selectFrom('visits').select('note'),
      db.selectFrom('visits').select(['note', 'patient as id']),
    ]) {
      await expect(statement.execute()).rejects.toEqual(row);
    }
    expect(await stored('select * from visits')).toEqual(before);
    expect(() =>
      encryptedColumns({ visits: { columns: { note: cipher.column('visits.note') } } }),
    ).toThrow(refused('CLIENT_SETTINGS'));
  });

  test('what the database would compute is refused, and never written in plaintext', async () => {
    const { cipher, db } = shop();
    await cipher.ready();
    const patient = { id: 1, name: 'Ann', scan: null };
    for (const statement of [
      db
        .insertInto('patients')
        .values((at) => ({ ...patient, name: at.fn<string>('upper', [at.val('ann')]) })),
      db
        .insertInto('patients')
        .columns(['id', 'name'])
        .expression((at) => at.selectFrom('visits').select(['patient', 'title'])),
      db.updateTable('patients').set((at) => ({ name: at.ref('scan') })),
      db
        .mergeInto('patients')
        .using('visits', 'visits.patient', 'patients.id')
        .whenMatched()
        .thenUpdateSet({ name: 'x' }),
      db.insertInto('patients').values({ ...patient, name: 7 as unknown as string }),
    ]) {
      await expect(statement.execute()).rejects.toEqual(refused('NOT_SEALABLE'));
    }
    expect(await stored('select * from patients')).toEqual([]);
  });

  test('an INSERT inside another statement is sealed once, in every schema', async () => {
    const { cipher, db } = shop();
    await cipher.ready();
    const nested = await db
      .with('added', () =>
        db
          .withSchema('public')
          .insertInto('patients')
          .values({ id: 1, name: 'Ann', scan: null })
          .returning('id'),
      )
      .selectFrom('added')
      .select('id')
      .execute();
    expect(nested).toEqual([{ id: 1 }]);
    expect(await db.selectFrom('patients').select('name').execute()).toEqual([{ name: 'Ann' }]);
    expect([...cipher.seals().values()]).toEqual([1]);
    const inner = db.selectFrom('patients').select('name').as('inner');
    expect(await db.selectFrom(inner).select('name').execute()).toEqual([
      { name: expect.stringMatching(/^qt1\./) },
    ]);
  });

  test('before the keys are read nothing is written; what is read waits for them, and looks for an unknown key', async () => {
    const { db } = shop();
    const inserted = db.insertInto('patients').values({ id: 1, name: 'Ann', scan: null });
    await expect(inserted.execute()).rejects.toEqual(refused('SECRET_NOT_READY'));
    await pool.query('insert into patients (id, name) values (1, $1)', [
      await cipherOf().encrypt('patients.name', 'Ann'),
    ]);
    const read = db.selectFrom('patients').select('name').orderBy('id');
    expect(await read.execute()).toEqual([{ name: 'Ann' }]);
    await pool.query('insert into patients (id, name) values (2, $1)', [await ahead()]);
    source.put(rotating.text);
    expect(await read.execute()).toEqual([{ name: 'Ann' }, { name: 'Eve' }]);
  });

  test('columns that another plugin renames, and all columns of several tables, are refused', async () => {
    const { cipher, db } = shop();
    await cipher.ready();
    await db.insertInto('patients').values({ id: 1, name: 'Ann', scan: null }).execute();
    await db.insertInto('visits').values(visit()).execute();
    const settings = refused('CLIENT_SETTINGS');
    const renamed = db.withPlugin(new CamelCasePlugin()).selectFrom('patients');
    expect(await renamed.select('name').execute()).toEqual([{ name: 'Ann' }]);
    const first = new Kysely<Shop>({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin(), shop(cipher).plugin],
    });
    const asMade = first.selectFrom('patients').select('name as fullName' as 'name');
    await expect(asMade.execute()).rejects.toEqual(settings);
    const all = db.selectFrom('patients').innerJoin('visits', 'visits.patient', 'patients.id');
    await expect(all.selectAll().execute()).rejects.toEqual(settings);
    await expect(all.selectAll('visits').execute()).rejects.toEqual(settings);
  });
});
