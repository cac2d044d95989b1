/**
 * Looks for ciphertext where none is declared. What is not declared is not re-encrypted, and would be
 * unreadable once its key is gone: such a column stops a rotation before a new key exists.
 */

import type { DeclaredColumn } from '../declared-columns.ts';
import type { Session } from './door.ts';
import { quoteIdentifier } from './identifiers.ts';

/** About so many of a large table, and of a small one at most. */
const sampledRows = 4_000;

interface Candidate extends Record<string, unknown> {
  schema: string;
  table: string;
  column: string;
  type: keyof typeof holdsQt1;
  rows: number;
  readable: boolean;
}

/** Per type, whether a value is or holds qt1: its text form, or its binary form (0x51 0x54 0x01). */
const holdsQt1 = {
  text: (column: string) => `starts_with(${column}, 'qt1.')`,
  varchar: (column: string) => `starts_with(${column}, 'qt1.')`,
  bytea: (column: string) =>
    `substring(${column} from 1 for 3) = '\\x515401' or substring(${column} from 1 for 4) = 'qt1.'::bytea`,
  json: (column: string) => `strpos(${column}::text, '"qt1.') > 0`,
  jsonb: (column: string) => `strpos(${column}::text, '"qt1.') > 0`,
  _text: (column: string) => `${column}::text ~ '[{,"]qt1[.]'`,
  _varchar: (column: string) => `${column}::text ~ '[{,"]qt1[.]'`,
};

/** Partitions are read through their parent; foreign tables and views hold nothing of their own. */
const candidates = `
  select n.nspname::text as schema, c.relname::text as table, a.attname::text as column,
         t.typname::text as type, greatest(c.reltuples, 0)::float8 as rows,
         has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select')
           and not row_security_active(c.oid) as readable
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
   where c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relpersistence <> 't'
     and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
     and t.typname = any($1)
   order by 1, 2, a.attnum`;

export interface UndeclaredSearch {
  /** "schema.table.column" of each undeclared column that holds ciphertext. */
  found: string[];
  sampledColumns: number;
  /** Columns the reading role may not see: nothing is known about them. */
  unreadableColumns: number;
}

export async function findUndeclared(
  session: Session,
  declared: readonly Pick<DeclaredColumn, 'table' | 'column'>[],
): Promise<UndeclaredSearch> {
  const known = new Set(declared.map(({ table, column }) => `${table}.${column}`));
  const all = await session.query<Candidate>(candidates, [Object.keys(holdsQt1)]);
  const others = all.filter(
    ({ schema, table, column }) => !known.has(`${schema}.${table}.${column}`),
  );
  const readable = others.filter((candidate) => candidate.readable);
  const tables = new Map<string, Candidate[]>();
  for (const candidate of readable) {
    const name = `${candidate.schema}.${candidate.table}`;
    tables.set(name, [...(tables.get(name) ?? []), candidate]);
  }
  const found: string[] = [];
  for (const [table, columns] of tables) {
    const hits = await sample(session, columns);
    found.push(...hits.map((column) => `${table}.${column}`));
  }
  return {
    found,
    sampledColumns: readable.length,
    unreadableColumns: others.length - readable.length,
  };
}

/**
 * One pass over one table for all its columns. A large one is sampled by blocks, all over; the limit only
 * guards against row counts that are out of date, because it would cut off the end of the table.
 */
async function sample(session: Session, columns: readonly Candidate[]): Promise<string[]> {
  const [first] = columns;
  if (first === undefined) {
    return [];
  }
  const names = columns.map(({ column }) => quoteIdentifier(column));
  const tests = columns.map(
    ({ type }, index) => `coalesce(bool_or(${holdsQt1[type](names[index] ?? '')}), false)`,
  );
  const percent = Math.min(100, (100 * sampledRows) / Math.max(first.rows, 1));
  const from = `${quoteIdentifier(first.schema)}.${quoteIdentifier(first.table)}`;
  const isLarge = percent < 10;
  const blocks = isLarge ? ` tablesample system (${percent})` : '';
  const limit = isLarge ? 10 * sampledRows : sampledRows;
  const [row] = await session.query<{ hits: boolean[] }>(
    `select array[${tests.join(', ')}] as hits
       from (select ${names.join(', ')} from ${from}${blocks} limit ${limit}) as sampled`,
  );
  return columns.filter((_, index) => row?.hits[index] === true).map(({ column }) => column);
}
