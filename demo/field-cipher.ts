import { Buffer } from 'node:buffer';
import type { Binding } from '../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../domain/ciphertext/keys.ts';
import { qt1 } from '../domain/ciphertext/qt1.ts';
import { acceptedKeys, type Keyset, primaryOf } from '../domain/secrets/keyset.ts';
import { pooledRandom } from '../doors/pooled-random.ts';
import { type FieldCipher, type SealedColumn, sealedColumns } from './data/sealed-columns.ts';

/** Seals with the primary key, opens with any key of the keyset that may still open. */
export function fieldCipher(keyset: Keyset, now: Date): FieldCipher {
  const primary = new CipherKey(primaryOf(keyset));
  const keys = new KeyRing(acceptedKeys(keyset, now));
  const nonces = pooledRandom();
  return {
    seal: (column, primaryKey, plaintext) =>
      qt1.seal(Buffer.from(plaintext), primary, bindingOf(column, primaryKey), nonces),
    open(column, primaryKey, sealed) {
      return qt1.open(sealed, keys, bindingOf(column, primaryKey)).plaintext.toString('utf8');
    },
  };
}

function bindingOf(column: SealedColumn, primaryKey: number): Binding {
  const profile = sealedColumns[column];
  switch (profile) {
    case 'row':
      return { profile, column, row: [primaryKey] };
    case 'column':
      return { profile, column };
    case 'none':
      return { profile };
  }
}
