/** For applications that use jose. Published as `@quarterturn/client/jose`. */
import { webcrypto } from 'node:crypto';
import type {
  CryptoKey,
  FlattenedJWSInput,
  JWTPayload,
  JWTVerifyGetKey,
  JWTVerifyOptions,
  JWTVerifyResult,
  SignJWT,
} from 'jose';
import { peer } from '../missing-peer.ts';
import { MalformedTokenError } from './errors.ts';
import type { KeysetSigner } from './keyset-signer.ts';
import type { KeysetVerifier } from './keyset-verifier.ts';
import type { TokenKey } from './token-keys.ts';

const { subtle } = webcrypto;

/**
 * jose's `jwtVerify` with the key that the token names. Claims are checked by jose, as `options` say; the
 * algorithm is the keyset's, whatever they say.
 * @throws TokenRefusedError: no key; JOSEError: signature or claims
 */
export function jwtVerify<Payload = JWTPayload>(
  token: string,
  verifier: KeysetVerifier,
  options?: Omit<JWTVerifyOptions, 'algorithms'>,
): Promise<JWTVerifyResult<Payload>> {
  // Nothing is waited for when the key is at hand: promises of our own would be half of what this costs over jose.
  if (jose !== undefined) {
    try {
      const key = verifier.keyAtHand(token);
      const cryptoKey = key && imported.get(key);
      if (key !== undefined && cryptoKey !== undefined) {
        return jose.jwtVerify<Payload>(token, cryptoKey, { ...options, algorithms: [key.alg] });
      }
    } catch (error) {
      return Promise.reject(error);
    }
  }
  return verifiedLater(token, verifier, options);
}

async function verifiedLater<Payload>(
  token: string,
  verifier: KeysetVerifier,
  options: Omit<JWTVerifyOptions, 'algorithms'> | undefined,
): Promise<JWTVerifyResult<Payload>> {
  jose ??= await peer('jose', 'Verifying with jose', () => import('jose'));
  const key = await verifier.keyFor(token);
  const algorithms = [key.alg];
  return jose.jwtVerify<Payload>(token, await cryptoKeyOf(key), { ...options, algorithms });
}

let jose: typeof import('jose') | undefined;

/** The second argument of jose's own `jwtVerify`, `compactVerify` and `flattenedVerify`. */
export function joseKey(verifier: KeysetVerifier): JWTVerifyGetKey {
  return async (_header, { protected: header, payload, signature }: FlattenedJWSInput) => {
    if (header === undefined || typeof payload !== 'string') {
      throw new MalformedTokenError(
        'The token has no protected header, or a payload that is no text.',
      );
    }
    return cryptoKeyOf(await verifier.keyFor({ protected: header, payload, signature }));
  };
}

/**
 * Signs what a `SignJWT` of jose holds, with the primary key: sets its protected header (`alg`, `kid`, `typ`).
 * @returns the compact token
 */
export async function signJwt(jwt: SignJWT, signer: KeysetSigner): Promise<string> {
  const key = await signer.key();
  return jwt.setProtectedHeader({ ...signer.headerOf(key) }).sign(await cryptoKeyOf(key));
}

/** Imported once a key: jose would do it for each token. Kept as long as the key. */
const imported = new WeakMap<TokenKey, CryptoKey>();

async function cryptoKeyOf(key: TokenKey): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known !== undefined) {
    return known;
  }
  const bytes = key.key.export();
  const hash = `SHA-${key.alg.slice(2)}`;
  const uses: ('sign' | 'verify')[] = ['sign', 'verify'];
  const made = await subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, uses);
  bytes.fill(0);
  imported.set(key, made);
  return made;
}
