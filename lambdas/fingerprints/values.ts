/** What of a stored value is secret: every key of a keyset, the password, what owners put. */
import { uninitialisedMarker } from '../../domain/config/names.ts';
import { decodeCanonical, encodeKey } from '../../domain/secrets/encoding.ts';
import { parseKeyset } from '../../domain/secrets/keyset.ts';
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import type { DeployedSecret } from './environment.ts';
import { type Found, foundWeak, ownersValues } from './owners-values.ts';
import { strengthOf, strengthOfBytes } from './strength.ts';
import { symbolsOfBytes, symbolsOfText } from './windows.ts';

/** Nothing, while the secret has no value. A value that cannot be parsed is told as left out, and not repeated. */
export function valuesIn(secret: DeployedSecret, secretString: string): Found[] {
  if (secretString === uninitialisedMarker) return [];
  try {
    switch (secret.kind) {
      case 'jwt':
      case 'encryption':
        return keysIn(secret, secretString);
      case 'database':
        return passwordIn(secretString);
      case 'userManaged':
        return ownersValues(secretString);
    }
  } catch {
    // The message of another parser may quote what it read.
    return [foundWeak('the value', `it cannot be read as a value of kind ${secret.kind}`)];
  }
}

type Keyset = Extract<DeployedSecret, { kind: 'jwt' | 'encryption' }>;

function keysIn({ field, encoding }: Keyset, secretString: string): Found[] {
  if (!/^\s*\{/.test(secretString)) return [plainKey(field, secretString, encoding)];
  const { members } = parseJsonDocument(secretString);
  const json = members.get('keyset')?.value;
  const flat = members.get(field)?.value;
  const keyset = json === undefined ? undefined : parseKeyset(json);
  const keys = (keyset?.keys ?? []).flatMap((entry) => {
    const { kid, state, adopted, key } = entry;
    if (key === undefined || keyset === undefined) return [];
    const text = encodeKey(key.export(), keyset.encoding);
    const made = adopted ? plainKey : generatedKey;
    return [{ text, found: { ...made(`kid ${kid}`, text, keyset.encoding), state } }];
  });
  const found = keys.map((each) => each.found);
  // Not one of them: somebody wrote one without the other, or nothing was rotated yet.
  return typeof flat === 'string' && !keys.some(({ text }) => text === flat)
    ? [...found, plainKey(field, flat, encoding)]
    : found;
}

/** Made here: 256 bits or more, a text of 64 different characters. */
const generatedKey = (what: string, text: string, encoding: Keyset['encoding']): Found => ({
  what,
  symbols:
    encoding === 'text' ? symbolsOfText(text, 6) : symbolsOfBytes(decodeCanonical(text, encoding)),
});

function plainKey(what: string, text: string, encoding: Keyset['encoding']): Found {
  if (encoding === 'text') {
    const strength = strengthOf(text);
    return strength.strong
      ? { what, symbols: symbolsOfText(text, strength.bitsPerCharacter) }
      : foundWeak(what, strength.reason);
  }
  const bytes = decodeCanonical(text, encoding);
  const strength = strengthOfBytes(bytes);
  return strength.strong
    ? { what, symbols: symbolsOfBytes(bytes) }
    : foundWeak(what, strength.reason);
}

/** What rotations write: 24 random bytes in base64url. */
const generated = /^[A-Za-z0-9_-]{32}$/;

function passwordIn(secretString: string): Found[] {
  const { members } = parseJsonDocument(secretString);
  const password = members.get('password')?.value;
  if (typeof password !== 'string') return [foundWeak('password', 'there is none')];
  const strength = strengthOf(password);
  if (!strength.strong) return [foundWeak('password', strength.reason)];
  const bits = generated.test(password) ? 6 : strength.bitsPerCharacter;
  return [{ what: 'password', symbols: symbolsOfText(password, bits) }];
}
