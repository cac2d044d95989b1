/**
 * Values that their owners put: any text. What of it is secret is told by the names of members and by what looks
 * random; the rest (hosts, user names, ids) would be found in every repository.
 */
import { createPrivateKey } from 'node:crypto';
import { strengthOf } from './strength.ts';
import { type Symbols, symbolsOfBytes, symbolsOfText } from './windows.ts';

/** One value: with its symbols, or with why it has none. */
export interface Found {
  /** In words, never a part of it. */
  readonly what: string;
  readonly symbols?: Symbols;
  readonly reason?: string;
  /** Of a key in a keyset. */
  readonly state?: string;
}

export const foundWeak = (what: string, reason: string): Found => ({ what, reason });

const saysSecret =
  /pass|secret|token|credential|key|auth|dsn|ur[il]$|connection|private|signature|webhook/i;
const saysPublic =
  /(_id|Id|arn|name|type|version|host|port|region|engine|email|issuer|expires?|endpoint)$|^(auth|token)_uri$|cert_url$|^(id|user|database|dbname|masterarn|kid|alg)$/;

export function ownersValues(secretString: string): Found[] {
  const members = membersOf(secretString);
  if (members === undefined) return valuesOfText('the value', secretString, true);
  return members.flatMap(([name, text]) =>
    saysPublic.test(name) ? [] : valuesOfText(shown(name), text, saysSecret.test(name)),
  );
}

/** Every text in a JSON document, by the name it stands under; undefined: it is none. */
function membersOf(secretString: string): [string, string][] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(secretString);
  } catch {
    // Its message would quote the value.
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const found: [string, string][] = [];
  // What is left to look at, first things last. Not by recursion: a value may nest deeper than calls do.
  const left: [string, unknown][] = [['value', json]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [name, value] = next;
    if (typeof value === 'string') found.push([name, value]);
    else if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value).reverse();
      for (const [member, each] of members) left.push([Array.isArray(value) ? name : member, each]);
    }
  }
  return found;
}

/** @param told is it named when it has no fingerprints? */
function valuesOfText(what: string, text: string, told: boolean): Found[] {
  const rest = text.replaceAll('\\n', '\n').replaceAll(pem, '');
  const keys = privateKeysIn(what, text.replaceAll('\\n', '\n'));
  const words = rest.split(/\s+/).filter((word) => word !== '');
  const values = words.flatMap((word) => valuesOfWord(what, word));
  if (keys.length + values.length > 0 || !told || rest.trim() === '') return [...keys, ...values];
  const [only] = words;
  const strength = only !== undefined && words.length === 1 ? strengthOf(only) : undefined;
  const reason = strength?.strong === false ? strength.reason : 'no part of it looks random';
  return [foundWeak(what, reason)];
}

const pem = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s:,-]*?-----END \1-----/g;

/** Its secret number alone: what stands before it is the same in every key of its kind, or public. */
function privateKeysIn(what: string, text: string): Found[] {
  return [...text.matchAll(pem)].flatMap(([block, label = '']) => {
    if (!label.endsWith('PRIVATE KEY')) return [];
    try {
      const { d } = createPrivateKey(block).export({ format: 'jwk' });
      if (d !== undefined) {
        return [
          { what: `private key in ${what}`, symbols: symbolsOfBytes(Buffer.from(d, 'base64url')) },
        ];
      }
    } catch {
      // Encrypted, or of a kind that Node.js does not read.
    }
    return [
      foundWeak(`private key in ${what}`, 'it cannot be read: encrypted, or of another kind'),
    ];
  });
}

const token = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
/** `sk_live_`, `ghp_`, `glpat-`: what every value of a vendor begins with. */
const prefix = /^(?:[A-Za-z][A-Za-z0-9]{1,9}[_-]){1,3}(?=.{16})/;

function valuesOfWord(what: string, word: string): Found[] {
  // Of an address only what it is opened with: user and password, query, and the parts of the path.
  const parts = word.includes('://') ? word.split(/[/?&=#:@]+/).map(decoded) : [word];
  return parts.flatMap((part) => {
    const tokens = (part.match(token) ?? []).flatMap((each) =>
      strongText(what, each.replace(prefix, '')),
    );
    // Not only of these characters: machines draw passwords from all that can be seen, too.
    return tokens.length > 0 ? tokens : strongText(what, part);
  });
}

function strongText(what: string, text: string): Found[] {
  const strength = strengthOf(text);
  return strength.strong ? [{ what, symbols: symbolsOfText(text, strength.bitsPerCharacter) }] : [];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const shown = (name: string): string =>
  /^[\w.-]{1,64}$/.test(name) ? `member "${name}"` : 'a member';
