/** The columns of the mock data set, through the client library as an application has it. */
import { FieldCipher as ClientCipher, fieldKeys, SecretCache } from '../client/index.ts';
import type { FieldCipher, SealedColumn } from './data/sealed-columns.ts';
import { sealedColumns } from './data/sealed-columns.ts';

/** @param keys of the encryption secret */
export function cipherOver(keys: ConstructorParameters<typeof ClientCipher>[0]): ClientCipher {
  return new ClientCipher(
    keys,
    Object.fromEntries(Object.entries(sealedColumns).map(([id, profile]) => [id, { profile }])),
  );
}

/** What a value of column `column` is bound to beside it. */
export const rowOf = (column: SealedColumn, primaryKey: number): [number] | undefined =>
  sealedColumns[column] === 'row' ? [primaryKey] : undefined;

/** With the keys of one value of the secret, for good. @throws InvalidSecretValueError */
export async function fieldsUnder(secret: string): Promise<FieldCipher> {
  const source = { name: 'pii', refreshes: false, read: async () => ({ value: secret }) };
  const cipher = cipherOver(new SecretCache(source, { parse: fieldKeys() }));
  await cipher.ready();
  return {
    seal: (column, primaryKey, plaintext) =>
      cipher.column(column).encryptNow(plaintext, rowOf(column, primaryKey)),
    open: (column, primaryKey, sealed) =>
      cipher.column(column).decryptNow(sealed, rowOf(column, primaryKey)),
  };
}
