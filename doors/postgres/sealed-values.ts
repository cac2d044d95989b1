/** Do the rows that are there open under the keyset? */

import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import type { Binding } from '../../domain/ciphertext/format.ts';
import type { KeyRing } from '../../domain/ciphertext/keys.ts';
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
  keys: KeyRing,
): Promise<Sample> {
  const rows = await session.query<Sealed>(`${sealedIn(declared)} limit ${sampledRows}`);
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

interface Sealed extends Record<string, unknown> {
  value: string;
  /** Of its row, in the order of the primary key. */
  key: string[];
}

/** About so many values of a large table are looked at, and of a small one at most. */
const lookedAt = 4_000;

/**
 * Sealed values from all over the table, old rows and new ones: a key that only the first or only the last
 * rows need must not be missed. A table beyond ten times what is looked at is sampled by blocks.
 */
export async function drawSealed(
  session: Session,
  declared: DeclaredColumn,
  rows: number,
): Promise<Sealed[]> {
  const [schema, table] = declared.table.split('.');
  const [size] = await session.query<{ rows: number }>(
    `select greatest(c.reltuples, 0)::float8 as rows
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  const percent = (100 * lookedAt) / Math.max(size?.rows ?? 0, 1);
  const isLarge = percent < 10;
  const blocks = isLarge ? ` tablesample system (${percent})` : '';
  return session.query<Sealed>(
    `select * from (${sealedIn(declared, blocks)} limit ${isLarge ? 10 * lookedAt : lookedAt}) as looked_at
      order by random() limit $1`,
    [rows],
  );
}

function sealedIn(declared: DeclaredColumn, blocks = ''): string {
  const column = quoteIdentifier(declared.column);
  const parts = (declared.primaryKey ?? []).map((part) => `${quoteIdentifier(part)}::text`);
  return `select ${column}::text as value, array[${parts.join(', ')}]::text[] as key
       from ${qualified(declared)}${blocks} where starts_with(${column}, 'qt1.')`;
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
