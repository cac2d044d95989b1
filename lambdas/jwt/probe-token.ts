/**
 * Tokens that prove a keyset, never an identity: their subject and audience exist nowhere and they live 60
 * seconds. Compact JWS with HMAC (RFC 7515, RFC 7518 section 3.2), on node:crypto alone.
 */
import { Buffer } from 'node:buffer';
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { algorithmOf, type KeysetAlgorithm } from '../../domain/secrets/algorithms.ts';
import { acceptedKeys, type Keyset } from '../../domain/secrets/keyset.ts';

const nobody = 'urn:quarterturn:probe:nobody';
const lifeSeconds = 60;

export interface ProbeHeader {
  alg: string;
  kid?: string;
}

/** `macAlg`: a forger may compute the MAC with another algorithm than the header names. */
export function signProbe(
  header: ProbeHeader,
  key: KeyObject,
  now: Date,
  macAlg: string = header.alg,
): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims = { sub: nobody, aud: nobody, iat: issuedAt, exp: issuedAt + lifeSeconds };
  const input = `${encode({ typ: 'JWT', ...header })}.${encode(claims)}`;
  const signature =
    macAlg === 'none' ? Buffer.alloc(0) : mac(macAlg as KeysetAlgorithm, key, input);
  return `${input}.${signature.toString('base64url')}`;
}

/**
 * Verifies as a reader of the keyset must: `alg` is the keyset's and nothing else (RFC 8725 section 3.1),
 * the key is chosen by an exact kid among those accepted at `now`.
 */
export function verifies(token: string, keyset: Keyset, now: Date): boolean {
  const [head = '', body = '', signature = ''] = token.split('.');
  const header = decode(head);
  const entry = acceptedKeys(keyset, now).find(({ kid }) => kid === header.kid);
  return (
    header.alg === keyset.alg &&
    entry !== undefined &&
    macFits(keyset.alg, entry.key, `${head}.${body}`, signature) &&
    Number(decode(body).exp) > now.getTime() / 1000
  );
}

/** The keyless counterpart for a value that has no kids yet. */
export function verifiesWith(token: string, alg: KeysetAlgorithm, key: KeyObject): boolean {
  const [head = '', body = '', signature = ''] = token.split('.');
  return decode(head).alg === alg && macFits(alg, key, `${head}.${body}`, signature);
}

function macFits(alg: KeysetAlgorithm, key: KeyObject, input: string, signature: string): boolean {
  const expected = mac(alg, key, input);
  const found = Buffer.from(signature, 'base64url');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

function mac(alg: KeysetAlgorithm, key: KeyObject, input: string): Buffer {
  return createHmac(algorithmOf[alg].hash ?? '', key)
    .update(input)
    .digest();
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
