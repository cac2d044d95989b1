import { createSecretKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Binding } from '../../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { qt1 } from '../../../domain/ciphertext/qt1.ts';
import { qt1Bytes } from '../../../domain/ciphertext/qt1-bytes.ts';
import { formatOf } from '../../../domain/ciphertext/registry.ts';
import type { AcceptedFormat } from '../../../domain/config/format-schema.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import type { DeclaredColumn } from '../../../doors/declared-columns.ts';
import type { Endpoint } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { type Preflight, preflight } from '../../../lambdas/encryption/preflight.ts';
import { declaredCipher } from '../../../lambdas/reencryption/cipher.ts';
import { preflight as rowsPreflight } from '../../../lambdas/reencryption/preflight.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

const bytes = randomBytes(32);
const key = createSecretKey(bytes);
const kid = kidOf(bytes);
const cipherKey = new CipherKey({ kid, key });
const keys = new KeyRing([cipherKey]);

const name: DeclaredColumn = {
  id: 'patients.name',
  table: 'public.patients',
  column: 'name',
  format: 'qt1',
  profile: 'column',
};
const ssn: DeclaredColumn = {
  id: 'patients.ssn',
  table: 'public.patients',
  column: 'ssn',
  format: 'qt1',
  profile: 'row',
  primaryKey: ['clinic', 'id'],
};
const clinic = '0190f6e4-7b2a-7c3d-8e4f-5a6b7c8d9e0f';

let server: PostgresServer;
let endpoint: Endpoint;

async function sql(...statements: string[]): Promise<void> {
  await server.session(async (client) => {
    for (const statement of statements) {
      await client.query(statement);
    }
  });
}

/** As an application would: the binding is written out, not taken from the code under test. */
const sealed = (column: DeclaredColumn, row: string[] = []): string => {
  const { id } = column;
  const binding: Binding =
    row.length > 0
      ? { profile: 'row', column: id, row: [{ uuid: row[0] ?? '' }, Number(row[1])] }
      : { profile: 'column', column: id };
  return qt1.seal(Buffer.from('x'), cipherKey, binding, randomBytes);
};

async function check(
  columns = [name, ssn],
  held: 'the key' | 'no key' = 'the key',
): Promise<Preflight> {
  const credential = { username: 'reader', password: 'correct horse battery' };
  return nodePostgres.withSession(endpoint, credential, (session) =>
    preflight(session, columns, held === 'the key' ? keys : undefined),
  );
}

beforeAll(async () => {
  server = await startPostgres();
  endpoint = { host: server.host, port: server.port, dbname: 'postgres', ca: server.ca };
  await sql("create role reader login password 'correct horse battery'");
}, 60_000);

afterAll(() => server.stop());

beforeEach(async () => {
  await sql(
    'drop schema public cascade',
    'create schema public',
    'grant usage on schema public to reader',
    'alter default privileges in schema public grant select on tables to reader',
    'create table patients (id int, clinic uuid, name text, ssn varchar(200), primary key (clinic, id))',
    `insert into patients values (7, '${clinic.toUpperCase()}', '${sealed(name)}', '${sealed(ssn, [clinic, '7'])}'),
       (8, '${clinic}', 'still plain', null), (9, '${clinic}', '', '')`,
  );
});

