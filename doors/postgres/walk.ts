/** How the rows of a declared table are gone through: by its primary key, or by where they lie. */
import type { DeclaredColumn } from '../declared-columns.ts';
import { assertColumns, ColumnDeclarationError } from './column-declaration.ts';
import type { Leaf } from './leaves.ts';

export type Walk = 'key' | 'ctid';

/** Below it, going by the key visits pages in no order, and every page is written many times. */
const orderThatHelps = 0.5;
/** A leaf that fits into memory many times over is walked by its key in any case. */
const pagesThatMatter = 10_000;

/** @throws ColumnDeclarationError */
export function walkOf(leaf: Leaf, columns: readonly DeclaredColumn[]): Walk {
  const wishes = new Set(columns.map(({ walk }) => walk ?? 'auto'));
  const [first] = columns;
  const name = first?.table ?? leaf.name;
  if (wishes.has('ctid') && wishes.has('key')) {
    throw new ColumnDeclarationError(name, 'its columns are to be walked in two ways; declare one');
  }
  if (leaf.key.length === 0 && !wishes.has('ctid')) {
    throw new ColumnDeclarationError(
      name,
      `${leaf.name} has no primary key; declare walk: 'ctid' for it, or add a key`,
    );
  }
  if (leaf.key.length === 0 && columns.some(({ profile }) => profile === 'row')) {
    throw new ColumnDeclarationError(name, 'profile row needs a primary key');
  }
  if (wishes.has('ctid')) {
    return 'ctid';
  }
  const scattered =
    leaf.order === undefined ? leaf.key[0]?.type === 'uuid' : leaf.order < orderThatHelps;
  return !wishes.has('key') && scattered && leaf.pages > pagesThatMatter ? 'ctid' : 'key';
}

/** "schema.table" → its columns. */
export function byTable(
  columns: readonly DeclaredColumn[],
): ReadonlyMap<string, readonly DeclaredColumn[]> {
  assertColumns(columns);
  const tables = new Map<string, DeclaredColumn[]>();
  for (const column of columns) {
    tables.set(column.table, [...(tables.get(column.table) ?? []), column]);
  }
  return tables;
}
