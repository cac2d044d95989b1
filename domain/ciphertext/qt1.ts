/** Quarterturn's own format, text form: qt1.<kid>.<profile>.<base64url(nonce12 ‖ ciphertext ‖ tag16)>. */
import { MalformedCiphertextError } from './errors.ts';
import type { Binding, Profile, TextFormat } from './format.ts';
import { splitGcm, usualNonceBytes } from './gcm.ts';
import type { CipherKey, KeyRing } from './keys.ts';
import { checkValueLength } from './limits.ts';
import { qt1Mark } from './marks.ts';
import { openQt1, type Qt1Parts, sealQt1 } from './qt1-body.ts';
import { decodeBytes } from './text-encodings.ts';

const head = /^qt1\.([0-9a-f]{16})\.(none|column|row)\./;

/** Strict and canonical. @throws MalformedCiphertextError */
export function parseQt1(text: string): Qt1Parts {
  checkValueLength(text);
  const [start, kid, profile] = head.exec(text) ?? [];
  if (start !== undefined && kid !== undefined) {
    const body = decodeBytes(text.slice(start.length), 'base64url');
    const parts = body && splitGcm(body, usualNonceBytes);
    if (parts !== undefined) {
      return { kid, profile: profile as Profile, ...parts };
    }
  }
  throw new MalformedCiphertextError(
    'The value is not qt1.<kid>.<profile>.<base64url>, canonical and complete.',
  );
}

export const qt1: TextFormat = {
  name: 'qt1',
  form: 'text',
  recognise: (text) => text.startsWith(qt1Mark),
  open: (text, keys, binding) =>
    openQt1(ofKnownKey(text, keys, binding) ?? parseQt1(text), keys, binding),
  seal(plaintext, key, binding, random, options = {}) {
    const body = sealQt1(plaintext, key, binding, random, options);
    return startOf(key, binding.profile) + body.toString('base64url');
  },
  naming: {
    idOf: ({ kid }) => kid,
    idIn: (text) => head.exec(text)?.[1],
    startOf,
    idPattern: '^qt1\\.([0-9a-f]{16})\\.',
  },
};

function startOf(key: CipherKey, profile: Profile): string {
  return key.derived(start, profile);
}

function start({ kid }: CipherKey, profile: string): string {
  return `${qt1Mark}${kid}.${profile}.`;
}

/**
 * Nearly every value begins as those of a key at hand do; then its head need not be read (0.3 µs of 5). Of any
 * other value, and of one that is damaged behind its head, `parseQt1` says what it is.
 */
function ofKnownKey(text: string, keys: KeyRing, { profile }: Binding): Qt1Parts | undefined {
  checkValueLength(text);
  for (const key of keys.all) {
    const known = startOf(key, profile);
    if (text.startsWith(known)) {
      const body = decodeBytes(text.slice(known.length), 'base64url');
      const parts = body && splitGcm(body, usualNonceBytes);
      return parts && { kid: key.kid, profile, ...parts };
    }
  }
  return undefined;
}
