/** Rows of every type and format, opened with the keys of a copy. */
import { createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { columnFormats } from '../../../domain/ciphertext/column-formats.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { formatOf } from '../../../domain/ciphertext/registry.ts';
import type { AcceptedFormat } from '../../../domain/config/format-schema.ts';
import type { DeclaredColumn } from '../../../doors/declared-columns.ts';
import { pooledRandom } from '../../../doors/pooled-random.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { restoreColumns } from '../../../lambdas/drill/restore.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

const key = (number: number) =>
  new CipherKey({
    kid: String(number).repeat(16),
    key: createSecretKey(Buffer.alloc(32, number)),
  });
const [held, lost] = [key(1), key(2)];
const random = pooledRandom();

const base = { table: 'public.vault', format: 'qt1', profile: 'none' } as const;
const raw = { name: 'raw', encoding: 'hex' } as const;
const columns: DeclaredColumn[] = [
  { ...base, id: 'vault.old', column: 'old', accepts: [raw] },
  { ...base, id: 'vault.scan', column: 'scan', format: 'qt1-bytes' },
  { ...base, id: 'vault.doc.ssn', column: 'doc', path: ['ssn'] },
  { ...base, id: 'vault.tags', column: 'tags', format: 'cloak' },
];

function sealed(
  column: DeclaredColumn | undefined,
  by: CipherKey,
  format?: AcceptedFormat,
): string {
  if (column === undefined || format?.name === 'colon-cbc') throw new Error('no such column');
  if (format !== undefined) {
    return String(formatOf(format).seal(Buffer.from('x'), by, { profile: 'none' }, random));
  }
  return columnFormats(column).writes.seal(Buffer.from('x'), by, { profile: 'none' }, random);
}

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  const [old, scan, doc, tags] = columns;
  await server.session(async (client) => {
    await client.query('create table vault (old text, scan bytea, doc jsonb, tags text[])');
    await client.query('insert into vault values ($1, $2, $3, $4), ($5, null, $6, $7)', [
      sealed(old, held, raw),
      Buffer.from(sealed(scan, held), 'latin1'),
      JSON.stringify({ ssn: sealed(doc, held), n: 1 }),
      [sealed(tags, held), null, sealed(tags, lost)],
      sealed(old, lost, raw),
      '{"ssn": null}',
      ['not sealed'],
    ]);
  });
}, 60_000);
afterAll(() => server?.stop());

test('what opens is counted by the key that opened it; what does not, by why and by the key it names', async () => {
  const { host, port, ca, superuser } = server;
  const restored = await nodePostgres.withSession(
    { host, port, ca, dbname: 'postgres' },
    superuser,
    (session) => restoreColumns(session, columns, new KeyRing([held]), 100),
  );
  const fingerprint = columnFormats({ format: 'cloak' }).writes.naming.idOf(lost);
  const one = { sampled: 1, opened: 1, refused: [], kids: [{ kid: held.kid, count: 1 }] };
  expect(restored.columns.map(({ table: _, column: __, ...rest }) => rest)).toEqual([
    {
      id: 'vault.old',
      sampled: 2,
      opened: 1,
      refused: [{ code: 'ERR_ROTATION_CIPHERTEXT_REFUSED', count: 1 }],
      kids: expect.arrayContaining([
        { kid: held.kid, count: 1 },
        { kid: 'unreadable', count: 1 },
      ]),
    },
    { id: 'vault.scan', ...one },
    { id: 'vault.doc.ssn', ...one },
    {
      id: 'vault.tags',
      sampled: 2,
      opened: 1,
      refused: [{ code: 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN', count: 1 }],
      kids: expect.arrayContaining([
        { kid: held.kid, count: 1 },
        { kid: fingerprint, count: 1 },
      ]),
    },
  ]);
  expect(restored.kidsMissing).toEqual([fingerprint]);
});
