/**
 * For applications that use jsonwebtoken, and for libraries that ask a function for the key: passport-jwt,
 * @fastify/jwt, express-jwt. Tested with all of them but express-jwt, of which the form of its function alone.
 * Published as `@quarterturn/client/jsonwebtoken`.
 */
import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import type { JwtPayload, SignOptions, VerifyOptions } from 'jsonwebtoken';
import { ClientSettingsError } from '../errors.ts';
import { peer } from '../missing-peer.ts';
import { MalformedTokenError, TokenWithoutKeyError } from './errors.ts';
import type { KeysetSigner } from './keyset-signer.ts';
import type { KeysetVerifier } from './keyset-verifier.ts';
import type { TokenAlgorithm } from './token-keys.ts';

type Callback<Key> = (error: Error | null, key?: Key) => void;

/**
 * jsonwebtoken's `verify` with the key that the token names. Claims are checked by jsonwebtoken, as `options`
 * say; the algorithm is the keyset's, whatever they say.
 * @throws TokenRefusedError: no key, no token; JsonWebTokenError: signature or claims
 */
export async function verifyToken(
  token: string,
  verifier: KeysetVerifier,
  options?: Omit<VerifyOptions, 'algorithms' | 'complete'>,
): Promise<JwtPayload | string> {
  const { verify } = await library();
  const { key, alg } = await verifier.keyFor(token);
  try {
    return verify(token, key, { ...options, algorithms: [alg] });
  } catch (error) {
    // jsonwebtoken reads the payload before it checks the signature, and JSON.parse quotes what it could not read.
    if ((error as Error).name !== 'SyntaxError') throw error;
    throw new MalformedTokenError('The payload of the token is no JSON.');
  }
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
 * For key functions that are given the request and the decoded token: `secret: { public: keyOfDecoded(verifier) }`
 * of @fastify/jwt, with `decode: { complete: true }`, and express-jwt's `secret`. Gives bytes, which both take.
 * Their `algorithms` should name the keyset's; a token with another is refused here whatever they say.
 *
 * @fastify/jwt hands on the token as it was sent, also one without kid. `fastify.jwt.verify` and express-jwt give
 * its header alone; then tokens without kid are refused.
 *
 * Sign with `KeysetSigner`: @fastify/jwt fixes the kid of what it signs when it is registered.
 */
export function keyOfDecoded(
  verifier: KeysetVerifier,
): (request: unknown, decoded: object | undefined) => Promise<Buffer> {
  return async (request, decoded) => {
    // fast-jwt itself, under `fastify.jwt.verify`, gives the token first, and a callback.
    const token = typeof decoded === 'function' ? request : decoded;
    return (await keyOfParts(verifier, (token ?? {}) as DecodedToken)).export();
  };
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

/** As fast-jwt (`complete`) and jsonwebtoken decode it; `input`: header and payload as they were sent. */
interface DecodedToken {
  readonly header?: object;
  readonly signature?: string;
  readonly input?: string;
}

async function keyOfParts(verifier: KeysetVerifier, token: DecodedToken): Promise<KeyObject> {
  const { header, signature, input } = token;
  if (header === undefined && Object.keys(token).length > 0) {
    throw new ClientSettingsError(
      'The key function was given the payload of a token; expected the decoded token. Register @fastify/jwt with `decode: { complete: true }`.',
    );
  }
  return typeof input === 'string' && typeof signature === 'string'
    ? (await verifier.keyFor(`${input}.${signature}`)).key
    : named(verifier, header ?? {});
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
