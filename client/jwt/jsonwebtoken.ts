/**
 * For applications that use jsonwebtoken, and for libraries that take a key function in its form: passport-jwt,
 * express-jwt, @fastify/jwt. Published as `@quarterturn/client/jsonwebtoken`.
 */
import type { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import type { JwtPayload, SignOptions, VerifyOptions } from 'jsonwebtoken';
import { peer } from '../missing-peer.ts';
import type { KeysetSigner } from './keyset-signer.ts';
import type { KeysetVerifier } from './keyset-verifier.ts';
import type { TokenAlgorithm } from './token-keys.ts';

type Callback<Key> = (error: Error | null, key?: Key) => void;

/**
 * jsonwebtoken's `verify` with the key that the token names. Claims are checked by jsonwebtoken, as `options`
 * say; the algorithm is the keyset's, whatever they say.
 * @throws TokenRefusedError: no key; JsonWebTokenError: signature or claims
 */
export async function verifyToken(
  token: string,
  verifier: KeysetVerifier,
  options?: Omit<VerifyOptions, 'algorithms' | 'complete'>,
): Promise<JwtPayload | string> {
  const { verify } = await library();
  const { key, alg } = await verifier.keyFor(token);
  return verify(token, key, { ...options, algorithms: [alg] });
}

/** jsonwebtoken's `sign` with the primary key, its `kid` and its algorithm. */
export async function signToken(
  payload: object,
  signer: KeysetSigner,
  options?: Omit<SignOptions, 'algorithm' | 'keyid' | 'header'>,
): Promise<string> {
  const { sign } = await library();
  const { key, alg, kid } = await signer.key();
  return sign(payload, key, {
    ...options,
    algorithm: alg,
    ...(kid !== undefined && { keyid: kid }),
  });
}

/**
 * passport-jwt's `secretOrKeyProvider`, and every key function that is given the token itself:
 * `new Strategy({ jwtFromRequest, secretOrKeyProvider: keyOfToken(verifier), algorithms: ['HS512'] }, …)`.
 * Gives bytes, which all of them take. Their `algorithms` must name the keyset's.
 */
export function keyOfToken(
  verifier: KeysetVerifier,
): (request: unknown, token: string, done: Callback<Buffer>) => void {
  return (_request, token, done) => {
    settled(
      verifier.keyFor(token).then(({ key }) => key.export()),
      done,
    );
  };
}

/**
 * jsonwebtoken's own key function: `verify(token, keyOfHeader(verifier, token), { algorithms: ['HS512'] }, done)`.
 * It is given the header alone, which of a token without kid does not say enough; hence the token.
 */
export function keyOfHeader(
  verifier: KeysetVerifier,
  token: string,
): (header: unknown, done: Callback<KeyObject>) => void {
  return (_header, done) =>
    settled(
      verifier.keyFor(token).then(({ key }) => key),
      done,
    );
}

/** For callers that cannot wait: the key, and the one algorithm to allow. @throws as `keyForNow` */
export function keyNow(
  verifier: KeysetVerifier,
  token: string,
): { key: KeyObject; algorithm: TokenAlgorithm } {
  const { key, alg } = verifier.keyForNow(token);
  return { key, algorithm: alg };
}

/** What `done` throws is its owner's, and no second call of it. */
function settled<Key>(key: Promise<Key>, done: Callback<Key>): void {
  key.then(
    (found) => process.nextTick(done, null, found),
    (error) => process.nextTick(done, error),
  );
}

async function library(): Promise<typeof import('jsonwebtoken')> {
  const module = await peer(
    'jsonwebtoken',
    'Verifying with jsonwebtoken',
    () => import('jsonwebtoken'),
  );
  // CommonJS: Node gives its exports as `default`; a bundler may give them as they are.
  return 'default' in module ? (module.default as typeof module) : module;
}
