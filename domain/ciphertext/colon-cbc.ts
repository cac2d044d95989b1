/**
 * `iv:data`, AES-256-CBC without a MAC: read, never written. Under a wrong key 0.4 % of such values "open"
 * (their last byte happens to look like padding), so nothing is tried: the key is named beforehand, and a
 * validator has to know a plaintext when it sees one.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { createDecipheriv } from 'node:crypto';
import {
  CiphertextRefusedError,
  InvalidFormatSettingsError,
  MalformedCiphertextError,
  SealRefusedError,
  UnknownCiphertextKeyError,
} from './errors.ts';
import type { TextFormat } from './format.ts';
import { hasRawSize } from './keys.ts';
import { checkValueLength, requireUnbound } from './limits.ts';
import { decodeBytes, type TextEncoding } from './text-encodings.ts';

const blockBytes = 16;
const longestMatched = 1024 * 1024;

export interface ColonCbcSettings {
  /** The one key these values were sealed with, its kid or `adopted`; they do not say so themselves. */
  opensWith: string;
  /** Does it look like what this column holds? The narrower, the fewer wrong ones pass. */
  isPlaintext: (plaintext: Buffer) => boolean;
  /** @default 'hex' */
  encoding?: TextEncoding | undefined;
}

/** Plaintexts that are UTF-8 and match from end to end, up to 1 MiB: beyond it expressions run out of stack. */
export function textMatching(pattern: RegExp): (plaintext: Buffer) => boolean {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gmy]/g, ''));
  return (plaintext) =>
    plaintext.length <= longestMatched &&
    isUtf8(plaintext) &&
    whole.test(plaintext.toString('utf8'));
}

/** @throws InvalidFormatSettingsError */
export function colonCbc({
  opensWith,
  isPlaintext,
  encoding = 'hex',
}: ColonCbcSettings): TextFormat {
  if (typeof isPlaintext !== 'function' || !opensWith) {
    throw new InvalidFormatSettingsError(
      'AES-CBC without a MAC is read only with the kid of its one key and a check of its plaintexts.',
    );
  }
  return {
    name: 'colon-cbc',
    form: 'text',
    recognise: (text) => taken(text, encoding) !== undefined,
    open(text, keys, binding) {
      requireUnbound(binding, 'colon-cbc');
      checkValueLength(text);
      const parts = taken(text, encoding);
      if (parts === undefined || parts.data.length === 0 || parts.data.length % blockBytes !== 0) {
        throw new MalformedCiphertextError(
          `The value is not iv:data as canonical ${encoding}, 16 bytes and whole blocks.`,
        );
      }
      const key = opensWith === 'adopted' ? keys.adopted : keys.find(opensWith);
      if (key === undefined || !hasRawSize(key)) {
        throw new UnknownCiphertextKeyError(opensWith);
      }
      const decipher = createDecipheriv('aes-256-cbc', key.key, parts.iv);
      const start = decipher.update(parts.data);
      const end = tail(decipher);
      // Wrong padding and wrong content are one answer: the difference is what a padding oracle lives on.
      const plaintext = end && Buffer.concat([start, end]);
      if (plaintext === undefined || !isPlaintext(plaintext)) {
        throw new CiphertextRefusedError(
          `The colon-cbc ciphertext does not open under key ${key.kid} to what its column holds.`,
        );
      }
      return { plaintext, kid: key.kid };
    },
    seal() {
      throw new SealRefusedError(
        'AES-CBC without a MAC is only read; seal with qt1, whose changes are noticed.',
      );
    },
  };
}

function tail(decipher: { final(): Buffer }): Buffer | undefined {
  try {
    return decipher.final();
  } catch {
    return undefined;
  }
}

function taken(text: string, encoding: TextEncoding): { iv: Buffer; data: Buffer } | undefined {
  const [first, second, more] = text.split(':', 3);
  const iv = decodeBytes(first ?? '', encoding);
  const data = decodeBytes(second ?? '', encoding);
  const complete = second !== undefined && more === undefined && iv?.length === blockBytes;
  return complete && data !== undefined ? { iv, data } : undefined;
}
