/** Values as an application would have sealed them, under the old key. */
import { Buffer } from 'node:buffer';
import { qt1 } from '../../domain/ciphertext/qt1.ts';
import { pooledRandom } from '../../doors/pooled-random.ts';
import { columnsOf, oldKey } from './keys.ts';

/** By row, one text for each of three columns: 11 characters of plaintext, 80 of ciphertext. */
export function sealedRows(count: number): string[][] {
  const random = pooledRandom();
  return Array.from({ length: count }, (_, row) =>
    columnsOf(3).map(({ id }, column) =>
      qt1.seal(
        Buffer.from(`${column}${String(row).padStart(10, '0')}`),
        oldKey,
        { profile: 'column', column: id },
        random,
      ),
    ),
  );
}
