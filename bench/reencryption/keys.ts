/** Keys and columns every process of the benchmark agrees on. Made from names: nothing here is secret. */
import { createHash, createSecretKey } from 'node:crypto';
import { CipherKey } from '../../domain/ciphertext/keys.ts';
import type { ReencryptedColumn } from '../../lambdas/reencryption/column.ts';

function keyOf(name: string): CipherKey {
  const bytes = createHash('sha256').update(name).digest();
  return new CipherKey({
    kid: bytes.toString('hex').slice(0, 16),
    key: createSecretKey(bytes),
  });
}

export const oldKey = keyOf('benchmark, old');
export const newKey = keyOf('benchmark, new');

const names = ['ssn', 'phone', 'iban'] as const;

export function columnsOf(count: number): ReencryptedColumn[] {
  return names.slice(0, count).map((column) => ({
    id: `people.${column}`,
    table: 'public.people',
    column,
    format: 'qt1',
    profile: 'column',
  }));
}
