import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CipherKey } from '../../../domain/ciphertext/keys.ts';
import { qt1 } from '../../../domain/ciphertext/qt1.ts';
import { type Keyset, primaryOf, publishedOf } from '../../../domain/secrets/keyset.ts';
import {
  type DeclaredColumn,
  declaredColumns,
  neighbouringColumns,
} from '../../../doors/declared-columns.ts';
import type { Session } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { bindingOf } from '../../../doors/postgres/sealed-values.ts';
import { canary, keysOf } from '../../../lambdas/encryption/canary.ts';
import {
  EncryptionStrategy,
  type EncryptionValue,
} from '../../../lambdas/encryption/encryption-strategy.ts';
import { CanaryError } from '../../../lambdas/encryption/errors.ts';
import type { Rotation } from '../../../lambdas/rotation/strategy.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';
import { rotate, rotation } from '../rotation-in-memory.ts';

const settings = { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' } as const;
const alone = new EncryptionStrategy(settings);
const { now, random } = rotation('planned');

function keysetOf(value: EncryptionValue): Keyset {
  if (value.shape !== 'keyset') {
    throw new Error('plain');
  }
  return value.keyset;
}

const column: DeclaredColumn = {
  id: 'patients.name',
  table: 'public.patients',
  column: 'name',
  format: 'qt1',
  profile: 'column',
};
const place = bindingOf(column, []);

async function seal(value: EncryptionValue, text: string): Promise<string> {
  const nonce = await random(12);
  return qt1.seal(Buffer.from(text), new CipherKey(primaryOf(keysetOf(value))), place, () => nonce);
}
const open = (value: EncryptionValue, text: string): string =>
  qt1.open(text, keysOf(keysetOf(value), now), place).plaintext.toString();

const activation = (value: EncryptionValue): Rotation<EncryptionValue> =>
  rotation('activate', { activateKid: publishedOf(keysetOf(value))?.kid ?? '' });

describe('a rotation of an encryption key', () => {
  test('leaves every row readable for every reader, through publish, activate, rollback and emergency', async () => {
    const one = await rotate(alone, {}, rotation('planned'));
    const two = await rotate(alone, { current: one }, rotation('planned'));
    const three = await rotate(alone, { current: two, previous: one }, activation(two));
    const back = await rotate(
      alone,
      { current: three, previous: two },
      rotation('rollback', { restore: two }),
    );
    const after = await rotate(alone, { current: back, previous: three }, rotation('emergency'));
    const values = [one, two, three, back, after];
    const rows = await Promise.all(values.map((value) => seal(value, 'Jane')));
    for (const row of rows) {
      expect(open(after, row)).toBe('Jane');
    }
    // Neighbours read each other's rows, so that moving AWSCURRENT by one is always safe.
    for (const [older, newer] of [
      [one, two],
      [two, three],
      [three, back],
    ] as const) {
      expect(open(older, await seal(newer, 'x'))).toBe('x');
      expect(open(newer, await seal(older, 'x'))).toBe('x');
    }
  });

  test('tells of an emergency which keys only read from now on, and fails where one could seal again', async () => {
    const one = await rotate(alone, {}, rotation('planned'));
    const two = await rotate(alone, { current: one }, rotation('planned'));
    const request = rotation<EncryptionValue>('emergency');
    const pending = await rotate(alone, { current: two }, request);
    request.facts.length = 0;
    await alone.testSecret({ current: two, pending }, request);
    const kids = keysetOf(two).keys.map(({ kid }) => kid);
    expect(request.facts.at(-1)).toEqual({
      fact: 'oldKeysReadableOnly',
      detail: { count: 2, kids: kids.join(' ') },
    });
    await expect(
      alone.testSecret({ current: one, pending: two }, rotation('emergency')),
    ).rejects.toThrow(/may still seal/);
  });

  test('goes back before activation by withdrawing the key, which still opens', async () => {
    const one = await rotate(alone, {}, rotation('planned'));
    const two = await rotate(alone, { current: one }, rotation('planned'));
    const back = await rotate(
      alone,
      { current: two, previous: one },
      rotation('rollback', { restore: one }),
    );
    expect(alone.material(back)).toEqual({
      primary: primaryOf(keysetOf(one)).kid,
      all: keysetOf(two).keys.map(({ kid }) => kid),
    });
  });

  test.each([
    [256, 'hex'],
    [192, 'text'],
  ] as const)('of %d bits in %s works', async (bits, encoding) => {
    const sized = new EncryptionStrategy({ ...settings, bits, encoding });
    const value = await rotate(sized, {}, rotation('planned'));
    expect(open(value, await seal(value, 'x'))).toBe('x');
  });

  test.each([
    [128, 'base64'],
    [512, 'base64'],
    [128, 'text'],
  ] as const)('of %d bits in %s is a configuration error', (bits, encoding) => {
    expect(() => new EncryptionStrategy({ ...settings, bits, encoding })).toThrow('256 bits');
  });
});

describe('testSecret of an encryption key', () => {
  test('seals and opens in the format each column is written in', async () => {
    const enc = {
      name: 'prefixed',
      prefix: 'enc:',
      keyId: { of: 'kid', digits: 16 },
      nonceBytes: 16,
    } as const;
    const columns: DeclaredColumn[] = [
      column,
      { ...column, id: 'patients.a', profile: 'none', format: 'cloak' },
      { ...column, id: 'patients.b', profile: 'none', format: enc },
      { ...column, id: 'patients.c', format: 'qt1-bytes' },
    ];
    const unused = { withSession: () => Promise.reject(new Error('no database in testSecret')) };
    const endpoint = { host: 'localhost', port: 1, dbname: 'x', ca: '' };
    const strategy = new EncryptionStrategy(settings, { columns, door: unused, endpoint });
    const facts: unknown[] = [];
    const current = await rotate(alone, {}, rotation('planned'));
    const request = rotation<EncryptionValue>('planned', { evidence: (fact) => facts.push(fact) });
    await strategy.testSecret({ current }, request);
    expect(facts).toMatchObject([{ fact: 'encryptionCanary', detail: { places: 4 } }]);
  });

  test('draws a nonce for each of many columns within what one call of the random source gives', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      ...column,
      id: `patients.c${index}`,
    }));
    const unused = { withSession: () => Promise.reject(new Error('no database in testSecret')) };
    const wide = new EncryptionStrategy(settings, {
      columns: many,
      door: unused,
      endpoint: { host: 'localhost', port: 1, dbname: 'x', ca: '' },
    });
    const drawn: number[] = [];
    const request = rotation<EncryptionValue>('planned', {
      random: async (bytes) => {
        drawn.push(bytes);
        return random(bytes);
      },
    });
    const pending = await rotate(alone, {}, rotation('planned'));
    await wide.testSecret({ pending }, request);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1024);
    expect(request.facts).toEqual([
      {
        fact: 'encryptionCanary',
        detail: { primary: primaryOf(keysetOf(pending)).kid, places: 100 },
      },
    ]);
  });

  test('fails when the random source repeats itself', async () => {
    const pending = await rotate(alone, {}, rotation('planned'));
    const strategy = new EncryptionStrategy(settings, {
      columns: [column, { ...column, id: 'patients.ssn' }],
      door: nodePostgres,
      endpoint: { host: 'localhost', port: 1, dbname: 'x', ca: '' },
    });
    const stuck = rotation<EncryptionValue>('planned', {
      random: async (bytes) => Buffer.alloc(bytes, 1),
    });
    await expect(strategy.testSecret({ pending }, stuck)).rejects.toThrow('repeats itself');
  });

  test('fails when the primary is recorded as compromised', async () => {
    const pending = await rotate(alone, {}, rotation('planned'));
    const compromised = new Set([primaryOf(keysetOf(pending)).kid]);
    await expect(
      alone.testSecret({ pending }, rotation('planned', { compromised })),
    ).rejects.toThrow(CanaryError);
  });

  test('is the current value’s test when there is no pending one, and none when there is no value', async () => {
    const current = await rotate(alone, {}, rotation('planned'));
    const request = rotation<EncryptionValue>('planned');
    await alone.testSecret({ current }, request);
    expect(request.facts).toHaveLength(1);
    await alone.testSecret({}, rotation('planned'));
  });

  test.each(['none', 'column', 'row'] as const)(
    'proves profile %s in its own place only',
    async (profile) => {
      const value = await rotate(alone, {}, rotation('planned'));
      const nonce = await random(12);
      const declared = { ...column, profile };
      expect(canary(keysetOf(value), [declared], await random(32), () => nonce, now)).toBe(1);
    },
  );
});

