/** One way of writing a ciphertext: recognise it, open it, seal. Pure; keys and randomness are handed in. */
import type { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';

/**
 * What a ciphertext is bound to. `column` is the logical id of the configuration (it survives a rename of
 * table or column); a JSON path inside a document is part of it, an array index never is.
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

export interface SealingKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The key with this kid if it may open: not for disabled keys and tombstones. */
export type KeyLookup = (kid: string) => KeyObject | undefined;

/** Unpredictable bytes. */
export type RandomBytes = (bytes: number) => Uint8Array;

export interface SealOptions {
  /** Seal a plaintext that is a ciphertext of this format itself. @default false: twice is once too often */
  nested?: boolean;
}

export interface CiphertextFormat {
  readonly name: string;
  /**
   * Does the text claim to be this format? Such a text is never plaintext, even when it is damaged.
   */
  recognise(text: string): boolean;
  /** @throws MalformedCiphertextError, ProfileMismatchError, UnknownCiphertextKeyError, CiphertextRefusedError */
  open(text: string, keys: KeyLookup, binding: Binding): Buffer;
  /** @throws SealRefusedError */
  seal(
    plaintext: Uint8Array,
    key: SealingKey,
    binding: Binding,
    random: RandomBytes,
    options?: SealOptions,
  ): string;
}
