/**
 * Why a token is refused. For logs and metrics: to whoever sent it, all of them are one 401. None of the messages
 * holds a part of the token, save a kid that the keyset knows.
 */
import { ClientError } from '../errors.ts';

export abstract class TokenRefusedError extends ClientError {
  /** What Fastify and Express answer when nobody handles it. */
  readonly statusCode = 401;
}

/** It is no compact JWS with a header this client understands (RFC 7515 section 7.1). */
export class MalformedTokenError extends TokenRefusedError {
  override readonly name = 'MalformedTokenError';
  readonly code = 'ERR_ROTATION_TOKEN_MALFORMED';
}

/** Its `alg` is another than the keyset's one (RFC 8725 section 3.1). */
export class TokenAlgorithmError extends TokenRefusedError {
  override readonly name = 'TokenAlgorithmError';
  readonly code = 'ERR_ROTATION_TOKEN_ALGORITHM';
  constructor(expected: string) {
    super(`The token is not signed with ${expected}, which is the one algorithm of this keyset.`);
  }
}

/** No key of the keyset has its kid, also after reading the secret again. */
export class UnknownTokenKeyError extends TokenRefusedError {
  override readonly name = 'UnknownTokenKeyError';
  readonly code = 'ERR_ROTATION_TOKEN_KEY_UNKNOWN';
  constructor() {
    super(
      'No key of the keyset has the kid of this token: it was signed elsewhere, or with a key that is younger than the last read.',
    );
  }
}

/** It names no key, and such tokens are not accepted here. */
export class TokenWithoutKeyError extends TokenRefusedError {
  override readonly name = 'TokenWithoutKeyError';
  readonly code = 'ERR_ROTATION_TOKEN_WITHOUT_KEY';
}

/** Its key was revoked. */
export class RevokedTokenKeyError extends TokenRefusedError {
  override readonly name = 'RevokedTokenKeyError';
  readonly code = 'ERR_ROTATION_TOKEN_KEY_REVOKED';
  readonly kid: string;
  constructor(kid: string) {
    super(`Key ${kid} is revoked; its tokens are refused whatever their age.`);
    this.kid = kid;
  }
}

/** Every token signed with its key has ended by now; this one claims to live longer. */
export class ExpiredTokenKeyError extends TokenRefusedError {
  override readonly name = 'ExpiredTokenKeyError';
  readonly code = 'ERR_ROTATION_TOKEN_KEY_EXPIRED';
  readonly kid: string;
  constructor(kid: string) {
    super(
      `Tokens of key ${kid} are accepted no longer (acceptUntil): the longest token life has passed since it signed last.`,
    );
    this.kid = kid;
  }
}

/** The signature does not fit. */
export class TokenSignatureError extends TokenRefusedError {
  override readonly name = 'TokenSignatureError';
  readonly code = 'ERR_ROTATION_TOKEN_SIGNATURE';
  constructor() {
    super('The signature of the token does not fit: it was changed, or signed with another key.');
  }
}

/** Signed as it should be, and not to be accepted: its time, issuer, audience or type is another. */
export class TokenClaimsError extends TokenRefusedError {
  override readonly name = 'TokenClaimsError';
  readonly code = 'ERR_ROTATION_TOKEN_CLAIMS';
  /** Its name, e.g. `exp`. */
  readonly claim: string;
  constructor(claim: string, finding: string) {
    super(`The token is refused: ${claim} ${finding}.`);
    this.claim = claim;
  }
}
