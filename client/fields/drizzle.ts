/**
 * Encrypted columns of Drizzle. Published as `@quarterturn/client/drizzle`; loads nothing of drizzle-orm itself.
 */
import type { Buffer } from 'node:buffer';
import type { CustomTypeParams } from 'drizzle-orm/pg-core';
import type { ColumnCipher } from './column-cipher.ts';
import { NotSealableError, RowUnknownError } from './errors.ts';

/** What the application sees, and what the column holds. */
export interface EncryptedColumn<Stored extends string | Buffer> {
  data: string;
  driverData: Stored;
}

/**
 * What Drizzle's `customType` takes:
 * `name: customType(encryptedColumn(cipher.column('patients.name')))('name')`. The column is text, or bytea of a
 * `bytesColumn`; plaintexts are text. NULL stays NULL.
 *
 * Drizzle does not wait for a column type, so the keys have to be at hand: `await cipher.ready()` before each unit of
 * work (it reads only when they are too old). Otherwise the query fails with SecretNotReadyError or
 * StaleSecretError. A value under a key that is not known yet fails the query with UnknownCiphertextKeyError, and the
 * secret is read again behind it: the next attempt knows the key.
 *
 * Each seal of a value is another one, so a condition on the column (`eq`) finds nothing.
 *
 * @throws RowUnknownError for profile row: Drizzle does not tell a column type which row it is in
 */
export function encryptedColumn<Stored extends string | Buffer>(
  column: ColumnCipher<Stored>,
): CustomTypeParams<EncryptedColumn<Stored>> {
  if (column.profile === 'row') {
    throw new RowUnknownError(
      column.id,
      'Drizzle does not tell a column type which row it is in; seal it before the insert with encrypt, or take profile column',
    );
  }
  return {
    dataType: () => (column.form === 'bytes' ? 'bytea' : 'text'),
    toDriver(value: unknown): Stored {
      // Through a placeholder Drizzle hands on null as well.
      if (value === null || value === undefined) {
        return value as unknown as Stored;
      }
      if (typeof value !== 'string') {
        throw new NotSealableError(column.id, `its value is ${typeof value}, not a string`);
      }
      return column.encryptNow(value);
    },
    fromDriver: (stored) => column.decryptNow(stored),
  };
}
