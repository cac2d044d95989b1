/**
 * What the engine knows about ciphertext: how a stored text is told apart, opened and sealed. Which formats
 * they are is decided here once. Bytes of a bytea column are handed over one character a byte (latin1).
 */
import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import { CiphertextError, MalformedCiphertextError } from '../../domain/ciphertext/errors.ts';
import type {
  Binding,
  BytesFormat,
  RandomBytes,
  TextFormat,
} from '../../domain/ciphertext/format.ts';
import { type CipherKey, KeyRing } from '../../domain/ciphertext/keys.ts';
import type { ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError, SelfCheckError } from './errors.ts';

export interface FieldCipher {
  /** target: sealed under the target key already; ciphertext: of a known format; other: of none. */
  classify(stored: string): 'target' | 'ciphertext' | 'other';
  /** The key the value names, where its format does. */
  kidOf(stored: string): string | undefined;
  /** @throws CiphertextError */
  open(stored: string, row: readonly string[]): Buffer;
  /** Sealed, opened again and compared. @throws SealRefusedError, SelfCheckError */
  seal(plaintext: Buffer, row: readonly string[]): string;
  /** How every value sealed under the target key begins: its count is plain SQL. */
  readonly targetPrefix: string;
  /** Under which the seals are counted: the column, or nothing where one key serves all columns. */
  readonly sealedAs: string;
}

export interface CipherKeys {
  readonly target: CipherKey;
  /** Every key that may open. Verification hands in the target alone. */
  readonly open: KeyRing;
  readonly random: RandomBytes;
}

export type CipherOf = (column: ReencryptedColumn, keys: CipherKeys) => FieldCipher;

/**
 * `target`: what is written; must name its key, or no count would tell old rows from new ones.
 * `known`: every format a value may be in, none of which is ever taken for plaintext.
 */
export function cipherOf(
  target: TextFormat | BytesFormat,
  known: readonly (TextFormat | BytesFormat)[] = [target],
): CipherOf {
  const writes = asText(target);
  const reads = known.map(asText);
  const { naming } = writes;
  return (column, { target: key, open: keys, random }) => {
    if (naming === undefined) {
      throw new ColumnDeclarationError(
        column.id,
        `format ${target.name} does not name its key; it can be read, and is rewritten as qt1`,
      );
    }
    const targetPrefix = naming.startOf(key, column.profile);
    const onlyTarget = new KeyRing([key]);
    const bind = bindingOf(column);
    return {
      targetPrefix,
      sealedAs: column.profile === 'none' ? '' : column.id,
      classify(stored) {
        if (stored.startsWith(targetPrefix)) {
          return 'target';
        }
        return reads.some((format) => format.recognise(stored)) ? 'ciphertext' : 'other';
      },
      kidOf: (stored) => reads.find((format) => format.recognise(stored))?.naming?.idIn(stored),
      open(stored, row) {
        const binding = bind(row);
        let refused: unknown;
        for (const format of reads) {
          if (format.recognise(stored)) {
            try {
              return format.open(stored, keys, binding).plaintext;
            } catch (error) {
              if (!(error instanceof CiphertextError)) {
                throw error;
              }
              refused = error;
            }
          }
        }
        // An error costs more than a cipher: none is made before it is needed.
        throw refused ?? new MalformedCiphertextError('The value is of none of the known formats.');
      },
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
}

type AsText = Omit<TextFormat, 'form'>;

function asText(format: TextFormat | BytesFormat): AsText {
  if (format.form === 'text') {
    return format;
  }
  const bytes = (stored: string) => Buffer.from(stored, 'latin1');
  const { naming } = format;
  return {
    name: format.name,
    recognise: (stored) => format.recognise(bytes(stored)),
    open: (stored, keys, binding) => format.open(bytes(stored), keys, binding),
    seal: (plaintext, key, binding, random, options) =>
      format.seal(plaintext, key, binding, random, options).toString('latin1'),
    ...(naming && {
      naming: {
        idOf: (key) => naming.idOf(key),
        idIn: (stored) => naming.idIn(bytes(stored)),
        startOf: (key, profile) => naming.startOf(key, profile).toString('latin1'),
      },
    }),
  };
}

/** PostgreSQL writes integers in decimal and uuids in lower case, which is their canonical form. */
function bindingOf({ id, profile }: ReencryptedColumn): (row: readonly string[]) => Binding {
  if (profile === 'row') {
    return (row) => ({ profile, column: id, row });
  }
  const constant: Binding = profile === 'none' ? { profile } : { profile, column: id };
  return () => constant;
}
