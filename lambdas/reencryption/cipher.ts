/**
 * What the engine knows about ciphertext: how a stored text is told apart, opened and sealed, by what its column
 * declares. Bytes of a bytea column are handed over one character a byte (latin1).
 */
import type { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import { columnFormats } from '../../domain/ciphertext/column-formats.ts';
import type { Binding, KeyNaming, RandomBytes } from '../../domain/ciphertext/format.ts';
import { type CipherKey, KeyRing } from '../../domain/ciphertext/keys.ts';
import type { ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError, SelfCheckError } from './errors.ts';

export interface FieldCipher {
  /** target: sealed under the target key already; ciphertext: of a known format; other: of none. */
  classify(stored: string): 'target' | 'ciphertext' | 'other';
  /** The kid of the key the value names, where its format does. */
  kidOf(stored: string): string | undefined;
  /** @throws CiphertextError */
  open(stored: string, row: readonly string[]): Buffer;
  /** Sealed, opened again and compared. @throws SealRefusedError, SelfCheckError */
  seal(plaintext: Buffer, row: readonly string[]): string;
  /** How every value sealed under the target key begins: its count is plain SQL. */
  readonly targetPrefix: string;
  /** Under which the seals are counted: the column, or nothing where one key serves all columns. */
  readonly sealedAs: string;
  /** Of the formats whose values name their key: how, in SQL, and which kid a name stands for. */
  readonly namings: readonly KeyNaming<string>[];
}

export interface CipherKeys {
  readonly target: CipherKey;
  /** Every key that may open. Verification hands in the target alone. */
  readonly open: KeyRing;
  readonly random: RandomBytes;
}

export type Mode = 'online' | 'maintenance';
export type CipherOf = (column: ReencryptedColumn, keys: CipherKeys) => FieldCipher;

/**
 * The formats a column declares. Sealing writes `format`, bound as the column is; values of the formats it accepts
 * are bound to nothing. A value of any known format that fails to open is never taken for plaintext, and neither
 * is one that announces itself as a format the column does not accept.
 * @throws ColumnDeclarationError when two keys of the keyset have one name in the format that is written
 */
export const declaredCipher: CipherOf = (column, { target: key, open: keys, random }) => {
  const formats = columnFormats(column);
  const { writes, accepts } = formats;
  const targetPrefix = writes.naming.startOf(key, column.profile);
  const twin = keys.all.find(
    (other) =>
      other.kid !== key.kid && writes.naming.startOf(other, column.profile) === targetPrefix,
  );
  if (twin !== undefined) {
    throw new ColumnDeclarationError(
      column.id,
      `keys ${key.kid} and ${twin.kid} have one name in format ${writes.name}, so that nothing tells old rows from new ones; rotate once more, or write qt1`,
    );
  }
  const onlyTarget = new KeyRing([key]);
  const bind = bindingOf(column);
  return {
    targetPrefix,
    sealedAs: column.profile === 'none' ? '' : column.id,
    namings: [writes, ...accepts].flatMap(({ naming }) => naming ?? []),
    classify(stored) {
      if (stored.startsWith(targetPrefix)) {
        return 'target';
      }
      return formats.recognise(stored) === undefined ? 'other' : 'ciphertext';
    },
    kidOf: (stored) => formats.kidOf(stored, keys),
    open: (stored, row) => formats.open(stored, keys, bind(row)).plaintext,
    seal(plaintext, row) {
      const binding = bind(row);
      // What was opened may look like ciphertext: it is what the application stored, and stays sealed once.
      const sealed = writes.seal(plaintext, key, binding, random, { nested: true });
      const again = writes.open(sealed, onlyTarget, binding).plaintext;
      if (again.length !== plaintext.length || !timingSafeEqual(again, plaintext)) {
        throw new SelfCheckError(column.id);
      }
      again.fill(0);
      return sealed;
    },
  };
};

/** The same, of a job in this mode. @throws ColumnDeclarationError as `assertReadableIn`, too */
export const cipherIn =
  (mode: Mode): CipherOf =>
  (column, keys) => {
    assertReadableIn(mode, column);
    return declaredCipher(column, keys);
  };

/**
 * AES-CBC without a MAC opens under a wrong key once in 250 times, so that nothing but its looks tells whether a
 * value is one: nobody may write beside the rewriting. The configuration says so, too; here it is kept.
 * @throws ColumnDeclarationError
 */
export function assertReadableIn(mode: Mode, { id, accepts = [] }: ReencryptedColumn): void {
  if (mode === 'online' && accepts.some(({ name }) => name === 'colon-cbc')) {
    throw new ColumnDeclarationError(
      id,
      'it accepts colon-cbc and the job is online; expected mode maintenance, for values without a MAC prove nothing while others write; set reencryption.mode, deploy',
    );
  }
}

/** PostgreSQL writes integers in decimal and uuids in lower case, which is their canonical form. */
function bindingOf({ id, profile }: ReencryptedColumn): (row: readonly string[]) => Binding {
  if (profile === 'row') {
    return (row) => ({ profile, column: id, row });
  }
  const constant: Binding = profile === 'none' ? { profile } : { profile, column: id };
  return () => constant;
}
