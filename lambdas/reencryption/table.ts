/** The declared columns as they really lie in the database: leaf by leaf, with their types. */
import type { Session } from '../../doors/postgres/door.ts';
import { columnTypes, type KeyColumn, leafByName } from '../../doors/postgres/leaves.ts';
import type { Walk } from '../../doors/postgres/walk.ts';
import type { CipherKeys, CipherOf } from './cipher.ts';
import type { ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError } from './errors.ts';
import { type Field, fieldOf } from './field.ts';

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

/**
 * A leaf that was detached since it was planned holds rows all the same, and is worked off as planned.
 * @returns undefined: it was dropped, and its rows with it
 * @throws ColumnDeclarationError
 */
export async function leafTable(
  session: Session,
  declared: string,
  planned: { leaf: string; walk: Walk },
  columns: readonly ReencryptedColumn[],
  ciphers: { cipherOf: CipherOf; keys: CipherKeys },
): Promise<LeafTable | undefined> {
  const leaf = await leafByName(session, planned.leaf);
  if (leaf === undefined) {
    return undefined;
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
