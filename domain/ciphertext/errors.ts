/** What can go wrong with a ciphertext. Messages name format, kid and profile, never bytes of either text. */
export abstract class CiphertextError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** It claims to be this format and is not: damaged, cut, or written by somebody else. Never plaintext. */
export class MalformedCiphertextError extends CiphertextError {
  override readonly name = 'MalformedCiphertextError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_MALFORMED';
}

/** Bound to something else than the reader is configured for. */
export class ProfileMismatchError extends CiphertextError {
  override readonly name = 'ProfileMismatchError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_PROFILE';
}

/** Sealed under a kid that the keyset does not hold, or holds no longer. */
export class UnknownCiphertextKeyError extends CiphertextError {
  override readonly name = 'UnknownCiphertextKeyError';
  readonly code = 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN';
  readonly kid: string;
  constructor(kid: string) {
    super(
      `No key with kid ${kid} may open this ciphertext; refresh the keyset, then look for the kid in dated versions.`,
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
