/**
 * One declared column of one leaf, in SQL: how it is read, compared and set. Documents and arrays are
 * changed on the server and never travel through JavaScript: JSON.parse would turn 0.10 into 0.1 and
 * 12345678901234567890 into 12345678901234567000 in fields beside the ciphertext.
 */
import { quoteIdentifier, quoteLiteral } from '../../doors/postgres/identifiers.ts';
import type { FieldCipher } from './cipher.ts';
import type { ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError } from './errors.ts';
import { arrayField } from './fields/array.ts';
import { documentField } from './fields/document.ts';
import { binaryField, textField } from './fields/scalar.ts';

/** What the engine reads of one place: nothing, texts that may be ciphertext, or something else altogether. */
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
  /** SQL, documents only: the column without this value, to compare the rest. */
  without?(base: string): string;
  /** Characters the column holds at most. */
  readonly limit?: number | undefined;
}

export interface Field extends FieldShape {
  readonly column: ReencryptedColumn;
  readonly cipher: FieldCipher;
  /** The column of the table, quoted. */
  readonly target: string;
}

type Shape = (value: string, type: string, limit: number | undefined) => FieldShape;

const shapes: Readonly<Record<string, Shape>> = {
  text: textField,
  varchar: textField,
  bytea: binaryField,
  _text: arrayField,
  _varchar: arrayField,
};

/** @throws ColumnDeclarationError for a type that cannot hold ciphertext */
export function fieldOf(
  column: ReencryptedColumn,
  found: { type: string; limit: number | undefined },
  cipher: FieldCipher,
): Field {
  const target = quoteIdentifier(column.column);
  const { type, limit } = found;
  const name = `${column.table}.${column.column}`;
  if (type === 'json' || type === 'jsonb') {
    if (column.path === undefined) {
      throw new ColumnDeclarationError(name, `it is ${type}; declare the path of the value inside`);
    }
    const path = quoteLiteral(`{${column.path.map(quotedElement).join(',')}}`);
    return { column, cipher, target, ...documentField(type, `t.${target}`, `${path}::text[]`) };
  }
  const shape = shapes[type];
  if (shape === undefined || column.path !== undefined) {
    throw new ColumnDeclarationError(
      name,
      `it is ${type}${column.path === undefined ? '' : ' with a path'}; expected text, varchar, bytea, text[] or varchar[], or a path in json or jsonb`,
    );
  }
  return { column, cipher, target, ...shape(`t.${target}`, type, limit) };
}

function quotedElement(part: string): string {
  return `"${part.replace(/[\\"]/g, '\\$&')}"`;
}
