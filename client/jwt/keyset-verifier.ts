/** Verifies tokens with the keys of a jwt secret while it rotates. */

import { kidPattern } from '../../domain/secrets/kid.ts';
import type { SecretCache } from '../secret-cache.ts';
import { type System, system } from '../system.ts';
import { type Claims, type ClaimsPolicy, checkedClaims, checkedPolicy } from './claims.ts';
import { headerOf, partsOf, type TokenParts } from './compact-token.ts';
import {
  ExpiredTokenKeyError,
  RevokedTokenKeyError,
  TokenAlgorithmError,
  TokenSignatureError,
  TokenWithoutKeyError,
  UnknownTokenKeyError,
} from './errors.ts';
import { isSignedWith, type TokenKey, type TokenKeys } from './token-keys.ts';

export interface KeysetVerifierOptions extends ClaimsPolicy {
  /**
   * Tokens without a kid: from before the first rotation, or of a signer that knows one variable only. `accept`
   * tries the primary key, then earlier ones. @default 'accept'
   */
  readonly withoutKid?: 'accept' | 'refuse';
  readonly system?: Pick<System, 'now'>;
}

/** More headers than a fleet has signers and types; what is above it is read each time. */
const rememberedHeaders = 64;

/**
 * Finds the key of a token and checks the signature. A kid picks exactly one key, by a look into a map; a kid that
 * is not there is looked for again after one read of the secret, at most one a `cooldown` for all tokens together.
 * Makes no call to AWS otherwise.
 */
export class KeysetVerifier {
  /**
   * How long after a revocation tokens of the revoked key may still be accepted here, in milliseconds: maxAge +
   * staleFor of the cache. Infinity when the value was injected: then until this process ends.
   */
  readonly revocationBound: number;
  readonly #cache: SecretCache<TokenKeys>;
  readonly #acceptWithoutKid: boolean;
  readonly #policy: ClaimsPolicy;
  readonly #system: Pick<System, 'now'>;

  /** @throws ClientSettingsError */
  constructor(cache: SecretCache<TokenKeys>, options: KeysetVerifierOptions = {}) {
    this.#cache = cache;
    this.#acceptWithoutKid = options.withoutKid !== 'refuse';
    this.#policy = checkedPolicy(options);
    this.#system = options.system ?? system;
    this.revocationBound = cache.maximumAge;
  }

  /**
   * The claims of a token whose signature fits and whose time, issuer, audience and type are the expected ones.
   * @throws TokenRefusedError answer 401, whichever it is
   * @throws SecretUnavailableError, StaleSecretError: the keys cannot be had; answer 503
   */
  async verify(token: string): Promise<Claims> {
    const parts = partsOf(token);
    return this.#claims(parts, this.#atHand(parts) ?? (await this.#key(parts)));
  }

  /** As `verify`, with the keys at hand: a key that is unknown is refused, and read behind the answer. */
  verifyNow(token: string): Claims {
    const parts = partsOf(token);
    return this.#claims(parts, this.#keyNow(parts));
  }

  /**
   * The one key a token has to be verified with, for another library to verify it. That library must be told the
   * key's `alg` as the only one allowed. Of a token without kid the signature is checked here to find its key.
   * @param token compact, or its three parts
   * @throws TokenRefusedError, SecretUnavailableError, StaleSecretError
   */
  async keyFor(token: string | TokenParts): Promise<TokenKey> {
    const parts = typeof token === 'string' ? partsOf(token) : token;
    return this.#atHand(parts) ?? this.#key(parts);
  }

  /**
   * As `keyFor`, when finding it takes no waiting, as it nearly always does; undefined: ask `keyFor`. For hot paths.
   * @throws TokenRefusedError
   */
  keyAtHand(token: string | TokenParts): TokenKey | undefined {
    return this.#atHand(typeof token === 'string' ? partsOf(token) : token);
  }