describe('createSecret of an encryption key with declared columns', () => {
  let server: PostgresServer;
  let strategy: EncryptionStrategy;
  let one: EncryptionValue;
  const connected = (
    intent: Rotation<EncryptionValue>['intent'],
    more: Partial<Rotation<EncryptionValue>> = {},
  ) =>
    rotation<EncryptionValue>(intent, {
      companion: async () => ({
        ...server.superuser,
        engine: 'postgres',
        host: 'attacker.invalid',
      }),
      ...more,
    });
  const sql = (text: string, values: unknown[] = []) =>
    server.session((client) => client.query(text, values));

  beforeAll(async () => {
    server = await startPostgres();
    strategy = new EncryptionStrategy(settings, {
      columns: [column],
      door: nodePostgres,
      endpoint: { host: server.host, port: server.port, dbname: 'postgres', ca: server.ca },
    });
    await sql('create table patients (id int primary key, name text)');
    one = await rotate(strategy, {}, connected('planned'));
    await sql('insert into patients values (1, $1)', [await seal(one, 'Jane')]);
  }, 60_000);
  afterAll(() => server.stop());

  test('looks at the rows first, at the host of the deployment whatever the secret says', async () => {
    const request = connected('planned');
    await rotate(strategy, { current: one }, request);
    expect(request.facts[0]).toEqual({
      fact: 'encryptionPreflight',
      detail: {
        declaredColumns: 1,
        sampledColumns: 0,
        unreadableColumns: 0,
        openedValues: 1,
        findings: 0,
      },
    });
  });

  test('is refused for a first value when a declared column already holds ciphertext', async () => {
    await expect(strategy.createSecret({}, connected('planned'))).rejects.toThrow(
      'already holds ciphertext',
    );
  });

  test('is refused for planned and activate, and recorded for rollback and emergency, when something is wrong', async () => {
    const two = await rotate(strategy, { current: one }, connected('planned'));
    await sql('create table notes (id int, body text)');
    await sql('insert into notes values (1, $1)', [await seal(one, 'copy')]);
    try {
      const finding = 'public.notes.body holds ciphertext but is not declared';
      await expect(strategy.createSecret({ current: one }, connected('planned'))).rejects.toThrow(
        finding,
      );
      const activate = connected('activate', {
        activateKid: publishedOf(keysetOf(two))?.kid ?? '',
      });
      await expect(strategy.createSecret({ current: two }, activate)).rejects.toThrow(finding);
      for (const request of [connected('rollback', { restore: one }), connected('emergency')]) {
        await strategy.createSecret({ current: two, previous: one }, request);
        expect(request.facts).toContainEqual({
          fact: 'encryptionPreflightFinding',
          detail: { finding },
        });
      }
    } finally {
      await sql('drop table notes');
    }
  });

  test('leaves alone what another secret encrypts in the same database', async () => {
    const other = new EncryptionStrategy(settings, {
      columns: [{ ...column, id: 'cards.pin', table: 'public.cards', column: 'pin' }],
      neighbours: [column],
      door: nodePostgres,
      endpoint: { host: server.host, port: server.port, dbname: 'postgres', ca: server.ca },
    });
    await sql('create table cards (id int primary key, pin text)');
    try {
      await other.createSecret({}, connected('planned'));
    } finally {
      await sql('drop table cards');
    }
  });

  test('does not let an unreachable database hold up an emergency', async () => {
    const refused = { companion: async () => ({ username: 'postgres', password: 'wrong' }) };
    const planned = strategy.createSecret({ current: one }, connected('planned', refused));
    await expect(planned).rejects.toThrow('28P01');
    const request = connected('emergency', refused);
    await strategy.createSecret({ current: one }, request);
    expect(request.facts).toEqual([
      { fact: 'encryptionPreflightNotDone', detail: { code: 'ERR_ROTATION_LOGIN_REFUSED' } },
    ]);
  });

  test('names what is missing in the companion secret, without repeating it', async () => {
    const companion = async () => ({ username: 'postgres', pasword: 'hunter2' });
    const planned = strategy.createSecret({ current: one }, connected('planned', { companion }));
    const error = await planned.catch((caught) => caught);
    expect(error).toMatchObject({ code: 'ERR_ROTATION_DATABASE_CREDENTIAL' });
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
  });

  test('reads, and cannot write', async () => {
    const statements: string[] = [];
    const spying = new EncryptionStrategy(settings, {
      columns: [column],
      endpoint: { host: server.host, port: server.port, dbname: 'postgres', ca: server.ca },
      door: {
        withSession: (endpoint, credential, work) =>
          nodePostgres.withSession(endpoint, credential, (session: Session) =>
            work({
              transaction: (inner) => session.transaction(inner),
              query: (text, values) => {
                statements.push(text);
                return session.query(text, values);
              },
            }),
          ),
      },
    });
    await spying.createSecret({ current: one }, connected('planned'));
    expect(statements.slice(0, 2)).toEqual([
      'set transaction read only',
      'set local row_security = off',
    ]);
    expect(statements.slice(2).every((text) => /^\s*select\b/.test(text))).toBe(true);
  });
});

describe('columns.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'columns-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is read beside the bundle, and refused when it is missing or is no list of columns', () => {
    expect(() => declaredColumns(folder)).toThrow('beside the bundle is missing');
    writeFileSync(join(folder, 'columns.json'), JSON.stringify([column]));
    expect(declaredColumns(folder)).toEqual([column]);
    writeFileSync(join(folder, 'columns.json'), '[{"id":"patients.name"}]');
    expect(() => declaredColumns(folder)).toThrow('does not hold declared columns');
  });

  test('stands beside neighbours.json, which is as needed', () => {
    expect(() => neighbouringColumns(folder)).toThrow(
      'neighbours.json beside the bundle is missing',
    );
    const place = { table: 'public.cards', column: 'data', path: ['number'] };
    writeFileSync(join(folder, 'neighbours.json'), JSON.stringify([place]));
    expect(neighbouringColumns(folder)).toEqual([place]);
    writeFileSync(join(folder, 'neighbours.json'), '[{"table":"cards"}]');
    expect(() => neighbouringColumns(folder)).toThrow('does not hold declared columns');
  });
});
