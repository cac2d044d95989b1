/** Rows of an application, and the key that is taken over from it. */
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AcceptedFormat } from '../../../domain/config/format-schema.ts';
import type { DeclaredColumn } from '../../../doors/declared-columns.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { adoptedRows } from '../../../lambdas/encryption/adopted-rows.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

const key = randomBytes(32);
const other = randomBytes(32);
const column: DeclaredColumn = {
  id: 'rows.value',
  table: 'public.rows',
  column: 'value',
  format: 'qt1',
  profile: 'none',
};

interface Parts {
  nonce: Buffer;
  sealed: Buffer;
  tag: Buffer;
}
function seal(by: Buffer, nonceBytes = 12): Parts {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', by, nonce);
  const sealed = Buffer.concat([cipher.update('123-45-6789', 'utf8'), cipher.final()]);
  return { nonce, sealed, tag: cipher.getAuthTag() };
}
const whole = ({ nonce, sealed, tag }: Parts) => Buffer.concat([nonce, sealed, tag]);
const colons = (encoding: BufferEncoding, ...parts: Buffer[]) =>
  parts.map((part) => part.toString(encoding)).join(':');

/** As a person would write it in the configuration. */
const code = (format: AcceptedFormat) =>
  JSON.stringify(format)
    .replaceAll('"', "'")
    .replace(/'(\w+)':/g, ' $1: ')
    .replace('}', ' }');

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  await server.session((client) => client.query('create table rows (value text)'));
});
afterAll(() => server?.stop());

async function look(values: string[], by: Buffer = key, more: Partial<DeclaredColumn> = {}) {
  await server.session(async (client) => {
    await client.query('truncate rows');
    await client.query('insert into rows select unnest($1::text[])', [values]);
  });
  const { host, port, ca, superuser } = server;
  const { opened, findings } = await nodePostgres.withSession(
    { host, port, ca, dbname: 'postgres' },
    superuser,
    (session) => adoptedRows(session, [{ ...column, ...more }], createSecretKey(by)),
  );
  return { opened, codes: findings.map(({ code }) => code), findings };
}

describe('a value opens under the adopted key when it is', () => {
  const forms: [string, () => string, AcceptedFormat][] = [
    [
      'one text in base64',
      () => whole(seal(key)).toString('base64'),
      { name: 'raw', encoding: 'base64' },
    ],
    [
      'one text in base64url',
      () => whole(seal(key)).toString('base64url'),
      { name: 'raw', encoding: 'base64url' },
    ],
    ['one text in hex', () => whole(seal(key)).toString('hex'), { name: 'raw', encoding: 'hex' }],
    [
      'one text with a nonce of 16 bytes',
      () => whole(seal(key, 16)).toString('base64'),
      { name: 'raw', encoding: 'base64', nonceBytes: 16 },
    ],
    [
      'nonce:tag:ciphertext in hex',
      () => {
        const { nonce, tag, sealed } = seal(key);
        return colons('hex', nonce, tag, sealed);
      },
      { name: 'colon-gcm', order: 'iv:tag:data' },
    ],
    [
      'nonce:ciphertext:tag in base64, nonce of 16 bytes',
      () => {
        const { nonce, tag, sealed } = seal(key, 16);
        return colons('base64', nonce, sealed, tag);
      },
      { name: 'colon-gcm', order: 'iv:data:tag', encoding: 'base64' },
    ],
  ];
  test.each(forms)('%s', async (_form, value, declared) => {
    const values = Array.from({ length: 20 }, value);
    const accepts: DeclaredColumn['accepts'] = [declared];
    expect(await look(values, key, { accepts })).toMatchObject({ opened: 20, codes: [] });
    // Not declared, it is told how to.
    const { opened, findings } = await look(values);
    expect({ opened, levels: findings.map(({ level }) => level) }).toEqual({
      opened: 20,
      levels: ['warns'],
    });
    expect(findings[0]?.message).toContain(`declare accepts: [${code(declared)}], or`);
  });

  test('declared as AES-CBC, by what the column holds', async () => {
    const cbc = () => {
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-cbc', key, iv);
      const data = Buffer.concat([cipher.update('123-45-6789', 'utf8'), cipher.final()]);
      return `${iv.toString('hex')}:${data.toString('hex')}`;
    };
    const accepts = [
      { name: 'colon-cbc', opensWith: 'adopted', plaintext: '\\d{3}-\\d{2}-\\d{4}' } as const,
    ];
    expect(await look([cbc(), cbc()], key, { accepts })).toMatchObject({ opened: 2, codes: [] });
    const told = await look([cbc()]);
    expect(told).toMatchObject({ opened: 0, codes: ['FORMAT_NOT_DECLARED'] });
    expect(told.findings[0]).toMatchObject({ level: 'warns' });
    expect(told.findings[0]?.message).toContain("name: 'colon-cbc', opensWith: 'adopted'");
    const wrong = await look(Array.from({ length: 99 }, cbc), other, { accepts });
    expect(wrong).toMatchObject({ opened: 0, codes: ['ROWS_NOT_OPENED'] });
  });
});

describe('a finding', () => {
  test('stands in the way when one value of many was sealed with another key', async () => {
    const values = Array.from({ length: 9 }, () => whole(seal(key)).toString('base64'));
    const { opened, codes, findings } = await look([
      ...values,
      whole(seal(other)).toString('base64'),
    ]);
    expect(opened).toBe(9);
    expect(codes).toEqual(['ROWS_NOT_OPENED', 'FORMAT_NOT_DECLARED']);
    expect(findings[0]).toMatchObject({ level: 'blocks' });
    expect(findings[0]?.message).toContain('1 of 10 sampled values of public.rows.value');
  });

  test('is only a warning for what is no ciphertext', async () => {
    const { opened, codes } = await look(['Anna Meier', '+49 170 1234567', '123-45-6789', 'a:b:c']);
    expect({ opened, codes }).toEqual({ opened: 0, codes: ['ROWS_IN_CLEAR'] });
  });

  test('stands in the way when undeclared ciphertext would be sealed as plaintext', async () => {
    const value = whole(seal(key)).toString('base64');
    const { findings } = await look([value], key, { plaintext: 'seal' });
    expect(findings).toMatchObject([{ code: 'FORMAT_NOT_DECLARED', level: 'blocks' }]);
  });

  test('is none for an empty table, and for values in qt1, which name their key themselves', async () => {
    expect(await look([])).toMatchObject({ opened: 0, codes: [] });
    expect(await look(['qt1.9f2c41aa07be63d1.none.AAAA'])).toMatchObject({ opened: 0, codes: [] });
  });

  test('stands in the way for a key that AES-256 cannot use as it is', async () => {
    const { codes } = await look(
      [whole(seal(key)).toString('base64')],
      Buffer.from('x'.repeat(43)),
    );
    expect(codes).toEqual(['ROWS_NOT_OPENED']);
  });

  test('never holds a value', async () => {
    const value = whole(seal(other)).toString('base64');
    const { findings } = await look([value, 'Anna Meier']);
    expect(JSON.stringify(findings)).not.toContain(value.slice(0, 8));
    expect(JSON.stringify(findings)).not.toContain('Anna');
  });
});