  /** As `keyFor`, with the keys at hand. @throws SecretNotReadyError before the first read */
  keyForNow(token: string | TokenParts): TokenKey {
    return this.#keyNow(typeof token === 'string' ? partsOf(token) : token);
  }

  /** Reads the keys, so that `verifyNow` and `keyForNow` have some. */
  async ready(): Promise<void> {
    await this.#cache.get();
  }

  #claims(parts: TokenParts, key: TokenKey): Claims {
    if (!isSignedWith(key, parts)) {
      throw new TokenSignatureError();
    }
    return checkedClaims(parts, this.#policy, this.#system.now());
  }

  /** The key, when finding it takes no waiting: nearly always. */
  #atHand(parts: TokenParts): TokenKey | undefined {
    const known = this.#cache.young()?.value.headers.get(parts.protected);
    return known && this.#accepted(known);
  }

  async #key(parts: TokenParts): Promise<TokenKey> {
    const held = await this.#cache.get();
    const found = this.#find(held.value, parts);
    if (typeof found === 'object') {
      return found;
    }
    const read = await this.#cache.refreshNow(found);
    const again = read.value === held.value ? found : this.#find(read.value, parts);
    return typeof again === 'object' ? again : (named(again, read.value) ?? refuse(again));
  }

  #keyNow(parts: TokenParts): TokenKey {
    const { value: keys } = this.#cache.current();
    const found = this.#find(keys, parts);
    if (typeof found === 'object') {
      return found;
    }
    this.#cache.refreshNow(found).catch(() => undefined);
    return named(found, keys) ?? refuse(found);
  }

  /** The key; or why a newer keyset might have one. @throws TokenRefusedError when none could */
  #find(keys: TokenKeys, parts: TokenParts): TokenKey | 'unknown kid' | 'unknown signature' {
    const known = keys.headers.get(parts.protected);
    if (known !== undefined) {
      return this.#accepted(known);
    }
    const { alg, kid } = headerOf(parts.protected);
    if (alg !== keys.alg) {
      throw new TokenAlgorithmError(keys.alg);
    }
    if (kid === undefined) {
      return this.#byTrial(keys, parts);
    }
    const named = keys.byKid.get(kid);
    if (named === 'revoked') {
      throw new RevokedTokenKeyError(kid);
    }
    if (named === undefined) {
      // What no keyset can hold is not worth a read.
      return kidPattern.test(kid) ? 'unknown kid' : refuse('unknown kid');
    }
    if (keys.headers.size < rememberedHeaders) {
      keys.headers.set(parts.protected, named);
    }
    return this.#accepted(named);
  }

  #accepted(key: TokenKey): TokenKey {
    if (this.#isOver(key)) {
      throw new ExpiredTokenKeyError(key.kid ?? '');
    }
    return key;
  }

  /** Only a signature that does not fit leads to the next key; what else is wrong with a token stays wrong. */
  #byTrial(keys: TokenKeys, parts: TokenParts): TokenKey | 'unknown signature' {
    if (!this.#acceptWithoutKid) {
      throw new TokenWithoutKeyError(
        'The token has no kid, and this verifier accepts none without (withoutKid: refuse).',
      );
    }
    const fits = keys.inOrder.find((key) => !this.#isOver(key) && isSignedWith(key, parts));
    return fits ?? 'unknown signature';
  }

  #isOver({ acceptUntil }: TokenKey): boolean {
    return acceptUntil !== Number.POSITIVE_INFINITY && this.#system.now().getTime() >= acceptUntil;
  }
}

/**
 * The first rotation of an adopted secret gives its key a kid, and signers that know it write it, while others
 * still hold the key without one. Whether it is that key, the signature says.
 */
function named(why: 'unknown kid' | 'unknown signature', { primary }: TokenKeys) {
  return why === 'unknown kid' && primary.kid === undefined ? primary : undefined;
}

function refuse(why: 'unknown kid' | 'unknown signature'): never {
  throw why === 'unknown kid' ? new UnknownTokenKeyError() : new TokenSignatureError();
}
