/** The registered claims a verifier looks at (RFC 7519 section 4.1); everything else is the application's. */
import { Buffer } from 'node:buffer';
import { ClientSettingsError } from '../errors.ts';
import { headerOf, type TokenParts } from './compact-token.ts';
import { MalformedTokenError, TokenClaimsError } from './errors.ts';

export interface Claims {
  readonly [name: string]: unknown;
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** Seconds since 1970, as `nbf` and `iat`. */
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
}

export interface ClaimsPolicy {
  /** What `iss` has to be. */
  readonly issuer?: string;
  /** What `aud` has to be, or to hold. */
  readonly audience?: string;
  /** What `typ` in the header has to be, e.g. `at+jwt` (RFC 8725 section 3.11). */
  readonly typ?: string;
  /** By how much the clocks of signer and verifier may differ, in seconds, 300 at most. @default 30 */
  readonly leeway?: number;
  /** Accept tokens that never end. They outlive the key that signed them by nothing: see acceptUntil. @default false */
  readonly withoutExpiry?: boolean;
}

const defaultLeeway = 30;
const maximumLeeway = 300;

/** @throws ClientSettingsError */
export function checkedPolicy(policy: ClaimsPolicy): ClaimsPolicy {
  const { leeway = defaultLeeway } = policy;
  if (!(leeway >= 0 && leeway <= maximumLeeway)) {
    throw new ClientSettingsError(`leeway is ${leeway}; expected 0 to ${maximumLeeway} seconds.`);
  }
  return { ...policy, leeway };
}

/**
 * Of a token whose signature was checked.
 * @throws MalformedTokenError, TokenClaimsError
 */
export function checkedClaims(parts: TokenParts, policy: ClaimsPolicy, now: Date): Claims {
  const claims = parsed(parts.payload);
  const seconds = now.getTime() / 1000;
  const { leeway = defaultLeeway, issuer, audience, typ, withoutExpiry = false } = policy;
  const exp = instant(claims, 'exp');
  const nbf = instant(claims, 'nbf');
  instant(claims, 'iat');
  if (exp === undefined && !withoutExpiry) {
    throw new TokenClaimsError('exp', 'is missing; a token has to end');
  }
  if (exp !== undefined && seconds >= exp + leeway) {
    throw new TokenClaimsError('exp', 'is in the past');
  }
  if (nbf !== undefined && seconds < nbf - leeway) {
    throw new TokenClaimsError('nbf', 'is in the future');
  }
  if (issuer !== undefined && claims.iss !== issuer) {
    throw new TokenClaimsError('iss', 'is another than the expected issuer');
  }
  if (audience !== undefined && !isFor(claims.aud, audience)) {
    throw new TokenClaimsError('aud', 'does not name the expected audience');
  }
  if (typ !== undefined && mediaType(headerOf(parts.protected).typ) !== mediaType(typ)) {
    throw new TokenClaimsError('typ', 'is another than the expected type');
  }
  return claims;
}

function parsed(payload: string): Claims {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    // The message of JSON.parse quotes what it could not read.
    throw new MalformedTokenError('The payload of the token is no JSON.');
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw new MalformedTokenError('The payload of the token is no JSON object.');
  }
  return claims as Claims;
}

function instant(claims: Claims, name: 'exp' | 'nbf' | 'iat'): number | undefined {
  const value = claims[name];
  if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value))) {
    throw new TokenClaimsError(name, 'is no number of seconds');
  }
  return value;
}

function isFor(aud: unknown, audience: string): boolean {
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}

/** RFC 7515 section 4.1.9: case does not matter, `application/` may be left out. */
function mediaType(typ: string | undefined): string | undefined {
  return typ?.toLowerCase().replace(/^application\//, '');
}
