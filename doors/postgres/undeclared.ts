/**
 * Looks for ciphertext where none is declared. What is not declared is not re-encrypted, and would be
 * unreadable once its key is gone: such a column stops a rotation before a new key exists.
 *
 * Columns another key of the same database declares are that key's to rewrite, and hold what they hold by right;
 * unless it is ciphertext of this key, which its own would never open.
 */
import { cloak } from '../../domain/ciphertext/cloak.ts';
import { columnFormats } from '../../domain/ciphertext/column-formats.ts';
import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import { fernet } from '../../domain/ciphertext/fernet.ts';
import type { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { DeclaredColumn, DeclaredPlace } from '../declared-columns.ts';
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

/** What is looked for. */
interface Wanted {
  /** POSIX: how a text begins. */
  readonly begins: string;
  /** POSIX: how bytes begin, over their hex digits. */
  readonly bytes: string;
}

/**
 * ofAnybody: qt1 in both forms is nobody else's, whichever key it names. ofOurs: only under one of our keys. A cloak
 * value or one behind a declared prefix is ours if it names one of our keys; a Fernet token names none, so that one
 * is read and opened.
 */
function wantedBy(declared: readonly Declared[], keys: KeyRing | undefined) {
  const namings = declared.flatMap((column) => {
    const { writes, accepts } = columnFormats(column);
    return [writes, ...accepts].flatMap(({ name, naming }) =>
      naming === undefined || name === 'qt1' || name === 'qt1-bytes' ? [] : [naming],
    );
  });
  const ours = keys?.all ?? [];
  const starts = [cloak.naming, ...namings].flatMap((naming) =>
    ours.flatMap((key) => naming?.startOf(key, 'none') ?? []),
  );
  const kids = ours.map(({ kid }) => kid);
  const begins = (first: readonly string[]) =>
    `(?:${[...first, ...new Set(starts)].map(literal).join('|')})`;
  const ofAnybody: Wanted = { begins: begins(['qt1.']), bytes: '^515401' };
  const ofOurs: Wanted = {
    begins: begins(kids.map((kid) => `qt1.${kid}.`)),
    bytes: `^515401..(?:${kids.join('|')})`,
  };
  return { ofAnybody, ofOurs };
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
function holds(type: SearchedType, value: string, { begins, bytes }: Wanted): string {
  const text = `${asText(type, value)} ~ ${quoteLiteral(`${textStart[type]}${begins}`)}`;
  const head = `encode(substring(${value} from 1 for 12), 'hex')`;
  return type === 'bytea' ? `(${text} or ${head} ~ ${quoteLiteral(bytes)})` : text;
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
  /** The same of columns that are another key's and hold ciphertext of this one. */
  misplaced: string[];
  sampledColumns: number;
  /** Columns the reading role may not see: nothing is known about them. */
  unreadableColumns: number;
}

type Declared = Pick<DeclaredColumn, 'table' | 'column' | 'path' | 'format' | 'accepts'>;

export interface Searching {
  /** Those that may open; absent: there is none yet, and what names its key is nobody's of ours. */
  readonly keys?: KeyRing | undefined;
  /** What other keys of this database declare. */
  readonly neighbours?: readonly DeclaredPlace[];
}

export async function findUndeclared(
  session: Session,
  declared: readonly Declared[],
  { keys, neighbours = [] }: Searching = {},
): Promise<UndeclaredSearch> {
  const { ofAnybody, ofOurs } = wantedBy(declared, keys);
  const all = await session.query<Candidate>(candidates, [searchedTypes]);
  const others = all.flatMap((candidate): Searched[] => {
    const ours = placesIn(candidate, declared);
    const theirs = placesIn(candidate, neighbours);
    if (ours.isWhole) {
      return [];
    }
    const besidesAll = [...ours.inside, ...theirs.inside];
    return [
      ...(theirs.isWhole ? [] : [{ ...candidate, known: besidesAll, wanted: ofAnybody }]),
      ...(keys !== undefined && (theirs.isWhole || theirs.inside.length > 0)
        ? [{ ...candidate, known: ours.inside, wanted: ofOurs }]
        : []),
    ];
  });
  const readable = others.filter((candidate) => candidate.readable);
  const tables = new Map<string, Searched[]>();
  for (const candidate of readable) {
    const name = `${candidate.schema}.${candidate.table}`;
    tables.set(name, [...(tables.get(name) ?? []), candidate]);
  }
  const hits: Searched[] = [];
  for (const columns of tables.values()) {
    hits.push(...(await sample(session, columns, keys)));
  }
  const namesOf = (wanted: Wanted) =>
    hits
      .filter((hit) => hit.wanted === wanted)
      .map(({ schema, table, column }) => `${schema}.${table}.${column}`);
  const found = namesOf(ofAnybody);
  const undeclared = others.filter(({ wanted }) => wanted === ofAnybody);
  return {
    found,
    misplaced: namesOf(ofOurs).filter((name) => !found.includes(name)),
    sampledColumns: undeclared.filter((candidate) => candidate.readable).length,
    unreadableColumns: undeclared.filter((candidate) => !candidate.readable).length,
  };
}

interface Searched extends Candidate {
  /** Declared places inside it. */
  readonly known: readonly (readonly string[])[];
  readonly wanted: Wanted;
}

/** Of a document only the declared places are known; what stands beside them is not. */
function placesIn(
  { schema, table, column, type }: Candidate,
  declared: readonly DeclaredPlace[],
): { isWhole: boolean; inside: string[][] } {
  const paths = declared
    .filter((one) => one.table === `${schema}.${table}` && one.column === column)
    .map(({ path }) => path);
  const isDocument = type === 'json' || type === 'jsonb';
  return {
    isWhole: paths.length > 0 && (!isDocument || paths.includes(undefined)),
    inside: isDocument ? paths.filter((path) => path !== undefined) : [],
  };
}

/**
 * One pass over one table for all its columns. A large one is sampled by blocks, all over; the limit only
 * guards against row counts that are out of date, because it would cut off the end of the table.
 */
async function sample(
  session: Session,
  columns: readonly Searched[],
  keys: KeyRing | undefined,
): Promise<Searched[]> {
  const [first] = columns;
  if (first === undefined) {
    return [];
  }
  const names = columns.map(({ column }) => quoteIdentifier(column));
  const values = columns.map((column, index) => besides(column, names[index] ?? ''));
  const tests = columns.map(
    ({ type, wanted }, index) =>
      `coalesce(bool_or(${holds(type, values[index] ?? '', wanted)}), false)`,
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
       from (select ${[...new Set(names)].join(', ')} from ${from}${blocks} limit ${limit}) as sampled`,
  );
  return columns.filter((_, index) => {
    const two = row?.tokens.slice(2 * index, 2 * index + 2) ?? [];
    return row?.hits[index] === true || two.some((token) => isOurs(token, keys));
  });
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
