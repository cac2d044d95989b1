/** Do the rows that are there open under the keyset? */

import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import type { Binding, KeyLookup } from '../../domain/ciphertext/format.ts';
import { qt1 } from '../../domain/ciphertext/qt1.ts';
import type { DeclaredColumn } from '../declared-columns.ts';
import type { Session } from './door.ts';
import { quoteIdentifier } from './identifiers.ts';

const sampledRows = 100;

export interface Sample {
  opened: number;
  /** code of the error → how many */
  refused: Map<string, number>;
}

/** Opens up to 100 values of a column, as they come. */
export async function openSample(
  session: Session,
  declared: DeclaredColumn,
  keys: KeyLookup,
): Promise<Sample> {
  const column = quoteIdentifier(declared.column);
  const key = declared.primaryKey ?? [];
  const parts = key.map((part) => `${quoteIdentifier(part)}::text`);
  const rows = await session.query<{ value: string; key: string[] }>(
    `select ${column}::text as value, array[${parts.join(', ')}]::text[] as key
       from ${qualified(declared)} where starts_with(${column}, 'qt1.') limit ${sampledRows}`,
  );
  const sample: Sample = { opened: 0, refused: new Map() };
  for (const { value, key: row } of rows) {
    try {
      qt1.open(value, keys, bindingOf(declared, row));
      sample.opened += 1;
    } catch (error) {
      if (!(error instanceof CiphertextError)) {
        throw error;
      }
      sample.refused.set(error.code, (sample.refused.get(error.code) ?? 0) + 1);
    }
  }
  return sample;
}

export async function holdsCiphertext(
  session: Session,
  declared: DeclaredColumn,
): Promise<boolean> {
  const column = quoteIdentifier(declared.column);
  const [row] = await session.query<{ there: boolean }>(
    `select exists (select from ${qualified(declared)} where starts_with(${column}, 'qt1.')) as there`,
  );
  return row?.there === true;
}

/** PostgreSQL writes integers in decimal and uuids in lower case, which is their canonical form. */
export function bindingOf({ id, profile }: DeclaredColumn, row: readonly string[]): Binding {
  if (profile === 'none') {
    return { profile };
  }
  return profile === 'column' ? { profile, column: id } : { profile, column: id, row };
}

function qualified({ table }: DeclaredColumn): string {
  return table.split('.').map(quoteIdentifier).join('.');
}
