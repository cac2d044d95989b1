/** What declared columns must be to one another. */
import type { DeclaredColumn } from '../declared-columns.ts';

export class ColumnDeclarationError extends Error {
  override readonly name = 'ColumnDeclarationError';
  readonly code = 'ERR_ROTATION_COLUMN_DECLARATION';
  constructor(column: string, problem: string) {
    super(`Column ${column}: ${problem}.`);
  }
}

const index = /^-?\d+$/;

/** @throws ColumnDeclarationError for what no database can make right */
export function assertColumns(columns: readonly DeclaredColumn[]): void {
  const ids = new Set<string>();
  const places = new Map<string, DeclaredColumn[]>();
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
function assertApart(name: string, sharing: readonly DeclaredColumn[]): void {
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
