/**
 * Version 1 of 47ng/cloak, which prisma-field-encryption stores: v1.aesgcm256.<fingerprint>.<iv>.<data>, base64url
 * with padding; data = ciphertext ‖ tag. Fingerprint: the first 8 hex digits of SHA-256 of the key as cloak
 * writes it, `k1.aesgcm256.<base64url, padded>` (cloak, src/key.ts and src/message.ts).
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { MalformedCiphertextError } from './errors.ts';
import type { TextFormat } from './format.ts';
import { type GcmParts, gcmSeal, splitGcm, usualNonceBytes } from './gcm.ts';
import { type CipherKey, requireRawSize } from './keys.ts';
import { checkPlaintext, checkValueLength, requireUnbound } from './limits.ts';
import { cloakMark } from './marks.ts';
import { openNamed } from './named-gcm.ts';
import { drawn } from './nonces.ts';
import { decodeBytes, encodeBytes } from './text-encodings.ts';

const encoding = 'base64url-padded';
const head = /^v1\.aesgcm256\.([0-9a-f]{8})\.([A-Za-z0-9_-]{16})\./;

function parse(text: string): GcmParts & { id: string } {
  checkValueLength(text);
  const [start, id, iv] = head.exec(text) ?? [];
  const nonce = decodeBytes(iv ?? '', encoding);
  const data = start && decodeBytes(text.slice(start.length), encoding);
  const parts = nonce && data && splitGcm(Buffer.concat([nonce, data]), usualNonceBytes);
  if (id === undefined || !parts) {
    throw new MalformedCiphertextError(
      'The value is not v1.aesgcm256.<fingerprint>.<iv>.<data>, canonical and complete.',
    );
  }
  return { id, ...parts };
}

export const cloak: TextFormat = {
  name: 'cloak',
  form: 'text',
  recognise: (text) => text.startsWith(cloakMark),
  open(text, keys, binding) {
    requireUnbound(binding, 'cloak');
    const { id, ...parts } = parse(text);
    return openNamed(parts, id, { name: 'cloak', keys, idOf: cloakFingerprint });
  },
  seal(plaintext, key, binding, random, options = {}) {
    requireUnbound(binding, 'cloak');
    checkPlaintext(plaintext, options);
    requireRawSize(key);
    const sealed = gcmSeal(key.key, drawn(random, usualNonceBytes), plaintext);
    const data = Buffer.concat([sealed.ciphertext, sealed.tag]);
    const [iv, body] = [encodeBytes(sealed.nonce, encoding), encodeBytes(data, encoding)];
    return `${cloakMark}${cloakFingerprint(key)}.${iv}.${body}`;
  },
  naming: {
    idOf: cloakFingerprint,
    idIn: (text) => head.exec(text)?.[1],
    startOf: (key) => `${cloakMark}${cloakFingerprint(key)}.`,
    idPattern: '^v1\\.aesgcm256\\.([0-9a-f]{8})\\.',
  },
};

function cloakFingerprint(key: CipherKey): string {
  return key.derived(fingerprint);
}

function fingerprint({ key }: CipherKey): string {
  const text = `k1.aesgcm256.${encodeBytes(key.export(), encoding)}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
