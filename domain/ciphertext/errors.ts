/**
 * What can go wrong with a ciphertext. Messages name format, kid and profile, never bytes of either text;
 * and everything a changed ciphertext can end in has one message per format, so that it says nothing to
 * whoever sends changed ciphertexts to learn from the answers.
 */
export abstract class CiphertextError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** It claims to be this format and is not: damaged, cut, or written by somebody else. Never plaintext. */
export class MalformedCiphertextError extends CiphertextError {
  override readonly name = 'MalformedCiphertextError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_MALFORMED';
}

/** It announces itself as ciphertext of a format that its column is not declared to hold. Never plaintext. */
export class UndeclaredFormatError extends CiphertextError {
  override readonly name = 'UndeclaredFormatError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_UNDECLARED';
  constructor(found: string) {
    super(
      `The value begins as ${found}, which its column does not accept; declare the format, or find out who writes it.`,
    );
  }
}

/** Bound to something else than the reader is configured for. */
export class ProfileMismatchError extends CiphertextError {
  override readonly name = 'ProfileMismatchError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_PROFILE';
}

/** Sealed under a key that the keyset does not hold, or holds no longer. */
export class UnknownCiphertextKeyError extends CiphertextError {
  override readonly name = 'UnknownCiphertextKeyError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN';
  /** As the value names it: a kid, or the fingerprint of its format. */
  readonly kid: string;
  constructor(kid: string) {
    super(
      `No key with kid ${kid} may open this ciphertext; refresh the keyset, then look for the kid in dated versions.`,
    );
    this.kid = kid;
  }
}

/** Sealed under a key that every declared store was proven to hold nothing of: something was not declared. */
export class DisabledKeyError extends CiphertextError {
  override readonly name = 'DisabledKeyError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_KEY_DISABLED';
  readonly kid: string;
  constructor(kid: string) {
    super(
      `Key ${kid} is disabled and opens nothing; expected no ciphertext under it. Its bytes are still in the keyset, until it is pruned: find out where this value came from, and declare that store, before the next rotation.`,
    );
    this.kid = kid;
  }
}

/** The tag does not fit: another key, another column or row, or changed bytes. */
export class CiphertextRefusedError extends CiphertextError {
  override readonly name = 'CiphertextRefusedError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_REFUSED';
}

/** What should be sealed, or where it should stand, cannot be sealed. */
export class SealRefusedError extends CiphertextError {
  override readonly name = 'SealRefusedError';
  readonly code = 'ERR_ROTATION_SEAL_REFUSED';
}

/** A format was described in a way that no value can be read by, or that another format's values fit. */
export class InvalidFormatSettingsError extends CiphertextError {
  override readonly name = 'InvalidFormatSettingsError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_FORMAT';
}
