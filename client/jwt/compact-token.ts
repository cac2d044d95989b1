/** A compact JWS in its three parts, and its header read strictly (RFC 7515 sections 4 and 7.1). */
import { Buffer, isUtf8 } from 'node:buffer';
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import { MalformedTokenError } from './errors.ts';

/** As they stand in the token, base64url. */
export interface TokenParts {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
}

/** Longer than any header of HTTP that a server accepts. */
const maximumTokenLength = 65_536;
const maximumHeaderLength = 1_024;

/**
 * Members that say where a key comes from, or change what a signature covers. A verifier that knows its keys needs
 * none of them; one that follows them takes an attacker's key (RFC 8725 sections 2.1, 3.10).
 */
const refused = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'] as const;

/** @throws MalformedTokenError */
export function partsOf(token: string): TokenParts {
  if (typeof token !== 'string' || token.length > maximumTokenLength) {
    throw new MalformedTokenError(
      `The token is no text of at most ${maximumTokenLength} characters.`,
    );
  }
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (
    first < 1 ||
    second <= first + 1 ||
    second === token.length - 1 ||
    token.includes('.', second + 1)
  ) {
    throw new MalformedTokenError('The token does not have three parts: header.payload.signature.');
  }
  return {
    protected: token.slice(0, first),
    payload: token.slice(first + 1, second),
    signature: token.slice(second + 1),
  };
}

/** @throws MalformedTokenError */
export function headerOf(segment: string): TokenHeader {
  const members = membersOf(segment);
  for (const name of refused) {
    if (members.has(name)) {
      throw new MalformedTokenError(
        `The header of the token has ${name}; expected alg, kid and typ alone to matter.`,
      );
    }
  }
  const alg = members.get('alg')?.value;
  const kid = members.get('kid')?.value;
  const typ = members.get('typ')?.value;
  if (typeof alg !== 'string') {
    throw new MalformedTokenError('The header of the token has no alg that is a text.');
  }
  if (
    (kid !== undefined && typeof kid !== 'string') ||
    (typ !== undefined && typeof typ !== 'string')
  ) {
    throw new MalformedTokenError('kid or typ in the header of the token is no text.');
  }
  return { alg, ...(kid !== undefined && { kid }), ...(typ !== undefined && { typ }) };
}

function membersOf(segment: string) {
  const bytes = decoded(segment, maximumHeaderLength);
  try {
    return parseJsonDocument(bytes.toString('utf8')).members;
  } catch {
    // Whatever it says, it speaks of secrets.
    throw new MalformedTokenError(
      'The header of the token is no JSON object in which each name stands once.',
    );
  }
}

function decoded(segment: string, maximumLength: number): Buffer {
  const bytes = Buffer.from(segment.length > maximumLength ? '' : segment, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== segment || !isUtf8(bytes)) {
    throw new MalformedTokenError(
      `The header of the token is not canonical base64url of UTF-8, ${maximumLength} characters at most.`,
    );
  }
  return bytes;
}
