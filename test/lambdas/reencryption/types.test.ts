import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { qt1Bytes } from '../../../domain/ciphertext/qt1-bytes.ts';
import { pooledRandom } from '../../../doors/pooled-random.ts';
import { missingGrants } from '../../../doors/postgres/rows-grant.ts';
import type { ReencryptedColumn } from '../../../lambdas/reencryption/column.ts';
import { verdict } from '../../../lambdas/reencryption/ledger.ts';
import { dryPlan } from '../../../lambdas/reencryption/plan.ts';
import { quarantinedRows } from '../../../lambdas/reencryption/sign-off.ts';
import {
  bound,
  type Clinic,
  columnOf,
  countsOf,
  engineOf,
  finish,
  k1,
  k2,
  keep,
  opened,
  planAll,
  sealed,
  startClinic,
  startJob,
  workOn,
} from './clinic.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

const grant = (table: string, read: string, written: string) =>
  clinic.sql(`grant select (${read}), update (${written}) on ${table} to reencryption`);

/** What the documented minimum is, and nothing else. */
async function grantAll(columns: readonly ReencryptedColumn[]): Promise<void> {
  const superuser = await keep(clinic.endpoint, clinic.server.superuser);
  for (const { sql } of await missingGrants(superuser.session, 'reencryption', columns)) {
    await superuser.session.query(sql);
  }
  await superuser.close();
}

/** Plans, rewrites, sweeps, verifies, counts. */
async function reencrypt(columns: readonly ReencryptedColumn[], secret: string, more = {}) {
  const engine = engineOf(clinic, columns, more);
  const job = await startJob(clinic, engine, secret);
  expect((await workOn(engine, job)).done).toBe(true);
  const counts = await countsOf(clinic, job);
  await finish(clinic, engine, job);
  const { findings } = await clinic.asWorker((session) => verdict(session, job.id));
  return { job, counts, findings };
}

