/** Quarterturn's own format, text form: qt1.<kid>.<profile>.<base64url(nonce12 ‖ ciphertext ‖ tag16)>. */
import { MalformedCiphertextError } from './errors.ts';
import type { Profile, TextFormat } from './format.ts';
import { splitGcm, usualNonceBytes } from './gcm.ts';
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
  open: (text, keys, binding) => openQt1(parseQt1(text), keys, binding),
  seal(plaintext, key, binding, random, options = {}) {
    const body = sealQt1(plaintext, key, binding, random, options);
    return `${qt1Mark}${key.kid}.${binding.profile}.${body.toString('base64url')}`;
  },
  naming: {
    idOf: ({ kid }) => kid,
    idIn: (text) => head.exec(text)?.[1],
    startOf: ({ kid }, profile) => `${qt1Mark}${kid}.${profile}.`,
    idPattern: '^qt1\\.([0-9a-f]{16})\\.',
  },
};
