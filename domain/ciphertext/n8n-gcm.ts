/**
 * What n8n stores since its AES-256-GCM (packages/core/src/encryption/aes-256-gcm.ts): base64, padded, of
 * 01 ‖ salt(32) ‖ tag(16) ‖ ciphertext. HKDF-SHA-256 of the key with that salt and info `n8n-encryption-v1` gives
 * 44 bytes: the key of this one value, then its nonce.
 */
import { Buffer } from 'node:buffer';
import { createSecretKey, hkdfSync } from 'node:crypto';
import { MalformedCiphertextError } from './errors.ts';
import type { TextFormat } from './format.ts';
import { gcmOpen, gcmSeal, tagBytes } from './gcm.ts';
import { type CipherKey, requireRawSize } from './keys.ts';
import { alreadySealed, checkPlaintext, checkValueLength, requireUnbound } from './limits.ts';
import { drawn } from './nonces.ts';
import { decodeBytes } from './text-encodings.ts';
import { openByTrial } from './trial.ts';

const version = Buffer.from([0x01]);
const saltBytes = 32;
const minimumBytes = 1 + saltBytes + tagBytes;
const info = 'n8n-encryption-v1';

interface Parts {
  salt: Buffer;
  ciphertext: Buffer;
  tag: Buffer;
}

function parse(text: string): Parts | undefined {
  const bytes = decodeBytes(text, 'base64');
  if (bytes === undefined || bytes[0] !== version[0] || bytes.length < minimumBytes) {
    return undefined;
  }
  const tagStart = 1 + saltBytes;
  return {
    salt: bytes.subarray(1, tagStart),
    tag: bytes.subarray(tagStart, tagStart + tagBytes),
    ciphertext: bytes.subarray(tagStart + tagBytes),
  };
}

export const n8nGcm: TextFormat = {
  name: 'n8n-gcm',
  form: 'text',
  recognise: (text) => parse(text) !== undefined,
  open(text, keys, binding) {
    requireUnbound(binding, 'n8n-gcm');
    checkValueLength(text);
    const parts = parse(text);
    if (parts === undefined) {
      throw new MalformedCiphertextError(
        'The value is not 01 ‖ salt ‖ tag ‖ ciphertext as canonical base64, complete.',
      );
    }
    return openByTrial(keys, 'n8n-gcm', (key) => openWith(key, parts));
  },
  seal(plaintext, key, binding, random, options = {}) {
    requireUnbound(binding, 'n8n-gcm');
    checkPlaintext(plaintext, options);
    requireRawSize(key);
    if (options.nested !== true) {
      // The shape alone proves nothing, so the key is asked.
      const inner = parse(Buffer.from(plaintext).toString('latin1'));
      if (inner !== undefined && openWith(key, inner) !== undefined) {
        throw alreadySealed();
      }
    }
    const salt = drawn(random, saltBytes);
    const { valueKey, nonce } = derive(key, salt);
    const { ciphertext, tag } = gcmSeal(valueKey, nonce, plaintext);
    return Buffer.concat([version, salt, tag, ciphertext]).toString('base64');
  },
};

function openWith(key: CipherKey, { salt, ...parts }: Parts): Buffer | undefined {
  const { valueKey, nonce } = derive(key, salt);
  return gcmOpen(valueKey, { nonce, ...parts });
}

/** Of one value: not worth keeping. */
function derive({ key }: CipherKey, salt: Buffer) {
  const bytes = Buffer.from(hkdfSync('sha256', key, salt, info, 44));
  const valueKey = createSecretKey(bytes.subarray(0, 32));
  bytes.fill(0, 0, 32);
  return { valueKey, nonce: bytes.subarray(32) };
}