describe('types of columns', () => {
  test('a value inside jsonb is changed on the server, and every number beside it stays as it was written', async () => {
    const column = columnOf('visits.doc', {
      id: 'visits.doc.contact.ssn',
      path: ['contact', 'ssn'],
    });
    const here = bound(column.id);
    const doc = (value: string) =>
      `{"big": 12345678901234567890, "cents": 0.10, "huge": 1e400, "contact": {"ssn": ${value}, "zip": "01"}}`;
    await clinic.sql('create table visits (id int primary key, doc jsonb)');
    await grant('visits', 'id, doc', 'doc');
    const values = [`"${sealed('078-05-1120', k1, here)}"`, 'null', '17', '""'];
    await clinic.sql(
      'insert into visits select i, v::jsonb from unnest($1::text[]) with ordinality u(v, i)',
      [[...values.map(doc), '{"contact": []}']],
    );
    const { counts, findings, job } = await reencrypt([column], 'jsonb');
    expect(counts).toMatchObject([{ nulls: 2, skipped: 1, rewritten: 1, quarantined: 1 }]);
    const [row] = await clinic.sql<{ v: string; rest: string }>(
      `select doc #>> '{contact,ssn}' as v, (doc #- '{contact,ssn}')::text as rest from visits where id = 1`,
    );
    expect(opened(row?.v ?? '', here, new KeyRing([k2]))).toBe('078-05-1120');
    const [expected] = await clinic.sql<{ rest: string }>(
      `select ($1::jsonb #- '{contact,ssn}')::text as rest`,
      [doc('null')],
    );
    expect(row?.rest).toBe(expected?.rest);
    expect(row?.rest).toContain('12345678901234567890');
    expect(row?.rest).toContain('0.10');
    expect(findings).toEqual([`1 quarantined rows of ${column.id} are not signed off`]);
    const [found] = await clinic.asWorker((session) => quarantinedRows(session, job.id));
    expect(found).toMatchObject({ rowKey: ['3'], reason: 'NOT_TEXT' });
  });

  test('json keeps its spaces and doubled members; a ciphertext that stands in it twice is left and reported', async () => {
    const column = columnOf('letters.doc', { id: 'letters.doc.body', path: ['body'] });
    const here = bound(column.id);
    const once = sealed('Dear Žofie', k1, here);
    const twice = sealed('Dear both', k1, here);
    await clinic.sql('create table letters (id int primary key, doc json)');
    await grant('letters', 'id, doc', 'doc');
    await clinic.sql('insert into letters values (1, $1), (2, $2)', [
      `{ "a":1.0,"a":2, "body" :"${once}" }`,
      `{"body": "${twice}", "copy": "${twice}"}`,
    ]);
    const { counts, findings, job } = await reencrypt([column], 'json');
    expect(counts).toMatchObject([{ rewritten: 1, quarantined: 1 }]);
    const rows = await clinic.sql<{ text: string }>(
      'select doc::text as text from letters order by id',
    );
    const now = /"body" :"([^"]+)"/.exec(rows[0]?.text ?? '')?.[1] ?? '';
    expect(rows[0]?.text).toBe(`{ "a":1.0,"a":2, "body" :"${now}" }`);
    expect(opened(now, here, new KeyRing([k2]))).toBe('Dear Žofie');
    expect(rows[1]?.text).toContain(twice);
    expect(findings).toHaveLength(1);
    const [found] = await clinic.asWorker((session) => quarantinedRows(session, job.id));
    expect(found).toMatchObject({ rowKey: ['2'], reason: 'NOT_CHANGED' });
  });

  test('two values of one document and a column beside it are changed in one statement', async () => {
    const columns = [
      columnOf('cards.doc', { id: 'cards.doc.pan', path: ['pan'] }),
      columnOf('cards.doc', { id: 'cards.doc.holder.name', path: ['holder', 'name'] }),
      columnOf('cards.note'),
    ];
    await clinic.sql('create table cards (id int primary key, doc jsonb, note varchar(120))');
    await grant('cards', 'id, doc, note', 'doc, note');
    const [pan, name, note] = columns.map(({ id }) => sealed(id, k1, bound(id)));
    await clinic.sql('insert into cards values (1, $1, $2), (2, null, $2)', [
      JSON.stringify({ pan, holder: { name, since: 1 } }),
      note,
    ]);
    const { findings } = await reencrypt(columns, 'cards');
    expect(findings).toEqual([]);
    const [row] = await clinic.sql<{
      doc: { pan: string; holder: { name: string } };
      note: string;
    }>('select doc, note from cards where id = 1');
    const now = [row?.doc.pan, row?.doc.holder.name, row?.note];
    expect(
      now.map((text, at) => opened(text ?? '', bound(columns[at]?.id ?? ''), new KeyRing([k2]))),
    ).toEqual(columns.map(({ id }) => id));
  });

  test('the elements of text[] are changed in place, its NULLs and quotes stay', async () => {
    const column = columnOf('people.phones', { plaintext: 'quarantine' });
    const here = bound('people.phones');
    await clinic.sql(
      'create table people (id uuid primary key default gen_random_uuid(), nth int, phones text[])',
    );
    await grant('people', 'id, phones', 'phones');
    const one = sealed('+49 "30" \\ 1', k1, here);
    const two = sealed('+49 30 2', k1, here);
    await clinic.sql(
      'insert into people (nth, phones) values (1, $1), (2, $2), (3, $3), (4, null), (5, $4)',
      [[one, null, '', two], [], [two, 'not "sealed", {at} all'], [null]],
    );
    await clinic.sql(`insert into people (nth, phones) values (6, '[2:2]={x}'::text[])`);
    const { counts } = await reencrypt([column], 'arrays');
    expect(counts).toMatchObject([{ nulls: 2, skipped: 1, rewritten: 1, quarantined: 2 }]);
    const rows = await clinic.sql<{ phones: (string | null)[] }>(
      'select phones from people order by nth',
    );
    const [first, , mixed] = rows.map(({ phones }) => phones);
    expect(first?.map((text) => (text ? opened(text, here, new KeyRing([k2])) : text))).toEqual([
      '+49 "30" \\ 1',
      null,
      '',
      '+49 30 2',
    ]);
    expect(mixed).toEqual([two, 'not "sealed", {at} all']);
  });

  test('bytea holds the binary form or the text form, byte for byte', async () => {
    const column = columnOf('scans.image', {
      format: 'qt1-bytes',
      profile: 'row',
      primaryKey: ['a', 'b'],
    });
    const row = (a: string, b: string) => bound('scans.image', 'row', [a, b]);
    await clinic.sql(
      'create table scans (a int, b text collate "und-x-icu", image bytea, primary key (a, b))',
    );
    await grant('scans', 'a, b, image', 'image');
    const image = Buffer.from([0, 255, 92, 39, 34, 10, 128]);
    const random = pooledRandom();
    const value = qt1Bytes.seal(image, k1, row('-7', 'Ä,"b\\'), random);
    await clinic.sql(
      `insert into scans values (-7, 'Ä,"b\\', $1), (1, 'x', null), (1, 'y', ''), (2, 'z', $2)`,
      [value, Buffer.from([1, 2, 3])],
    );
    const { counts } = await reencrypt([column], 'bytes');
    expect(counts).toMatchObject([{ nulls: 1, skipped: 1, rewritten: 1, quarantined: 1 }]);
    const [now] = await clinic.sql<{ image: Buffer }>('select image from scans where a = -7');
    const target = new KeyRing([k2]);
    expect(qt1Bytes.open(now?.image ?? value, target, row('-7', 'Ä,"b\\')).plaintext).toEqual(
      image,
    );
  });
});