describe('the preflight of the declared columns', () => {
  test('opens what is there, composite key included, and has nothing to say', async () => {
    expect(await check()).toEqual({
      findings: [],
      declaredColumns: 2,
      sampledColumns: 0,
      unreadableColumns: 0,
      openedValues: 2,
    });
  });

  test.each<[string, string, Partial<DeclaredColumn>, string]>([
    [
      'a table that is missing',
      '',
      { table: 'public.people' },
      'table public.people does not exist',
    ],
    ['a table name that is no name', '', { table: 'public.users; drop' }, 'does not exist'],
    [
      'a column that is missing',
      '',
      { column: 'nome' },
      'column public.patients.nome does not exist',
    ],
    [
      'a view',
      'create view v as select name from patients',
      { table: 'public.v' },
      'public.v is not a table',
    ],
    [
      'a column of another type',
      'alter table patients add n int',
      { column: 'n' },
      'it is int4; expected text, varchar, bytea',
    ],
    [
      'a column that is too short',
      'alter table patients add n varchar(40)',
      { column: 'n' },
      'the shortest qt1 text has 66',
    ],
    [
      'a generated column',
      "alter table patients add n text generated always as ('x') stored",
      { column: 'n' },
      'is generated',
    ],
    [
      'a column that may not be read',
      'revoke all on patients from reader; grant select (id, ssn) on patients to reader',
      {},
      'may not SELECT public.patients.name',
    ],
    [
      'another primary key',
      '',
      { profile: 'row', primaryKey: ['id'] },
      'has primary key (clinic, id), declared for patients.name is (id)',
    ],
  ])('finds %s', async (_what, statement, change, finding) => {
    await sql(statement);
    const { findings } = await check([{ ...name, ...change }]);
    expect(findings.some((found) => found.includes(finding))).toBe(true);
  });

  test('finds row-level security, instead of seeing no rows', async () => {
    await sql(
      'alter table patients enable row level security',
      'create policy own on patients using (id = 8)',
    );
    const { findings, openedValues } = await check();
    expect(findings).toEqual([
      expect.stringContaining('row-level security'),
      expect.stringContaining('row-level security'),
    ]);
    expect(openedValues).toBe(0);
    await sql('alter role reader bypassrls');
    expect(await check()).toMatchObject({ findings: [], openedValues: 2 });
    await sql('alter role reader nobypassrls');
  });

  test('finds an id that two columns share', async () => {
    const { findings } = await check([name, { ...ssn, id: name.id }]);
    expect(findings).toContain('column id patients.name is declared twice');
  });

  test.each<[string, string, string]>([
    [
      'under a kid nobody holds',
      `update patients set name = replace(name, '${kid}', '0123456789abcdef')`,
      'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN',
    ],
    [
      'moved to another row',
      'update patients set ssn = (select ssn from patients where id = 7) where id = 9',
      'ERR_ROTATION_CIPHERTEXT_REFUSED',
    ],
    [
      'moved to another column',
      'update patients set ssn = name where id = 7',
      'ERR_ROTATION_CIPHERTEXT_PROFILE',
    ],
    [
      'with its end cut off',
      'update patients set name = left(name, 45) where id = 7',
      'ERR_ROTATION_CIPHERTEXT_MALFORMED',
    ],
  ])('finds a value %s, and does not repeat it', async (_what, statement, code) => {
    await sql(statement);
    const { findings } = await check();
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(code);
    expect(findings[0]).not.toContain(kid);
  });

  test('finds ciphertext where the secret has no key yet', async () => {
    const { findings } = await check([name, ssn], 'no key');
    expect(findings).toEqual([
      expect.stringContaining('public.patients.name already holds ciphertext'),
      expect.stringContaining('public.patients.ssn already holds ciphertext'),
    ]);
    await sql('update patients set name = null, ssn = null');
    expect((await check([name, ssn], 'no key')).findings).toEqual([]);
  });
});

