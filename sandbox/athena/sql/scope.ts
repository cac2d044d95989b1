/** What a name can mean: the columns of the one source of a SELECT. */
import type { ColumnType } from '../column-type.ts';
import { notSimulated, type Place, QueryError } from './error.ts';
import type { Type, Typed } from './functions.ts';

export interface Column {
  /** As SQLite names it. */
  sql: string;
  type: Type | Extract<ColumnType, { kind: 'struct' | 'other' }>;
}

export interface Scope {
  /** The names by which a column can be qualified: alias, or table, database and table. */
  qualifiers: readonly (readonly string[])[];
  columns: ReadonlyMap<string, Column>;
}

/** @throws QueryError COLUMN_NOT_FOUND; ServiceException for what cannot be read here */
export function resolve(
  { qualifiers, columns }: Scope,
  parts: readonly string[],
  at: Place,
): Typed {
  const written = parts.join('.');
  const qualifier = qualifiers.find(
    (names) =>
      parts.length > names.length &&
      names.every((name, index) => parts[index] === name) &&
      columns.has(parts[names.length] ?? ''),
  );
  const [name = '', ...path] = parts.slice(qualifier?.length ?? 0);
  const column = columns.get(name);
  if (column === undefined) {
    throw new QueryError('COLUMN_NOT_FOUND', `Column '${written}' cannot be resolved`, at);
  }
  let { type } = column;
  for (const field of path) {
    const inner =
      typeof type === 'object' && type.kind === 'struct' ? type.fields.get(field) : undefined;
    if (inner === undefined) {
      throw new QueryError('COLUMN_NOT_FOUND', `Column '${written}' cannot be resolved`, at);
    }
    type = inner.kind === 'scalar' ? scalar(inner.type) : inner;
  }
  if (typeof type === 'object') {
    const what = type.kind === 'struct' ? 'row: name one of its fields' : type.type;
    throw notSimulated(`a value of ${written}, which is a ${what}`, at);
  }
  if (path.length === 0) {
    return { sql: column.sql, type };
  }
  const json = path.map((field) => `."${field}"`).join('');
  return { sql: `json_extract(${column.sql}, '$${json}')`, type };
}

export const scalar = (type: 'string' | 'bigint' | 'boolean'): Type =>
  type === 'string' ? 'varchar' : type;
