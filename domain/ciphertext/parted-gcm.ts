/** Formats whose nonce, ciphertext and tag are texts of their own: what colons and JSON have in common. */
import { Buffer } from 'node:buffer';
import { MalformedCiphertextError } from './errors.ts';
import type { FormatName, TextFormat } from './format.ts';
import {
  type GcmParts,
  gcmOpen,
  gcmSeal,
  type NonceBytes,
  splitGcm,
  tagBytes,
  usualNonceBytes,
} from './gcm.ts';
import { requireRawSize } from './keys.ts';
import { alreadySealed, checkPlaintext, checkValueLength, requireUnbound } from './limits.ts';
import { drawn } from './nonces.ts';
import { decodeBytes, encodeBytes, type TextEncoding } from './text-encodings.ts';
import { openByTrial } from './trial.ts';

/** The three texts; without `tag` the ciphertext's text holds ciphertext ‖ tag, as WebCrypto gives it. */
export interface Parted {
  iv: string;
  tag?: string;
  data: string;
}

/** One encoding for all parts, or one for each. */
export type PartEncodings = TextEncoding | Readonly<Record<'iv' | 'tag' | 'data', TextEncoding>>;

export interface PartedLayout {
  name: FormatName;
  /** How the layout is called in a message. */
  written: string;
  encoding: PartEncodings;
  /** Of new ciphertexts; both sizes are read. */
  nonceBytes: NonceBytes | undefined;
  /** Is there a tag of its own? */
  tagApart: boolean;
  take(text: string): Parted | undefined;
  put(parts: Parted): string;
}

export function partedGcm(layout: PartedLayout): TextFormat {
  const { name, nonceBytes = usualNonceBytes } = layout;
  return {
    name,
    form: 'text',
    recognise(text) {
      const parts = layout.take(text);
      return parts !== undefined && nonceIn(parts, layout) !== undefined;
    },
    open(text, keys, binding) {
      requireUnbound(binding, name);
      checkValueLength(text);
      const parts = parse(text, layout);
      if (parts === undefined) {
        throw new MalformedCiphertextError(
          `The value is not ${layout.written}, with a nonce of 12 or 16 bytes and a tag of ${tagBytes}, each canonical.`,
        );
      }
      return openByTrial(keys, name, ({ key }) => gcmOpen(key, parts));
    },
    seal(plaintext, key, binding, random, options = {}) {
      requireUnbound(binding, name);
      checkPlaintext(plaintext, options);
      requireRawSize(key);
      if (options.nested !== true) {
        // The shape alone proves nothing, so the key is asked.
        const inner = parse(Buffer.from(plaintext).toString('latin1'), layout);
        if (inner !== undefined && gcmOpen(key.key, inner) !== undefined) {
          throw alreadySealed();
        }
      }
      return write(gcmSeal(key.key, drawn(random, nonceBytes), plaintext), layout);
    },
  };
}

function parse(text: string, layout: PartedLayout): GcmParts | undefined {
  const parts = layout.take(text);
  const nonce = parts && nonceIn(parts, layout);
  const data = parts && decodeBytes(parts.data, encodingOf(layout, 'data'));
  if (nonce === undefined || data === undefined) {
    return undefined;
  }
  if (!layout.tagApart) {
    return splitGcm(Buffer.concat([nonce, data]), nonce.length as NonceBytes);
  }
  const tag = decodeBytes(parts?.tag ?? '', encodingOf(layout, 'tag'));
  return tag?.length === tagBytes ? { nonce, ciphertext: data, tag } : undefined;
}

function nonceIn({ iv }: Parted, layout: PartedLayout): Buffer | undefined {
  const nonce = decodeBytes(iv, encodingOf(layout, 'iv'));
  return nonce?.length === 12 || nonce?.length === 16 ? nonce : undefined;
}

function write({ nonce, ciphertext, tag }: GcmParts, layout: PartedLayout): string {
  const iv = encodeBytes(nonce, encodingOf(layout, 'iv'));
  const dataEncoding = encodingOf(layout, 'data');
  if (!layout.tagApart) {
    return layout.put({ iv, data: encodeBytes(Buffer.concat([ciphertext, tag]), dataEncoding) });
  }
  return layout.put({
    iv,
    tag: encodeBytes(tag, encodingOf(layout, 'tag')),
    data: encodeBytes(ciphertext, dataEncoding),
  });
}

function encodingOf({ encoding }: PartedLayout, part: 'iv' | 'tag' | 'data'): TextEncoding {
  return typeof encoding === 'string' ? encoding : encoding[part];
}
