/** The tables that really hold the rows of a declared one: its partitions, its children, or itself. */
import type { Session } from './door.ts';
import { quoteIdentifier } from './identifiers.ts';

export interface KeyColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
}

export interface Leaf {
  /** "schema"."table", quoted. */
  readonly name: string;
  /** r: table; f: foreign table, which nothing can be said about from here. */
  readonly kind: string;
  readonly key: readonly KeyColumn[];
  readonly rows: number;
  readonly pages: number;
  /** How well the first key column's order is the rows' order on disk, 0 to 1; undefined: not analysed. */
  readonly order: number | undefined;
}

interface LeafRow extends Record<string, unknown> {
  schema: string;
  table: string;
  kind: string;
  names: string[] | null;
  types: string[] | null;
  rows: number;
  pages: number;
  correlation: number | null;
}

/** Partitioned tables hold nothing themselves; a parent of plain inheritance does. */
const leavesOf = `
  with recursive tree as (
    select c.oid, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2
    union
    select c.oid, c.relkind from tree
      join pg_inherits i on i.inhparent = tree.oid
      join pg_class c on c.oid = i.inhrelid)
  select n.nspname::text as schema, c.relname::text as table, c.relkind::text as kind,
         key.names, key.types, greatest(c.reltuples, 0)::float8 as rows,
         (pg_relation_size(c.oid) / current_setting('block_size')::int)::float8 as pages,
         (select s.correlation from pg_stats s
           where s.schemaname = n.nspname and s.tablename = c.relname and s.attname = key.names[1]
             and not s.inherited) as correlation
    from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
    left join lateral (
      select array_agg(a.attname::text order by place.ordinality) as names,
             array_agg(format_type(a.atttypid, a.atttypmod) order by place.ordinality) as types
        from pg_index i
        cross join unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) with ordinality as place(attnum, ordinality)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = place.attnum
       where i.indrelid = c.oid and i.indisprimary) as key on true
   where tree.relkind <> 'p'
   order by 1, 2`;

/** `table`: "schema.table" as declared. Empty when there is no such table, or no partition yet. */
export function leavesOfTable(session: Session, table: string): Promise<Leaf[]> {
  const [schema = '', name = ''] = table.split('.');
  return leavesBelow(session, schema, name);
}

/** `leaf`: as `Leaf.name` writes it. Of whatever it is a part now, or of nothing; undefined: it is gone. */
export async function leafByName(session: Session, leaf: string): Promise<Leaf | undefined> {
  const [, schema = '', name = ''] = /^"((?:[^"]|"")+)"\."((?:[^"]|"")+)"$/.exec(leaf) ?? [];
  const plain = (quoted: string) => quoted.replaceAll('""', '"');
  const leaves = await leavesBelow(session, plain(schema), plain(name));
  return leaves.find((found) => found.name === leaf);
}

async function leavesBelow(session: Session, schema: string, name: string): Promise<Leaf[]> {
  const rows = await session.query<LeafRow>(leavesOf, [schema, name]);
  return rows.map((row) => ({
    name: `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.table)}`,
    kind: row.kind,
    key: (row.names ?? []).map((key, at) => ({ name: key, type: row.types?.[at] ?? 'text' })),
    rows: row.rows,
    pages: row.pages,
    order: row.correlation === null ? undefined : Math.abs(row.correlation),
  }));
}

export interface ColumnType {
  /** As pg_type calls it: "text", "_text", "jsonb" … */
  readonly type: string;
  /** Of varchar(n), and of the elements of varchar(n)[]: n. */
  readonly limit: number | undefined;
}

/** Of the declared columns of one leaf, by name. */
export async function columnTypes(
  session: Session,
  leaf: string,
  columns: readonly string[],
): Promise<ReadonlyMap<string, ColumnType>> {
  const rows = await session.query<{ name: string; type: string; limit: number | null }>(
    `select a.attname::text as name, t.typname::text as type,
            case when t.typname in ('varchar', '_varchar') and a.atttypmod >= 0 then a.atttypmod - 4 end as limit
       from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1::regclass and a.attname = any($2) and a.attnum > 0 and not a.attisdropped`,
    [leaf, columns],
  );
  return new Map(rows.map(({ name, type, limit }) => [name, { type, limit: limit ?? undefined }]));
}
