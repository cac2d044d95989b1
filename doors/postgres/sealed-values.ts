/** What declared columns hold, of whatever type and in whatever format, and whether it opens under a keyset. */
import { Buffer } from 'node:buffer';
import {
  announcedMarks,
  type ColumnFormats,
  columnFormats,
} from '../../domain/ciphertext/column-formats.ts';
import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import type { Binding } from '../../domain/ciphertext/format.ts';
import type { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { DeclaredColumn } from '../declared-columns.ts';
import { ColumnDeclarationError } from './column-declaration.ts';
import type { Session } from './door.ts';
import { type FieldShape, shapeOf } from './fields/shape.ts';
import { quoteIdentifier } from './identifiers.ts';
import { columnTypes } from './leaves.ts';

const sampledRows = 100;

export interface Sample {
  opened: number;
  /** code of the error → how many */
  refused: Map<string, number>;
}

/** One text of a declared column; of bytea one character a byte. */
export interface StoredValue {
  stored: string;
  /** Of its row, in the order of the primary key. */
  row: string[];
}

/** Opens the ciphertexts of up to 100 rows, as they come. @throws ColumnDeclarationError */
export async function openSample(
  session: Session,
  declared: DeclaredColumn,
  keys: KeyRing,
): Promise<Sample> {
  const place = await placeOf(session, declared);
  const sample: Sample = { opened: 0, refused: new Map() };
  for (const { stored, row } of sealedOnly(place, await read(session, place, '', sampledRows))) {
    try {
      place.formats.open(stored, keys, bindingOf(declared, row)).plaintext.fill(0);
      sample.opened += 1;
    } catch (error) {
      if (!(error instanceof CiphertextError)) {
        throw error;
      }
      sample.refused.set(error.code, (sample.refused.get(error.code) ?? 0) + 1);
    }
  }
  return sample;
}

/** About so many rows of a large table are looked at, and of a small one at most. */
const lookedAt = 4_000;

/**
 * Sealed values of so many rows from all over the table, old ones and new ones: a key that only the first or only
 * the last rows need must not be missed. A table beyond ten times what is looked at is sampled by blocks.
 * @throws ColumnDeclarationError
 */
export async function drawSealed(
  session: Session,
  declared: DeclaredColumn,
  rows: number,
): Promise<StoredValue[]> {
  const place = await placeOf(session, declared);
  const [schema, table] = declared.table.split('.');
  const [size] = await session.query<{ rows: number }>(
    `select greatest(c.reltuples, 0)::float8 as rows
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  const percent = (100 * lookedAt) / Math.max(size?.rows ?? 0, 1);
  const isLarge = percent < 10;
  const blocks = isLarge ? ` tablesample system (${percent})` : '';
  return sealedOnly(
    place,
    await read(session, place, blocks, isLarge ? 10 * lookedAt : lookedAt, rows),
  );
}

/**
 * Is there any ciphertext? Of formats that announce themselves every row is asked, of the others a sample.
 * @throws ColumnDeclarationError
 */
export async function holdsCiphertext(
  session: Session,
  declared: DeclaredColumn,
): Promise<boolean> {
  const place = await placeOf(session, declared);
  const [row] = await session.query<{ there: boolean }>(
    `select exists (select from ${qualified(declared)} as t where ${place.shape.begins(place.marks)}) as there`,
  );
  if (row?.there === true || place.formats.marks !== undefined) {
    return row?.there === true;
  }
  return sealedOnly(place, await read(session, place, '', sampledRows)).length > 0;
}

/** Whatever up to 100 rows hold, ciphertext or not; nothing of what is empty. @throws ColumnDeclarationError */
export async function anyValues(
  session: Session,
  declared: DeclaredColumn,
): Promise<StoredValue[]> {
  const place = await placeOf(session, declared);
  return read(
    session,
    { ...place, formats: { ...place.formats, marks: undefined } },
    '',
    sampledRows,
  );
}

interface Place {
  declared: DeclaredColumn;
  shape: FieldShape;
  formats: ColumnFormats;
  /** Of every format that announces itself, and of those declared that begin alike. */
  marks: readonly string[];
}

async function placeOf(session: Session, declared: DeclaredColumn): Promise<Place> {
  const types = await columnTypes(session, qualified(declared), [declared.column]);
  const found = types.get(declared.column);
  if (found === undefined) {
    throw new ColumnDeclarationError(`${declared.table}.${declared.column}`, 'it does not exist');
  }
  const formats = columnFormats(declared);
  const marks = [...new Set([...announcedMarks, ...formats.knownMarks])];
  return { declared, shape: shapeOf(declared, found), formats, marks };
}

/** Texts that are no plaintext: of a declared format, or announcing themselves as one of another. */
const sealedOnly = ({ formats }: Place, values: readonly StoredValue[]) =>
  values.filter(({ stored }) => formats.recognise(stored) !== undefined);

/** `drawn`: as many of the rows looked at, at random; absent: the first of them. */
async function read(
  session: Session,
  { declared, shape, formats, marks }: Place,
  blocks: string,
  limit: number,
  drawn?: number,
): Promise<StoredValue[]> {
  const parts = (declared.primaryKey ?? []).map((part) => `t.${quoteIdentifier(part)}::text`);
  const isTold = formats.marks !== undefined;
  const looked = `select ${shape.read} as value, array[${parts.join(', ')}]::text[] as key
     from ${qualified(declared)} as t${blocks}
    where ${isTold ? shape.begins(marks) : `(${shape.read}) is not null`} limit ${limit}`;
  const rows = await session.query<{ value: unknown; key: string[] }>(
    drawn === undefined
      ? looked
      : `select * from (${looked}) as looked_at order by random() limit $1`,
    drawn === undefined ? [] : [drawn],
  );
  return rows.flatMap(({ value, key: row }) => {
    const decoded = shape.decode(rawText(value));
    const texts = decoded.kind === 'texts' ? decoded.texts : [];
    return texts.flatMap((stored) => (stored === null || stored === '' ? [] : [{ stored, row }]));
  });
}

/** An ordinary session parses bytea; shapes decode its text form. */
export function rawText(value: unknown): string {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
}

/** PostgreSQL writes integers in decimal and uuids in lower case, which is their canonical form. */
export function bindingOf({ id, profile }: DeclaredColumn, row: readonly string[]): Binding {
  if (profile === 'none') {
    return { profile };
  }
  return profile === 'column' ? { profile, column: id } : { profile, column: id, row };
}

function qualified({ table }: DeclaredColumn): string {
  return table.split('.').map(quoteIdentifier).join('.');
}
