/** One declared column over one version of the keys: what it writes, what it reads. Pure but for its nonces. */
import { Buffer, isUtf8 } from 'node:buffer';
import {
  type AcceptedFormat,
  type ColumnFormats,
  columnFormats,
  type WrittenFormat,
} from '../../domain/ciphertext/column-formats.ts';
import type {
  Binding,
  BytesFormat,
  PrimaryKeyPart,
  Profile,
  RandomBytes,
  TextFormat,
} from '../../domain/ciphertext/format.ts';
import type { CipherKey } from '../../domain/ciphertext/keys.ts';
import type { SealCounter } from '../../domain/ciphertext/nonces.ts';
import { type FormatSettings, formatFacts, formatOf } from '../../domain/ciphertext/registry.ts';
import { ClientSettingsError } from '../errors.ts';
import { KeysetMissingError, PlaintextNotTextError } from './errors.ts';
import type { FieldKeys } from './field-keys.ts';

/** As the column stands in rotation.config.ts; both have to say the same. */
export interface ColumnSettings {
  /** What a value is bound to: nothing, its column, or its column and row. */
  readonly profile: Profile;
  /** What is written. `qt1-bytes`: the column is bytea. @default 'qt1' */
  readonly format?: WrittenFormat;
  /** Older formats that are still present; they are opened, never written. */
  readonly accepts?: readonly AcceptedFormat[];
  /**
   * A value that is of no known format: `refuse`, or `pass` it on as the plaintext it is, while a re-encryption
   * seals a column that was in plaintext (`plaintext: 'seal'` there). @default 'refuse'
   */
  readonly plaintext?: 'refuse' | 'pass';
  /** What is written while the secret holds one key and no keyset yet; one of the older formats. */
  readonly beforeKeyset?: FormatSettings;
}

/** The primary key of the row, in key order; for profile row only. */
export type Row = readonly PrimaryKeyPart[];

export class Column {
  readonly id: string;
  readonly form: 'text' | 'bytes';
  readonly profile: Profile;
  readonly #formats: ColumnFormats;
  readonly #before: TextFormat | BytesFormat | undefined;
  readonly #passesPlaintext: boolean;
  readonly #seals: SealCounter;
  /** Of every value; undefined: each row has its own. */
  readonly #everywhere: Binding | undefined;

  /** @throws ClientSettingsError, InvalidFormatSettingsError */
  constructor(id: string, settings: ColumnSettings, seals: SealCounter) {
    const { format = 'qt1', accepts, profile, plaintext = 'refuse', beforeKeyset } = settings;
    const written = typeof format === 'string' ? format : format.name;
    const { form } = formatFacts[written];
    if (!/^[a-z0-9_]+(\.[a-z0-9_]+)+$/.test(id)) {
      throw new ClientSettingsError(
        `A column id is a logical name such as "patients.ssn"; found one of ${id.length} characters that is not.`,
      );
    }
    if (profile !== 'none' && written !== 'qt1' && written !== 'qt1-bytes') {
      throw new ClientSettingsError(
        `Column ${id} writes ${written}, which binds to nothing; its profile is none, or its format qt1.`,
      );
    }
    const before = beforeKeyset && formatOf(beforeKeyset);
    if (before && (before.form !== form || !formatFacts[before.name].maySeal)) {
      throw new ClientSettingsError(
        `Column ${id} cannot write ${before.name} before its keyset: it is not authenticated, or of another type of column.`,
      );
    }
    this.id = id;
    this.form = form;
    this.profile = profile;
    this.#formats = columnFormats({ format, accepts });
    this.#before = before;
    this.#passesPlaintext = plaintext === 'pass';
    this.#seals = seals;
    this.#everywhere = profile === 'row' ? undefined : this.#bindingOf(undefined);
  }

  /** @throws SealRefusedError, KeysetMissingError, ClientSettingsError */
  seal(
    plaintext: string | Uint8Array,
    keys: FieldKeys,
    row: Row | undefined,
    random: RandomBytes,
    at: Date,
  ): string {
    const binding = this.#bound(row);
    const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
    const { primary, only } = keys;
    if (primary !== undefined) {
      this.#seals.count(primary.kid, binding);
      return this.#formats.writes.seal(bytes, primary, binding, random, { at });
    }
    const before = this.#before;
    if (before === undefined) {
      throw new KeysetMissingError(this.id, this.#formats.writes.name);
    }
    const sealed = before.seal(bytes, only as CipherKey, { profile: 'none' }, random, { at });
    return typeof sealed === 'string' ? sealed : sealed.toString('latin1');
  }

  /** @throws CiphertextError, ClientSettingsError */
  open(stored: string, keys: FieldKeys, row: Row | undefined): Buffer {
    const binding = this.#bound(row);
    if (this.#passesPlaintext && this.#formats.recognise(stored) === undefined) {
      return Buffer.from(stored, this.form === 'bytes' ? 'latin1' : 'utf8');
    }
    return this.#formats.open(stored, keys.ring, binding).plaintext;
  }

  /** @throws PlaintextNotTextError */
  text(plaintext: Buffer): string {
    if (!isUtf8(plaintext)) {
      throw new PlaintextNotTextError(this.id);
    }
    return plaintext.toString('utf8');
  }

  /**
   * Is it anything else than what would be written now: an older format, an older key, another profile? Looks at
   * how the value begins, opens nothing. Without a keyset nothing needs one.
   */
  needsRotation(stored: string, { primary }: FieldKeys): boolean {
    return (
      primary !== undefined &&
      !stored.startsWith(this.#formats.writes.naming.startOf(primary, this.profile))
    );
  }

  /** The kid a value names; undefined: it names none. */
  kidOf(stored: string, { ring }: FieldKeys): string | undefined {
    return this.#formats.kidOf(stored, ring);
  }

  #bound(row: Row | undefined): Binding {
    return (row === undefined ? this.#everywhere : undefined) ?? this.#bindingOf(row);
  }

  /** @throws ClientSettingsError when a row is missing, or given to a column that is not bound to rows */
  #bindingOf(row: Row | undefined): Binding {
    const profile = this.profile;
    if ((row !== undefined) !== (profile === 'row')) {
      throw new ClientSettingsError(
        profile === 'row'
          ? `Column ${this.id} is bound to its rows; expected the primary key of the row.`
          : `Column ${this.id} has profile ${profile}; a row would bind nothing. Leave it out.`,
      );
    }
    switch (profile) {
      case 'row':
        return { profile, column: this.id, row: row as Row };
      case 'column':
        return { profile, column: this.id };
      case 'none':
        return { profile };
    }
  }
}
