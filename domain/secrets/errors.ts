/**
 * Errors of stored values. A message names what was found by place, kid and state, what was expected and
 * what to do; it never contains a key, a value or the name of an unknown member (which may be a value
 * pasted in the wrong place).
 */
export abstract class SecretValueError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** The stored text is not a value of this kind: broken JSON, wrong shape, wrong size, wrong encoding. */
export class InvalidSecretValueError extends SecretValueError {
  override readonly name = 'InvalidSecretValueError';
  readonly code = 'ERR_ROTATION_SECRET_INVALID';
  /** `finding`: what is wrong; `remedy`: what to do, where it is not the usual. */
  constructor(finding: string, remedy = restore) {
    super(remedy === '' ? finding : `${finding} ${remedy}`);
  }
}

const restore =
  'Nothing was changed: correct the value of this version, or restore it from AWSPREVIOUS or a dated version.';

/** The keyset cannot go where it was asked to: a state does not allow it, or a key is barred. */
export class TransitionRefusedError extends SecretValueError {
  override readonly name = 'TransitionRefusedError';
  readonly code = 'ERR_ROTATION_TRANSITION_REFUSED';
}

/** AWSCURRENT does not hold every key that this secret once held. */
export class KeysetLostError extends SecretValueError {
  override readonly name = 'KeysetLostError';
  readonly code = 'ERR_ROTATION_KEYSET_LOST';
}

/** A kid was met twice, or a new key has the kid of one that was there before. */
export class KidCollisionError extends SecretValueError {
  override readonly name = 'KidCollisionError';
  readonly code = 'ERR_ROTATION_KID_COLLISION';
}

/** The next value would not fit. */
export class ValueTooLargeError extends SecretValueError {
  override readonly name = 'ValueTooLargeError';
  readonly code = 'ERR_ROTATION_VALUE_TOO_LARGE';
}

/** The value is one that developers put into example files, not a secret. */
export class DevelopmentFallbackError extends SecretValueError {
  override readonly name = 'DevelopmentFallbackError';
  readonly code = 'ERR_ROTATION_DEVELOPMENT_FALLBACK';
}
