/** A declared column as the engine meets it. The deployment's declared columns are some of these. */
import type { Profile } from '../../domain/ciphertext/format.ts';
import { ColumnDeclarationError } from './errors.ts';

export interface ReencryptedColumn {
  /** Logical id, authenticated with every value; a JSON path inside a document is part of it. */
  readonly id: string;
  /** "schema.table" */
  readonly table: string;
  readonly column: string;
  readonly format: string;
  readonly profile: Profile;
  /** Profile row: the columns of the primary key, in order. */
  readonly primaryKey?: readonly string[] | undefined;
  /** Of a json or jsonb column: the names of the objects' members that lead to the value. */
  readonly path?: readonly string[] | undefined;
  /**
   * What a value that is no ciphertext of any known format is taken for. @default 'quarantine': damage, until
   * somebody says otherwise; 'seal': plaintext from before the column was encrypted
   */
  readonly plaintext?: 'quarantine' | 'seal' | undefined;
  /** @default 'auto': by ctid where the primary key says nothing about where a row lies, or there is none */
  readonly walk?: 'auto' | 'key' | 'ctid' | undefined;
}

const index = /^-?\d+$/;

/** @throws ColumnDeclarationError for what no database can make right */
export function assertColumns(columns: readonly ReencryptedColumn[]): void {
  const ids = new Set<string>();
  const places = new Map<string, ReencryptedColumn[]>();
  for (const column of columns) {
    const name = `${column.table}.${column.column}`;
    if (ids.has(column.id)) {
      throw new ColumnDeclarationError(
        name,
        `id ${column.id} is declared twice; two columns of one id would open each other's values`,
      );
    }
    ids.add(column.id);
    if (column.path?.length === 0 || column.path?.some((part) => part === '' || index.test(part))) {
      throw new ColumnDeclarationError(
        name,
        'the path has an empty or numeric part; it names members of objects, an array index is no place that stays',
      );
    }
    places.set(name, [...(places.get(name) ?? []), column]);
  }
  for (const [name, sharing] of places) {
    assertApart(name, sharing);
  }
}

/** One document may hold several values, none of them inside another. */
function assertApart(name: string, sharing: readonly ReencryptedColumn[]): void {
  for (const one of sharing) {
    for (const other of sharing) {
      const outer = one.path ?? [];
      if (one !== other && outer.every((part, at) => other.path?.[at] === part)) {
        throw new ColumnDeclarationError(
          name,
          `${one.id} and ${other.id} are declared in one place, or one inside the other`,
        );
      }
    }
  }
}