describe('columns of other types and formats', () => {
  const other = new CipherKey({ kid: '0123456789abcdef', key: createSecretKey(randomBytes(32)) });
  const legacy = (format: AcceptedFormat, by = cipherKey) => {
    if (format.name === 'colon-cbc') throw new Error('is never written');
    return formatOf(format).seal(Buffer.from('x'), by, { profile: 'none' }, randomBytes, {
      at: new Date(0),
    });
  };
  const raw = { name: 'raw', encoding: 'base64' } as const;
  const fernet = { name: 'fernet' } as const;
  const cases: [string, Partial<DeclaredColumn>, string, (by?: CipherKey) => string][] = [
    [
      'text with what an application wrote before',
      { accepts: [raw] },
      'text',
      (by) => `'${legacy(raw, by)}'`,
    ],
    [
      'bytea, older bytes',
      { format: 'qt1-bytes', accepts: [{ name: 'raw-bytes' }] },
      'bytea',
      (by) => `'\\x${(legacy({ name: 'raw-bytes' }, by) as Buffer).toString('hex')}'`,
    ],
    [
      'bytea, own form',
      { format: 'qt1-bytes', profile: 'none' },
      'bytea',
      (by) => `'\\x${(legacy({ name: 'qt1-bytes' }, by) as Buffer).toString('hex')}'`,
    ],
    [
      'a path in jsonb',
      { path: ['a', 'b'], accepts: [fernet] },
      'jsonb',
      (by) => `'{"a":{"b":"${legacy(fernet, by)}"}}'`,
    ],
    [
      'a path in json',
      { path: ['a'], accepts: [raw] },
      'json',
      (by) => `'{"a":${JSON.stringify(legacy(raw, by))}}'`,
    ],
    [
      'text[]',
      { format: 'cloak', profile: 'none' },
      'text[]',
      (by) => `array[null, '', '${legacy({ name: 'cloak' }, by)}']`,
    ],
    ['varchar(200)[]', { accepts: [raw] }, 'varchar(200)[]', (by) => `array['${legacy(raw, by)}']`],
  ];
  test.each(cases)(
    '%s: what opens is counted, what does not is found, ciphertext without a key too',
    async (_title, declared, type, value) => {
      const column = { ...name, id: 'odd.v', table: 'public.odd', column: 'v', ...declared };
      await sql(
        `create table odd (id int, v ${type})`,
        `insert into odd values (1, ${value()}), (2, null)`,
      );
      expect(await check([column, name, ssn])).toMatchObject({ findings: [], openedValues: 3 });
      const { findings } = await check([column], 'no key');
      expect(findings).toContainEqual(
        expect.stringContaining('public.odd.v already holds ciphertext'),
      );
      await sql(`insert into odd values (3, ${value(other)})`);
      expect((await check([column, name, ssn])).findings).toEqual([
        expect.stringMatching(
          /^1 of 2 sampled values of public\.odd\.v do not open \(ERR_ROTATION_CIPHERTEXT_(REFUSED|KEY_UNKNOWN)\)$/,
        ),
      ]);
    },
  );

  test.each<[string, string, Partial<DeclaredColumn>, string]>([
    [
      'text for bytes',
      'text',
      { format: 'qt1-bytes' },
      'it is text; qt1-bytes is bytes, expected bytea',
    ],
    ['a document without a path', 'jsonb', {}, 'it is jsonb; declare the path'],
    ['a path where there is no document', 'text', { path: ['a'] }, 'it is text with a path'],
    [
      'elements that are too short',
      'varchar(40)[]',
      { format: 'cloak', profile: 'none' },
      'is varchar(40), the shortest cloak text has 63 characters',
    ],
  ])('finds %s', async (_what, type, declared, finding) => {
    await sql(`alter table patients add v ${type}`);
    const { findings } = await check([{ ...name, column: 'v', ...declared }]);
    expect(findings).toContainEqual(expect.stringContaining(finding));
  });

  test('finds a format the column does not accept', async () => {
    await sql(`update patients set name = '${legacy(fernet)}' where id = 8`);
    expect((await check()).findings).toEqual([
      '1 of 2 sampled values of public.patients.name do not open (ERR_ROTATION_CIPHERTEXT_UNDECLARED)',
    ]);
  });

  test('searches other columns for cloak values and Fernet tokens of its own keys, and leaves those of others alone', async () => {
    const cloak = { name: 'cloak' } as const;
    await sql(
      'create table tokens (a text, b jsonb, c text[], d bytea, e text, f text)',
      `insert into tokens values ('${legacy(cloak)}', '{"x":["${legacy(fernet)}"]}', array['${legacy(fernet)}'],
         '${legacy(fernet)}', '${legacy(fernet, other)}', '${legacy(cloak, other)}')`,
    );
    expect((await check()).findings).toEqual(
      ['a', 'b', 'c', 'd'].map((at) => `public.tokens.${at} holds ciphertext but is not declared`),
    );
    const enc = { name: 'prefixed', prefix: 'enc:', keyId: { of: 'kid', digits: 16 } } as const;
    await sql('drop table tokens', `create table notes as select '${legacy(enc)}' as v`);
    expect((await check()).findings).toEqual([]);
    const declared = [{ ...name, accepts: [enc] }, ssn];
    expect((await check(declared)).findings).toEqual([
      'public.notes.v holds ciphertext but is not declared',
    ]);
  });

  test.each(['json', 'jsonb'])(
    'searches a %s document beside the places that are declared in it',
    async (type) => {
      const inside = { ...name, id: 'forms.v.a', table: 'public.forms', column: 'v', path: ['a'] };
      await sql(
        `create table forms (v ${type})`,
        `insert into forms values ('{"a":"${sealed(inside)}"}'), (null), ('{"b": 1}')`,
      );
      expect(await check([name, ssn, inside])).toMatchObject({ findings: [], openedValues: 3 });
      await sql(`insert into forms values ('{"a":"${sealed(inside)}","b":["${sealed(name)}"]}')`);
      expect((await check([name, ssn, inside])).findings).toEqual([
        'public.forms.v holds ciphertext but is not declared',
      ]);
    },
  );
});

