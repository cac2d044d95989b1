/**
 * nonce ‖ ciphertext ‖ tag in one piece, as Go's Seal(nonce, nonce, …), Rust's aes-gcm and Python's AESGCM
 * are used most: as text (base64, hex) or as bytes. Nothing in it tells it from any other bytes.
 */
import { Buffer } from 'node:buffer';
import { MalformedCiphertextError } from './errors.ts';
import type {
  BytesFormat,
  FormatName,
  Opened,
  RandomBytes,
  SealOptions,
  TextFormat,
} from './format.ts';
import {
  type GcmParts,
  gcmOpen,
  gcmSeal,
  type NonceBytes,
  splitGcm,
  usualNonceBytes,
} from './gcm.ts';
import { type CipherKey, type KeyRing, requireRawSize } from './keys.ts';
import { alreadySealed, checkPlaintext, checkValueLength, requireUnbound } from './limits.ts';
import { drawn } from './nonces.ts';
import { decodeBytes, encodeBytes, type TextEncoding } from './text-encodings.ts';
import { openByTrial } from './trial.ts';

export interface RawSettings {
  encoding: TextEncoding;
  /** @default 12 */
  nonceBytes?: NonceBytes | undefined;
}

export function rawText({ encoding, nonceBytes = usualNonceBytes }: RawSettings): TextFormat {
  const parse = (text: string) => {
    const bytes = decodeBytes(text, encoding);
    return bytes && splitGcm(bytes, nonceBytes);
  };
  return {
    name: 'raw',
    form: 'text',
    recognise: (text) => parse(text) !== undefined,
    open(text, keys, binding) {
      requireUnbound(binding, 'raw');
      checkValueLength(text);
      return opened(parse(text), keys, { name: 'raw', written: `canonical ${encoding}` });
    },
    seal(plaintext, key, binding, random, options = {}) {
      requireUnbound(binding, 'raw');
      const inner = options.nested ? undefined : parse(Buffer.from(plaintext).toString('latin1'));
      return encodeBytes(sealed(plaintext, inner, key, random, nonceBytes, options), encoding);
    },
  };
}

export function rawBytes({
  nonceBytes = usualNonceBytes,
}: Pick<RawSettings, 'nonceBytes'>): BytesFormat {
  const parse = (bytes: Buffer) => splitGcm(bytes, nonceBytes);
  return {
    name: 'raw-bytes',
    form: 'bytes',
    recognise: (bytes) => parse(bytes) !== undefined,
    open(bytes, keys, binding) {
      requireUnbound(binding, 'raw-bytes');
      checkValueLength(bytes);
      return opened(parse(bytes), keys, { name: 'raw-bytes', written: 'bytes' });
    },
    seal(plaintext, key, binding, random, options = {}) {
      requireUnbound(binding, 'raw-bytes');
      const inner = options.nested ? undefined : parse(Buffer.from(plaintext));
      return sealed(plaintext, inner, key, random, nonceBytes, options);
    },
  };
}

function opened(
  parts: GcmParts | undefined,
  keys: KeyRing,
  { name, written }: { name: FormatName; written: string },
): Opened {
  if (parts === undefined) {
    throw new MalformedCiphertextError(
      `The value is not nonce ‖ ciphertext ‖ tag as ${written}, complete.`,
    );
  }
  return openByTrial(keys, name, ({ key }) => gcmOpen(key, parts));
}

/** `inner`: the plaintext read as this format. Its shape proves nothing, so the key is asked. */
function sealed(
  plaintext: Uint8Array,
  inner: GcmParts | undefined,
  key: CipherKey,
  random: RandomBytes,
  nonceBytes: NonceBytes,
  options: SealOptions,
): Buffer {
  checkPlaintext(plaintext, options);
  requireRawSize(key);
  if (inner !== undefined && gcmOpen(key.key, inner) !== undefined) {
    throw alreadySealed();
  }
  const { nonce, ciphertext, tag } = gcmSeal(key.key, drawn(random, nonceBytes), plaintext);
  return Buffer.concat([nonce, ciphertext, tag]);
}
