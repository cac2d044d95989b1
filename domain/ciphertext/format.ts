/**
 * One way of writing a ciphertext: recognise it, open it, seal. Pure; keys and randomness are handed in.
 * Every byte of every format, and what a rotation does with it: docs/ciphertext-formats.md (normative).
 *
 * - *names its key*: the value says which key opens it, exactly that key is used
 * - *by trial*: the value does not say; the keys are tried, and only a tag or MAC that fits counts
 * - *announces itself*: it starts with a mark no other value has; such a value is never plaintext
 */
import type { Buffer } from 'node:buffer';
import type { CipherKey, KeyRing } from './keys.ts';

export const formatNames = [
  'qt1',
  'qt1-bytes',
  'raw',
  'raw-bytes',
  'colon-gcm',
  'colon-cbc',
  'json-gcm',
  'fernet',
  'cloak',
  'prefixed',
  'n8n-gcm',
] as const;
export type FormatName = (typeof formatNames)[number];

/**
 * What a ciphertext is bound to. `column` is the logical id of the configuration (it survives a rename of
 * table or column); a JSON path inside a document is part of it, an array index never is. Only qt1 binds:
 * the other formats take `none` and refuse the rest, so that nobody believes them bound.
 */
export type Binding =
  | { readonly profile: 'none' }
  | { readonly profile: 'column'; readonly column: string }
  | { readonly profile: 'row'; readonly column: string; readonly row: readonly PrimaryKeyPart[] };

export type Profile = Binding['profile'];

/**
 * One column of the primary key, in key order. Integers are written in decimal, uuids in lower case, text
 * as it is. The key must be known before INSERT and never change.
 */
export type PrimaryKeyPart = bigint | number | string | { readonly uuid: string };

/** Unpredictable bytes. */
export type RandomBytes = (bytes: number) => Uint8Array;

export interface SealOptions {
  /**
   * Seal a plaintext that is a ciphertext itself. A re-encryption sets it: what it seals came out of a
   * ciphertext, whatever it looks like. @default false: twice is once too often
   */
  nested?: boolean;
  /** When it is sealed; needed by Fernet, which writes it down (in seconds). */
  at?: Date;
}

export interface Opened {
  plaintext: Buffer;
  /** Of the key that opened it; for formats opened by trial nothing else tells. */
  kid: string;
}

export interface CiphertextFormat<Value extends string | Buffer> {
  readonly name: FormatName;
  /**
   * Does the value claim to be this format? Of a format that announces itself such a value is never
   * plaintext, even when it is damaged; of the others it is the shape alone, and only `open` knows.
   */
  recognise(value: Value): boolean;
  /**
   * @param binding of the configuration, never of the value
   * @throws MalformedCiphertextError, ProfileMismatchError, UnknownCiphertextKeyError, CiphertextRefusedError
   */
  open(value: Value, keys: KeyRing, binding: Binding): Opened;
  /** @throws SealRefusedError, ProfileMismatchError */
  seal(
    plaintext: Uint8Array,
    key: CipherKey,
    binding: Binding,
    random: RandomBytes,
    options?: SealOptions,
  ): Value;
  /** Absent: a value does not say which key it was sealed under. */
  readonly naming?: KeyNaming<Value>;
}

/** How the values of a format say which key they were sealed under. */
export interface KeyNaming<Value extends string | Buffer> {
  /** What the key is called in a value: its kid, or a fingerprint. */
  idOf(key: CipherKey): string;
  /** What a value calls its key; undefined: it is damaged where the name should be. */
  idIn(value: Value): string | undefined;
  /** How every value begins that is sealed under this key and profile, and no other: for counting in SQL. */
  startOf(key: CipherKey, profile: Profile): Value;
  /** A POSIX expression whose one group is that name, for SQL; of bytes over their hex digits. */
  readonly idPattern: string;
}

/** Formats of text columns, and of strings inside JSON documents and arrays. */
export interface TextFormat extends CiphertextFormat<string> {
  readonly form: 'text';
}

/** Formats of bytea columns. */
export interface BytesFormat extends CiphertextFormat<Buffer> {
  readonly form: 'bytes';
}