describe('the search for undeclared ciphertext', () => {
  const value = () => sealed(name);
  test.each<[string, string, (text: string) => string]>([
    ['text', 'text', (text) => `'${text}'`],
    ['varchar', 'varchar(300)', (text) => `'${text}'`],
    ['bytea, text form', 'bytea', (text) => `'${text}'`],
    ['bytea, binary form', 'bytea', () => "'\\x51540100aabb'"],
    ['json', 'json', (text) => `'{"a":[{"b":"${text}"}]}'`],
    ['jsonb', 'jsonb', (text) => `'{"a":[1,"${text}"]}'`],
    ['text[]', 'text[]', (text) => `array['x','${text}']`],
  ])('finds it in a column of type %s', async (_what, type, literal) => {
    await sql(
      'create schema app; grant usage on schema app to reader',
      `create table app."Odd "" name" (id int, "C" ${type})`,
      'grant select on app."Odd "" name" to reader',
      `insert into app."Odd "" name" select 1, null from generate_series(1, 50)`,
      `insert into app."Odd "" name" values (2, ${literal(value())})`,
    );
    try {
      const { findings, sampledColumns } = await check();
      expect(findings).toEqual(['app.Odd " name.C holds ciphertext but is not declared']);
      expect(sampledColumns).toBe(1);
    } finally {
      await sql('drop schema app cascade');
    }
  });

  test('takes text that only mentions the format for what it is', async () => {
    await sql(
      'create table notes (id int, body text, data jsonb, tags text[])',
      `insert into notes values (1, 'see qt1.md', '{"note":"about qt1.x"}', array['a qt1.b'])`,
    );
    expect((await check()).findings).toEqual([]);
  });

  test('finds it in a large table, by a sample from all over it', async () => {
    await sql(
      'create table big (id int, body text)',
      "insert into big select i, repeat('x', 50) from generate_series(1, 50000) i",
      `insert into big select i, '${value()}' from generate_series(1, 50000) i`,
      'analyze big',
    );
    expect((await check()).findings).toEqual([
      'public.big.body holds ciphertext but is not declared',
    ]);
  });

  test('reads partitions once, through their parent', async () => {
    await sql(
      'create table log (id int, body text) partition by range (id)',
      'create table log_1 partition of log for values from (0) to (10)',
      `insert into log values (1, '${value()}')`,
    );
    const { findings, sampledColumns } = await check();
    expect(findings).toEqual(['public.log.body holds ciphertext but is not declared']);
    expect(sampledColumns).toBe(1);
  });

  test('counts the columns it may not read, and says so', async () => {
    await sql('create table closed (id int, body text)', 'revoke all on closed from reader');
    expect(await check()).toMatchObject({ findings: [], sampledColumns: 0, unreadableColumns: 1 });
  });
});

