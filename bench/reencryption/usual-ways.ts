/** What is done without the engine, on the first rows of the same table: (b) in the server, (c) row by row. */
import { Buffer } from 'node:buffer';
import type pg from 'pg';
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import { qt1 } from '../../domain/ciphertext/qt1.ts';
import { pooledRandom } from '../../doors/pooled-random.ts';
import { newKey, oldKey } from './keys.ts';
import type { People } from './people.ts';

export interface UsualWays {
  /** Rows each was measured on. */
  rows: number;
  /** Rows a second. (b) One UPDATE with pgp_sym_decrypt and pgp_sym_encrypt, as its manual has it. */
  pgcrypto: number;
  /** (c) SELECT and UPDATE of each row, five hundred rows a transaction, as Lockbox rotates. */
  batches: number;
  /** (c) A transaction for every row, as prisma-field-encryption migrates. */
  rowByRow: number;
}

export function measureUsualWays(people: People, rows: number): Promise<UsualWays> {
  return people.fresh(async (_endpoint, client) => {
    const few = async () => {
      await client.query('drop table if exists few');
      await client.query('create table few (like people including all)');
      await client.query('insert into few select * from people where id <= $1', [rows]);
      await client.query('vacuum analyze few');
    };
    await few();
    const batches = await timed(rows, () => throughRows(client, rows, 500));
    await few();
    const rowByRow = await timed(rows, () => throughRows(client, rows, 1));
    await client.query('create extension pgcrypto');
    await few();
    await client.query(`
      alter table few alter column ssn type bytea
        using pgp_sym_encrypt(lpad(id::text, 11, '0'), 'the old passphrase')`);
    await client.query('vacuum analyze few');
    const pgcrypto = await timed(rows, () =>
      client.query(`
        update few set ssn =
          pgp_sym_encrypt(pgp_sym_decrypt(ssn, 'the old passphrase'), 'the new passphrase')`),
    );
    return { rows, pgcrypto, batches, rowByRow };
  });
}

async function timed(rows: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return rows / ((performance.now() - started) / 1_000);
}

/** Without a comparison and without opening again: what a library does, and no more. */
async function throughRows(client: pg.Client, rows: number, each: number): Promise<void> {
  const binding = { profile: 'column', column: 'people.ssn' } as const;
  const keys = new KeyRing([newKey, oldKey]);
  const random = pooledRandom();
  for (let id = 1; id <= rows; id++) {
    if ((id - 1) % each === 0) {
      await client.query('begin');
    }
    const found = await client.query({
      name: 'read',
      text: 'select ssn from few where id = $1',
      values: [id],
    });
    const { plaintext } = qt1.open(String(found.rows[0]?.ssn), keys, binding);
    const sealed = qt1.seal(Buffer.from(plaintext), newKey, binding, random);
    await client.query({
      name: 'write',
      text: 'update few set ssn = $2 where id = $1',
      values: [id, sealed],
    });
    if (id % each === 0 || id === rows) {
      await client.query('commit');
    }
  }
}
