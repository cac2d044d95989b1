/**
 * Looks for ciphertext where none is declared. What is not declared is not re-encrypted, and would be
 * unreadable once its key is gone: such a column stops a rotation before a new key exists.
 */
import { cloak } from '../../domain/ciphertext/cloak.ts';
import { columnFormats } from '../../domain/ciphertext/column-formats.ts';
import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import { fernet } from '../../domain/ciphertext/fernet.ts';
import type { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { DeclaredColumn } from '../declared-columns.ts';
import { arrayLiteral } from './array-literal.ts';
import type { Session } from './door.ts';
import { quoteIdentifier, quoteLiteral } from './identifiers.ts';

/** About so many of a large table, and of a small one at most. */
const sampledRows = 4_000;

interface Candidate extends Record<string, unknown> {
  schema: string;
  table: string;
  column: string;
  type: SearchedType;
  rows: number;
  readable: boolean;
}

type SearchedType = 'text' | 'varchar' | 'bytea' | 'json' | 'jsonb' | '_text' | '_varchar';
const searchedTypes: readonly SearchedType[] = [
  'text',
  'varchar',
  'bytea',
  'json',
  'jsonb',
  '_text',
  '_varchar',
];

/**
 * What is looked for. qt1 in both forms is nobody else's. A cloak value or one behind a declared prefix is ours if
 * it names one of our keys; a Fernet token names none, so that one is read and opened.
 */
interface Wanted {
  /** POSIX: how a text begins. */
  readonly begins: string;
  readonly keys: KeyRing | undefined;
}

function wantedBy(declared: readonly Declared[], keys: KeyRing | undefined): Wanted {
  const namings = declared.flatMap((column) => {
    const { writes, accepts } = columnFormats(column);
    return [writes, ...accepts].flatMap(({ name, naming }) =>
      naming === undefined || name === 'qt1' || name === 'qt1-bytes' ? [] : [naming],
    );
  });
  const starts = [cloak.naming, ...namings].flatMap((naming) =>
    (keys?.all ?? []).flatMap((key) => naming?.startOf(key, 'none') ?? []),
  );
  const begins = ['qt1.', ...new Set(starts)].map(literal).join('|');
  return { begins: `(?:${begins})`, keys };
}

/** Behind a backslash every character but letters and digits stands for itself. */
const literal = (text: string) => text.replace(/[^A-Za-z0-9]/g, '\\$&');

/** Where in the text form of a value of this type one of its texts may begin. */
const textStart: Record<SearchedType, string> = {
  text: '^',
  varchar: '^',
  bytea: '^',
  json: '"',
  jsonb: '"',
  _text: '[{,"]',
  _varchar: '[{,"]',
};

function asText(type: SearchedType, value: string): string {
  return type === 'bytea' ? `encode(${value}, 'escape')` : `(${value}::text collate "C")`;
}

/** SQL: is the value ciphertext, or does it hold some? */
function holds(type: SearchedType, value: string, { begins }: Wanted): string {
  const text = `${asText(type, value)} ~ ${quoteLiteral(`${textStart[type]}${begins}`)}`;
  return type === 'bytea' ? `(${text} or substring(${value} from 1 for 3) = '\\x515401')` : text;
}

/** SQL: a Fernet token in the value; 73 bytes at least, which are 100 characters. */
function fernetIn(type: SearchedType, value: string): string {
  return `substring(${asText(type, value)} from ${quoteLiteral(`${textStart[type]}(gAAAA[A-Za-z0-9_-]{93,}={0,2})`)})`;
}

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

type Declared = Pick<DeclaredColumn, 'table' | 'column' | 'path' | 'format' | 'accepts'>;

/** `keys`: those that may open; absent: there is none yet, and what names its key is nobody's of ours. */
export async function findUndeclared(
  session: Session,
  declared: readonly Declared[],
  keys?: KeyRing,
): Promise<UndeclaredSearch> {
  const wanted = wantedBy(declared, keys);
  const all = await session.query<Candidate>(candidates, [searchedTypes]);
  const others = all.flatMap((candidate): Searched[] => {
    const { schema, table, column } = candidate;
    const here = declared.filter(
      (one) => one.table === `${schema}.${table}` && one.column === column,
    );
    // Of a document only the declared places are known; what stands beside them is not.
    const paths = here.map(({ path }) => path);
    const isDocument = candidate.type === 'json' || candidate.type === 'jsonb';
    return here.length > 0 && (!isDocument || paths.includes(undefined))
      ? []
      : [{ ...candidate, known: paths.filter((path) => path !== undefined) }];
  });
  const readable = others.filter((candidate) => candidate.readable);
  const tables = new Map<string, Searched[]>();
  for (const candidate of readable) {
    const name = `${candidate.schema}.${candidate.table}`;
    tables.set(name, [...(tables.get(name) ?? []), candidate]);
  }
  const found: string[] = [];
  for (const [table, columns] of tables) {
    const hits = await sample(session, columns, wanted);
    found.push(...hits.map((column) => `${table}.${column}`));
  }
  return {
    found,
    sampledColumns: readable.length,
    unreadableColumns: others.length - readable.length,
  };
}

interface Searched extends Candidate {
  /** Declared places inside it. */
  readonly known: readonly (readonly string[])[];
}

/**
 * One pass over one table for all its columns. A large one is sampled by blocks, all over; the limit only
 * guards against row counts that are out of date, because it would cut off the end of the table.
 */
async function sample(
  session: Session,
  columns: readonly Searched[],
  wanted: Wanted,
): Promise<string[]> {
  const [first] = columns;
  if (first === undefined) {
    return [];
  }
  const names = columns.map(({ column }) => quoteIdentifier(column));
  const values = columns.map((column, index) => besides(column, names[index] ?? ''));
  const tests = columns.map(
    ({ type }, index) => `coalesce(bool_or(${holds(type, values[index] ?? '', wanted)}), false)`,
  );
  const tokens = columns.flatMap(({ type }, index) => {
    const token = fernetIn(type, values[index] ?? '');
    return [`min(${token} collate "C")`, `max(${token} collate "C")`];
  });
  const percent = Math.min(100, (100 * sampledRows) / Math.max(first.rows, 1));
  const from = `${quoteIdentifier(first.schema)}.${quoteIdentifier(first.table)}`;
  const isLarge = percent < 10;
  const blocks = isLarge ? ` tablesample system (${percent})` : '';
  const limit = isLarge ? 10 * sampledRows : sampledRows;
  const [row] = await session.query<{ hits: boolean[]; tokens: (string | null)[] }>(
    `select array[${tests.join(', ')}] as hits, array[${tokens.join(', ')}]::text[] as tokens
       from (select ${names.join(', ')} from ${from}${blocks} limit ${limit}) as sampled`,
  );
  return columns
    .filter((_, index) => {
      const two = row?.tokens.slice(2 * index, 2 * index + 2) ?? [];
      return row?.hits[index] === true || two.some((token) => isOurs(token, wanted.keys));
    })
    .map(({ column }) => column);
}

/** SQL: the column without the values that are declared in it. */
function besides({ type, known }: Searched, name: string): string {
  return known.reduce((value, path) => {
    const place = `${quoteLiteral(arrayLiteral(path))}::text[]`;
    return type === 'jsonb'
      ? `(${value} #- ${place})`
      : // A json document is not changed by path: the declared value is taken out of its text.
        `coalesce(replace(${value}::text, to_json(${name} #>> ${place})::text, ''), ${value}::text)`;
  }, name);
}

/** Of a column of tokens two are opened: one that is under our key says that the column is ours. */
function isOurs(token: string | null, keys: KeyRing | undefined): boolean {
  if (token === null || keys === undefined) {
    return false;
  }
  try {
    fernet.open(token, keys, { profile: 'none' }).plaintext.fill(0);
    return true;
  } catch (error) {
    if (error instanceof CiphertextError) {
      return false;
    }
    throw error;
  }
}