describe('of two secrets on one database', () => {
  const ofTheirs = new CipherKey({
    kid: kidOf(Buffer.alloc(32, 7)),
    key: createSecretKey(Buffer.alloc(32, 7)),
  });
  const theirs = new KeyRing([ofTheirs]);
  const card: DeclaredColumn = { ...name, id: 'cards.number', table: 'public.cards' };
  const pin: DeclaredColumn = { ...card, id: 'cards.pin', column: 'pin', path: ['pin'] };
  const raw: DeclaredColumn = {
    ...card,
    id: 'cards.raw',
    column: 'raw',
    format: 'qt1-bytes',
  };
  const own = [name, ssn];
  const others = [{ ...card, column: 'number' }, pin, raw];
  const sealedBy = (by: CipherKey, { id }: DeclaredColumn) =>
    qt1.seal(Buffer.from('x'), by, { profile: 'column', column: id }, randomBytes);
  const inBytes = (by: CipherKey) =>
    qt1Bytes.seal(Buffer.from('x'), by, { profile: 'column', column: raw.id }, randomBytes);
  const ask = async (
    columns: readonly DeclaredColumn[],
    held: KeyRing | undefined,
    neighbours?: readonly DeclaredColumn[],
  ) => {
    const credential = { username: 'reader', password: 'correct horse battery' };
    return nodePostgres.withSession(endpoint, credential, async (session) => {
      const [target] = held?.all ?? [];
      const rows =
        held && target
          ? await rowsPreflight(
              session,
              columns,
              { cipherOf: declaredCipher, keys: { target, open: held, random: randomBytes } },
              neighbours && { neighbours },
            )
          : [];
      return {
        rotation: await preflight(session, columns, held, neighbours),
        rows: rows.filter(({ code }) => code === 'UNDECLARED').map(({ message }) => message),
      };
    });
  };

  beforeEach(async () => {
    await sql(
      'create table cards (id int primary key, number text, pin jsonb, raw bytea)',
      `insert into cards values (1, '${sealedBy(ofTheirs, card)}', '{"pin":"${sealedBy(ofTheirs, pin)}"}', '\\x${inBytes(ofTheirs).toString('hex')}')`,
    );
  });

  test('neither takes the columns of the other for forgotten ones, before its first key either', async () => {
    for (const [columns, held, neighbours] of [
      [own, keys, others],
      [others, theirs, own],
    ] as const) {
      const { rotation, rows } = await ask(columns, held, neighbours);
      expect([rotation.findings, rows]).toEqual([[], []]);
      const alone = await ask(columns, held);
      expect(alone.rotation.findings).toHaveLength(neighbours.length);
      expect(alone.rows).toHaveLength(neighbours.length);
    }
    await sql('truncate patients');
    expect((await ask(own, undefined, others)).rotation.findings).toEqual([]);
  });

  test('each finds what is beside the value the other declares, and its own ciphertext in a column of the other', async () => {
    await sql(
      `insert into cards (id, pin) values (2, '{"pin":"","old":"${sealedBy(ofTheirs, pin)}"}')`,
    );
    expect((await ask(own, keys, others)).rotation.findings).toEqual([
      'public.cards.pin holds ciphertext but is not declared',
    ]);
    await sql(
      'delete from cards where id = 2',
      `insert into cards values (3, '${sealedBy(cipherKey, card)}', '{"pin":"${sealedBy(cipherKey, pin)}"}', '\\x${inBytes(cipherKey).toString('hex')}')`,
    );
    const { rotation, rows } = await ask(own, keys, others);
    const places = ['public.cards.number', 'public.cards.pin', 'public.cards.raw'];
    expect(rotation.findings).toEqual(
      places.map(
        (place) => `${place} is declared for another secret but holds ciphertext of this one`,
      ),
    );
    expect(rows).toEqual(
      places.map(
        (place) =>
          `${place} holds ciphertext of this secret and is declared for another; declare it here`,
      ),
    );
  });
});
