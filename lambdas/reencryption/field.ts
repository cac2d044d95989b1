/** One declared column of one leaf: how it is read and set in SQL, and how it is opened and sealed. */
import { type FieldShape, shapeOf } from '../../doors/postgres/fields/shape.ts';
import { quoteIdentifier } from '../../doors/postgres/identifiers.ts';
import type { ColumnType } from '../../doors/postgres/leaves.ts';
import type { FieldCipher } from './cipher.ts';
import type { ReencryptedColumn } from './column.ts';

export type { FieldShape, Stored } from '../../doors/postgres/fields/shape.ts';

export interface Field extends FieldShape {
  readonly column: ReencryptedColumn;
  readonly cipher: FieldCipher;
  /** The column of the table, quoted. */
  readonly target: string;
}

/** @throws ColumnDeclarationError for a type that cannot hold what is declared */
export function fieldOf(column: ReencryptedColumn, found: ColumnType, cipher: FieldCipher): Field {
  return { column, cipher, target: quoteIdentifier(column.column), ...shapeOf(column, found) };
}