describe('keys of rows', () => {
  const text = `text collate "de-x-icu"`;
  const kinds: [string, string, string, number][] = [
    [
      'bigints with gaps below zero',
      'id bigint primary key',
      '(i::bigint * i - 400) * 1000003',
      1_000,
    ],
    ['random uuids', 'id uuid primary key', `md5(i::text)::uuid`, 1_000],
    [
      'text in a collation of its own',
      `id ${text} primary key`,
      `chr(97 + (i * 7) % 26) || case when i % 2 = 0 then 'ä' else 'Z' end || i`,
      1_000,
    ],
    [
      'timestamps',
      'id timestamptz primary key',
      `timestamptz '2020-02-29 23:59:59.999999+05:30' + i * interval '1.000001 s'`,
      900,
    ],
    ['no rows at all', 'id int primary key', 'i', 0],
    ['one row', 'id numeric primary key', 'i / 3.0', 1],
  ];
  for (const [at, [title, key, expression, rows]] of kinds.entries()) {
    test(`ranges cover ${title}`, async () => {
      const table = `keys_${at}`;
      const column = columnOf(`${table}.v`);
      await clinic.sql(`create table ${table} (${key}, v text)`);
      await grant(table, 'id, v', 'v');
      const value = sealed('v', k1, bound(column.id));
      await clinic.sql(
        `insert into ${table} select ${expression}, $1 from generate_series(1, ${rows}) i`,
        [value],
      );
      const { counts, findings } = await reencrypt([column], table);
      expect(counts[0]?.rewritten ?? 0).toBe(rows);
      expect(findings).toEqual([]);
      const [left] = await clinic.sql<{ n: number }>(
        `select count(*)::int as n from ${table} where not starts_with(v, 'qt1.${k2.kid}.')`,
      );
      expect(left?.n).toBe(0);
    });
  }

  test('a table without a primary key is refused, and walked by ctid when that is declared', async () => {
    const column = columnOf('keyless.v');
    await clinic.sql('create table keyless (v text)');
    await grantAll([{ ...column, walk: 'ctid' }]);
    const value = sealed('v', k1, bound('keyless.v'));
    await clinic.sql('insert into keyless select $1 from generate_series(1, 1500)', [value]);
    const refused = clinic.asWorker((session) => dryPlan(session, [column], planAll));
    await expect(refused).rejects.toMatchObject({ code: 'ERR_ROTATION_COLUMN_DECLARATION' });
    const { counts, findings } = await reencrypt([{ ...column, walk: 'ctid' }], 'keyless');
    expect(counts[0]?.rewritten).toBe(1_500);
    expect(findings).toEqual([]);
  });

  test('every leaf of a partitioned table and of an inheriting one is planned, a new partition by the sweep', async () => {
    const columns = [columnOf('events.v'), columnOf('parents.v')];
    await clinic.sql(
      'create table events (id int, day date, v text, primary key (id, day)) partition by range (day)',
    );
    await clinic.sql(
      `create table events_a partition of events for values from ('2025-01-01') to ('2026-01-01')`,
    );
    await clinic.sql(
      `create table "events B" partition of events for values from ('2026-01-01') to ('2027-01-01') partition by hash (id)`,
    );
    await clinic.sql(
      `create table events_b0 partition of "events B" for values with (modulus 1, remainder 0)`,
    );
    await clinic.sql('create table parents (id int primary key, v text)');
    await clinic.sql('create table children (primary key (id)) inherits (parents)');
    await grantAll(columns);
    const value = sealed('v', k1, bound('events.v'));
    const other = sealed('v', k1, bound('parents.v'));
    await clinic.sql(
      `insert into events select i, date '2025-06-01' + i % 500, $1 from generate_series(1, 600) i`,
      [value],
    );
    await clinic.sql('insert into parents select i, $1 from generate_series(1, 10) i', [other]);
    await clinic.sql('insert into children select i, $1 from generate_series(11, 30) i', [other]);
    const engine = engineOf(clinic, columns);
    const job = await startJob(clinic, engine, 'leaves');
    await workOn(engine, job);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 600 }, { rewritten: 30 }]);
    await clinic.sql(
      `create table events_c partition of events for values from ('2027-01-01') to ('2028-01-01')`,
    );
    await grantAll(columns);
    await clinic.sql(`insert into events values (1, '2027-02-03', $1)`, [value]);
    await finish(clinic, engine, job);
    const { findings } = await clinic.asWorker((session) => verdict(session, job.id));
    expect(findings).toEqual([]);
    const [late] = await clinic.sql<{ v: string }>('select v from events_c');
    expect(late?.v).toMatch(new RegExp(`^qt1\\.${k2.kid}\\.`));
  });
});
