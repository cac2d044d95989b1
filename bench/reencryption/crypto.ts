/** Cryptography alone, in a process of its own: texts are opened, sealed, and opened again to compare. */
import { timingSafeEqual } from 'node:crypto';
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import { qt1 } from '../../domain/ciphertext/qt1.ts';
import { pooledRandom } from '../../doors/pooled-random.ts';
import { columnsOf, newKey, oldKey } from './keys.ts';
import { sealedRows } from './seeds.ts';

export interface CryptoOrder {
  rows: number;
  columns: number;
}

process.once('message', ({ rows, columns }: CryptoOrder) => {
  const seeds = sealedRows(2_000);
  process.once('message', () => {
    cross(seeds, rows, columns);
    process.send?.({}, () => process.disconnect?.());
  });
  process.send?.('ready');
});

function cross(seeds: readonly (readonly string[])[], rows: number, columns: number): void {
  const bindings = columnsOf(columns).map(({ id }) => ({ profile: 'column', column: id }) as const);
  const keys = new KeyRing([newKey, oldKey]);
  const target = new KeyRing([newKey]);
  const random = pooledRandom();
  for (let row = 0; row < rows; row++) {
    const values = seeds[row % seeds.length] ?? [];
    for (const [at, binding] of bindings.entries()) {
      const { plaintext } = qt1.open(values[at] ?? '', keys, binding);
      const sealed = qt1.seal(plaintext, newKey, binding, random, { nested: true });
      if (!timingSafeEqual(qt1.open(sealed, target, binding).plaintext, plaintext)) {
        throw new Error('A value did not open again.');
      }
    }
  }
}
