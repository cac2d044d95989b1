import { ClientError } from '../errors.ts';

/** The secret holds one key without a kid, and the column names no format that can be sealed so. */
export class KeysetMissingError extends ClientError {
  override readonly name = 'KeysetMissingError';
  readonly code = 'ERR_ROTATION_KEYSET_MISSING';
  constructor(column: string, format: string) {
    super(
      `Column ${column} seals in ${format}, which needs a key with a kid; the secret has none before its first rotation. Give beforeKeyset, or make the first rotation.`,
    );
  }
}

/** What was sealed is no UTF-8; a text made of it would be another one. */
export class PlaintextNotTextError extends ClientError {
  override readonly name = 'PlaintextNotTextError';
  readonly code = 'ERR_ROTATION_PLAINTEXT_NOT_TEXT';
  constructor(column: string) {
    super(`A value of column ${column} is no UTF-8; read it with decryptBytes.`);
  }
}

/** The column is not one of those the cipher was given. */
export class UnknownColumnError extends ClientError {
  override readonly name = 'UnknownColumnError';
  readonly code = 'ERR_ROTATION_COLUMN_UNKNOWN';
  constructor(column: string, known: readonly string[]) {
    super(`There is no column ${column}; declared are ${known.join(', ') || 'none'}.`);
  }
}

/** The column is bound to its rows, and which row it is cannot be told here. */
export class RowUnknownError extends ClientError {
  override readonly name = 'RowUnknownError';
  readonly code = 'ERR_ROTATION_ROW_UNKNOWN';
  constructor(column: string, finding: string) {
    super(`Column ${column} is bound to its rows (profile row), and ${finding}.`);
  }
}

/** What is to be written is not known to this process, so that it cannot be sealed here. */
export class NotSealableError extends ClientError {
  override readonly name = 'NotSealableError';
  readonly code = 'ERR_ROTATION_NOT_SEALABLE';
  constructor(column: string, finding: string) {
    super(`Column ${column} is encrypted, and ${finding}; give the value itself.`);
  }
}
