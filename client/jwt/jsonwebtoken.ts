/**
 * For applications that use jsonwebtoken, and for libraries that ask a function for the key: passport-jwt,
 * express-jwt, @fastify/jwt. Tested with jsonwebtoken; of the others the form of their function alone. Published
 * as `@quarterturn/client/jsonwebtoken`.
 */
import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import type { JwtPayload, SignOptions, VerifyOptions } from 'jsonwebtoken';
import { peer } from '../missing-peer.ts';
import { TokenWithoutKeyError } from './errors.ts';
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
 * jsonwebtoken's own key function: `verify(token, getKey(verifier), { algorithms: ['HS512'] }, done)`. It is given
 * the header alone, which of a token without kid says too little: those are refused, `keyOfHeader` takes them.
 */
export function getKey(
  verifier: KeysetVerifier,
): (header: object, done: Callback<KeyObject>) => void {
  return (header, done) => settled(named(verifier, header), done);
}

/**
 * For key functions that are given the request and the decoded token: express-jwt's `secret`, and `secret: {
 * public }` of @fastify/jwt with `decode: { complete: true }`. Tokens without kid are refused. Gives bytes, which
 * both take; their `algorithms` must name the keyset's.
 */
export function keyOfDecoded(
  verifier: KeysetVerifier,
): (request: unknown, decoded: { header: object } | undefined) => Promise<Buffer> {
  return async (_request, decoded) => (await named(verifier, decoded?.header ?? {})).export();
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

/** As `getKey`, with the token beside it: also for tokens without kid, and with the header read strictly. */
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

/** By a header that somebody else parsed: written down again, it is read as any other. */
async function named(verifier: KeysetVerifier, header: object): Promise<KeyObject> {
  if (!Object.hasOwn(header, 'kid')) {
    throw new TokenWithoutKeyError(
      'The token has no kid, and its header alone does not say which key signed it; use verifyToken.',
    );
  }
  const segment = Buffer.from(JSON.stringify(header)).toString('base64url');
  return (await verifier.keyFor({ protected: segment, payload: '', signature: '' })).key;
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
