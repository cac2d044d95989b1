/**
 * A column that may hold ciphertext, in SQL: how it is read, compared and set. Documents and arrays are
 * changed on the server and never travel through JavaScript: JSON.parse would turn 0.10 into 0.1 and
 * 12345678901234567890 into 12345678901234567000 in fields beside the ciphertext.
 */
import type { DeclaredColumn } from '../../declared-columns.ts';
import { ColumnDeclarationError } from '../column-declaration.ts';
import { quoteIdentifier, quoteLiteral } from '../identifiers.ts';
import type { ColumnType } from '../leaves.ts';
import { arrayField } from './array.ts';
import { documentField } from './document.ts';
import { binaryField, textField } from './scalar.ts';

/** What is read of one place: nothing, texts that may be ciphertext, or something else altogether. */
export type Stored =
  | { readonly kind: 'null' }
  | { readonly kind: 'texts'; readonly texts: readonly (string | null)[] }
  | { readonly kind: 'unusable' };

export interface FieldShape {
  /** SQL: the value as text, from alias t. */
  readonly read: string;
  /** SQL: about how many bytes that is, without reading what is stored out of line. */
  readonly size: string;
  decode(raw: string | null): Stored;
  /** What the characters of a decoded text stand for: of bytea one byte each. */
  readonly encoding: 'utf8' | 'latin1';
  /** The element of the parameter arrays for these texts. */
  encode(texts: readonly (string | null)[]): string;
  /** SQL type of the parameter arrays. */
  readonly parameter: string;
  /** SQL: the value is still `old` (an expression). */
  same(old: string): string;
  /** SQL: `base` (an expression for the whole column) with `old` replaced by `now`. */
  change(base: string, old: string, now: string): string;
  /** SQL: is the value (not NULL) empty or sealed as `prefix`? */
  settled(prefix: string): string;
  /** SQL: does one of its texts begin so? Over text, or a byte a character. */
  begins(marks: readonly string[]): string;
  /** SQL: its texts as text[]; bytea as hex digits, and as the text it may be. */
  readonly elements: string;
  /** SQL, documents only: the column without this value, to compare the rest. */
  without?(base: string): string;
  /** Characters the column (of an array: an element) holds at most. */
  readonly limit?: number | undefined;
}

type Shape = (value: string, type: string, limit: number | undefined) => FieldShape;

const shapes: Readonly<Record<string, Shape>> = {
  text: textField,
  varchar: textField,
  bytea: binaryField,
  _text: arrayField,
  _varchar: arrayField,
};

/** @throws ColumnDeclarationError for a type that cannot hold what is declared */
export function shapeOf(column: DeclaredColumn, { type, limit }: ColumnType): FieldShape {
  const value = `t.${quoteIdentifier(column.column)}`;
  const name = `${column.table}.${column.column}`;
  const bytes = bytesFormatOf(column);
  if (bytes !== undefined && type !== 'bytea') {
    throw new ColumnDeclarationError(name, `it is ${type}; ${bytes} is bytes, expected bytea`);
  }
  if (type === 'json' || type === 'jsonb') {
    if (column.path === undefined) {
      throw new ColumnDeclarationError(name, `it is ${type}; declare the path of the value inside`);
    }
    const path = quoteLiteral(`{${column.path.map(quotedElement).join(',')}}`);
    return documentField(type, value, `${path}::text[]`);
  }
  const shape = shapes[type];
  if (shape === undefined || column.path !== undefined) {
    throw new ColumnDeclarationError(
      name,
      `it is ${type}${column.path === undefined ? '' : ' with a path'}; expected text, varchar, bytea, text[] or varchar[], or a path in json or jsonb`,
    );
  }
  return shape(value, type, limit);
}

function bytesFormatOf({ format, accepts = [] }: DeclaredColumn): string | undefined {
  const names = [
    typeof format === 'string' ? format : format.name,
    ...accepts.map(({ name }) => name),
  ];
  return names.find((name) => name === 'qt1-bytes' || name === 'raw-bytes');
}

function quotedElement(part: string): string {
  return `"${part.replace(/[\\"]/g, '\\$&')}"`;
}
