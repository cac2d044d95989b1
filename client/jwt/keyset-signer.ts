/** Signs tokens with the primary key of a jwt secret while it rotates. */
import { Buffer } from 'node:buffer';
import { ClientSettingsError } from '../errors.ts';
import type { SecretCache } from '../secret-cache.ts';
import { type System, system } from '../system.ts';
import type { Claims } from './claims.ts';
import { signatureOf, type TokenKey, type TokenKeys } from './token-keys.ts';

export interface KeysetSignerOptions {
  /**
   * How long a token lives, in seconds. Not longer than `longestToken` of the secret in rotation.config.ts: after
   * a rotation its key is accepted just that much longer.
   */
  readonly lifetime: number;
  readonly issuer?: string;
  readonly audience?: string;
  /** @default 'JWT' */
  readonly typ?: string;
  readonly system?: Pick<System, 'now'>;
}

/** The header a token of this key has (RFC 7515 section 4.1). */
export interface SigningHeader {
  readonly alg: TokenKey['alg'];
  readonly kid?: string;
  readonly typ: string;
}

/** What this class decides itself. */
const reserved = ['iat', 'exp'] as const;

export class KeysetSigner {
  readonly #cache: SecretCache<TokenKeys>;
  readonly #options: KeysetSignerOptions;
  readonly #system: Pick<System, 'now'>;
  readonly #headers = new WeakMap<TokenKey, string>();

  /** @throws ClientSettingsError */
  constructor(cache: SecretCache<TokenKeys>, options: KeysetSignerOptions) {
    if (!(Number.isInteger(options.lifetime) && options.lifetime > 0)) {
      throw new ClientSettingsError(
        `lifetime is ${options.lifetime}; expected whole seconds, at least 1.`,
      );
    }
    this.#cache = cache;
    this.#options = options;
    this.#system = options.system ?? system;
  }

  /**
   * A compact token with these claims, `iat` and `exp`, and `iss` and `aud` where they are configured. It is
   * signed with the primary key, whose kid stands in its header.
   * @param expiresIn seconds, at most `lifetime`. @default lifetime
   * @throws ClientSettingsError when a claim is one that the signer sets
   * @throws SecretUnavailableError, StaleSecretError
   */
  async sign(claims: Claims, { expiresIn }: { expiresIn?: number } = {}): Promise<string> {
    return this.#signed(await this.key(), claims, expiresIn);
  }

  /** As `sign`, with the key at hand. @throws SecretNotReadyError before the first read */
  signNow(claims: Claims, { expiresIn }: { expiresIn?: number } = {}): string {
    return this.#signed(this.keyNow(), claims, expiresIn);
  }

  /** The primary key, for another library to sign with. */
  async key(): Promise<TokenKey> {
    return (await this.#cache.get()).value.primary;
  }

  keyNow(): TokenKey {
    return this.#cache.current().value.primary;
  }

  headerOf({ alg, kid }: TokenKey): SigningHeader {
    const { typ = 'JWT' } = this.#options;
    return { alg, ...(kid !== undefined && { kid }), typ };
  }

  /** Reads the keys, so that `signNow` has one. */
  async ready(): Promise<void> {
    await this.#cache.get();
  }

  #signed(key: TokenKey, claims: Claims, expiresIn: number | undefined): string {
    const { lifetime, issuer, audience } = this.#options;
    const life = expiresIn ?? lifetime;
    if (!(life > 0 && life <= lifetime)) {
      throw new ClientSettingsError(`expiresIn is ${life}; expected 1 to ${lifetime} seconds.`);
    }
    const set: Claims = {
      ...(issuer !== undefined && { iss: issuer }),
      ...(audience !== undefined && { aud: audience }),
    };
    const twice = [...reserved, ...Object.keys(set)].find((name) => Object.hasOwn(claims, name));
    if (twice !== undefined) {
      throw new ClientSettingsError(
        `The claims have ${twice}, which the signer sets; leave it out${twice === 'exp' ? ' and give expiresIn' : ''}.`,
      );
    }
    const iat = Math.floor(this.#system.now().getTime() / 1000);
    const payload = encoded({ ...claims, ...set, iat, exp: iat + life });
    const header = this.#header(key);
    return `${header}.${payload}.${signatureOf(key, { protected: header, payload })}`;
  }

  #header(key: TokenKey): string {
    const known = this.#headers.get(key);
    if (known !== undefined) {
      return known;
    }
    const header = encoded(this.headerOf(key));
    this.#headers.set(key, header);
    return header;
  }
}

const encoded = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
