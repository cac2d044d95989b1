/** The declared columns as they really lie in the database: leaf by leaf, with their types. */
import type { Session } from '../../doors/postgres/door.ts';
import {
  columnTypes,
  type KeyColumn,
  type Leaf,
  leavesOfTable,
} from '../../doors/postgres/leaves.ts';
import type { CipherKeys, CipherOf } from './cipher.ts';
import { assertColumns, type ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError } from './errors.ts';
import { type Field, fieldOf } from './field.ts';

export type Walk = 'key' | 'ctid';

/** A leaf with everything a worker needs to read and write it. */
export interface LeafTable {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly walk: Walk;
  /** What the walk goes by, in order: the primary key, or ctid. */
  readonly order: readonly KeyColumn[];
  /** What names a row in the quarantine and in profile row: the primary key; empty if there is none. */
  readonly identity: readonly KeyColumn[];
  readonly fields: readonly Field[];
}

const ctid: KeyColumn = { name: 'ctid', type: 'tid' };
/** Below it, going by the key visits pages in no order, and every page is written many times. */
const orderThatHelps = 0.5;
/** A leaf that fits into memory many times over is walked by its key in any case. */
const pagesThatMatter = 10_000;

/** @throws ColumnDeclarationError */
export function walkOf(leaf: Leaf, columns: readonly ReencryptedColumn[]): Walk {
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
  columns: readonly ReencryptedColumn[],
): ReadonlyMap<string, readonly ReencryptedColumn[]> {
  assertColumns(columns);
  const tables = new Map<string, ReencryptedColumn[]>();
  for (const column of columns) {
    tables.set(column.table, [...(tables.get(column.table) ?? []), column]);
  }
  return tables;
}

/** @throws ColumnDeclarationError */
export async function leafTable(
  session: Session,
  declared: string,
  planned: { leaf: string; walk: Walk },
  columns: readonly ReencryptedColumn[],
  ciphers: { cipherOf: CipherOf; keys: CipherKeys },
): Promise<LeafTable> {
  const leaf = (await leavesOfTable(session, declared)).find(({ name }) => name === planned.leaf);
  if (leaf === undefined) {
    throw new ColumnDeclarationError(
      declared,
      `${planned.leaf} was planned and is gone, or no longer part of it; plan again`,
    );
  }
  const types = await columnTypes(
    session,
    leaf.name,
    columns.map(({ column }) => column),
  );
  const fields = columns.map((column) => {
    const found = types.get(column.column);
    if (found === undefined) {
      throw new ColumnDeclarationError(`${declared}.${column.column}`, `${leaf.name} has none`);
    }
    return fieldOf(column, found, ciphers.cipherOf(column, ciphers.keys));
  });
  return {
    name: leaf.name,
    walk: planned.walk,
    order: planned.walk === 'ctid' ? [ctid] : leaf.key,
    identity: leaf.key,
    fields,
  };
}
