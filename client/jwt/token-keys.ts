/** The keys of a jwt secret as signers and verifiers use them. */

import { Buffer } from 'node:buffer';
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { algorithmOf, type KeysetAlgorithm } from '../../domain/secrets/algorithms.ts';
import type { Encoding } from '../../domain/secrets/encoding.ts';
import { type KeyEntry, type Keyset, primaryOf } from '../../domain/secrets/keyset.ts';
import { parseSecretValue, readKeyset } from '../../domain/secrets/secret-value.ts';
import { ClientSettingsError } from '../errors.ts';
import type { TokenParts } from './compact-token.ts';

export type TokenAlgorithm = Exclude<KeysetAlgorithm, 'A256GCM'>;

export interface TokenKeysOptions {
  /** Name of the flat field, as in rotation.config.ts. @default 'JWT_SECRET' */
  readonly field?: string;
  /**
   * Also read a value that holds the one key and no keyset yet: the secret before its first rotation. Then tokens
   * are signed without a kid, as they were. Say what rotation.config.ts says.
   */
  readonly plain?: {
    readonly alg: TokenAlgorithm;
    readonly encoding: Encoding;
    /** Size of the key. */
    readonly bits: number;
  };
}

export interface TokenKey {
  /** Absent: of a value without a keyset. */
  readonly kid?: string;
  readonly alg: TokenAlgorithm;
  readonly key: KeyObject;
  /** Milliseconds; Infinity while it may still sign. */
  readonly acceptUntil: number;
}

/** The keys of one version of the secret. */
export interface TokenKeys {
  readonly alg: TokenAlgorithm;
  readonly primary: TokenKey;
  /** By kid; `revoked`: its key is gone. */
  readonly byKid: ReadonlyMap<string, TokenKey | 'revoked'>;
  /** In which order tokens that name no key are tried: primary, earlier ones, the published one. */
  readonly inOrder: readonly TokenKey[];
  /** Headers of tokens that were read already, to the key they name; few different ones are in use at a time. */
  readonly headers: Map<string, TokenKey>;
  /** For health: names and states, never keys. */
  readonly states: readonly { readonly kid?: string; readonly state: string }[];
}

/** Makes the `parse` of a `SecretCache`. @throws InvalidSecretValueError, when it is called */
export function tokenKeys(options: TokenKeysOptions = {}): (text: string) => TokenKeys {
  const { field = 'JWT_SECRET', plain } = options;
  return (text) => {
    if (plain === undefined) {
      return keysOf(readKeyset(text, field));
    }
    const value = parseSecretValue(text, { field, ...plain });
    return value.shape === 'keyset' ? keysOf(value.keyset) : onlyKey(value.key, plain.alg);
  };
}

function keysOf(keyset: Keyset): TokenKeys {
  const { alg } = keyset;
  if (alg === 'A256GCM') {
    throw new ClientSettingsError(
      'The keyset is one for encryption (A256GCM); expected the jwt secret. Check which secret is read.',
    );
  }
  const byKid = new Map<string, TokenKey | 'revoked'>();
  const inOrder: TokenKey[] = [];
  for (const entry of [...keyset.keys].sort(newestFirst)) {
    const key = tokenKey(entry, alg);
    byKid.set(entry.kid, key ?? 'revoked');
    if (key !== undefined) {
      inOrder.push(key);
    }
  }
  const primary = byKid.get(primaryOf(keyset).kid) as TokenKey;
  return {
    alg,
    primary,
    byKid,
    inOrder,
    headers: new Map(),
    states: keyset.keys.map(({ kid, state }) => ({ kid, state })),
  };
}

function onlyKey(key: KeyObject, alg: TokenAlgorithm): TokenKeys {
  const primary = { alg, key, acceptUntil: Number.POSITIVE_INFINITY };
  return {
    alg,
    primary,
    byKid: new Map(),
    inOrder: [primary],
    headers: new Map(),
    states: [{ state: 'primary' }],
  };
}

function tokenKey(entry: KeyEntry, alg: TokenAlgorithm): TokenKey | undefined {
  const { kid, key, acceptUntil } = entry;
  const until = acceptUntil === undefined ? Number.POSITIVE_INFINITY : Date.parse(acceptUntil);
  return key && { kid, alg, key, acceptUntil: until };
}

const turn: Partial<Record<KeyEntry['state'], number>> = { primary: 0, verifyOnly: 1 };

function newestFirst(one: KeyEntry, other: KeyEntry): number {
  const byState = (turn[one.state] ?? 2) - (turn[other.state] ?? 2);
  return byState || (other.primarySince ?? '').localeCompare(one.primarySince ?? '');
}

/** HMAC over header and payload as they stand (RFC 7515 section 5.1), base64url. */
export function signatureOf({ alg, key }: TokenKey, signed: Omit<TokenParts, 'signature'>): string {
  return createHmac(algorithmOf[alg].hash as string, key)
    .update(`${signed.protected}.${signed.payload}`)
    .digest('base64url');
}

/** Compares texts: of one signature there is one text, what decodes to the same bytes is refused. */
export function isSignedWith(key: TokenKey, parts: TokenParts): boolean {
  const expected = Buffer.from(signatureOf(key, parts));
  const found = Buffer.from(parts.signature);
  return expected.length === found.length && timingSafeEqual(expected, found);
}
