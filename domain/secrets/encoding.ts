/**
 * Keys as text. One text per key: a decoder that forgives (Node's ignores garbage in base64 and cuts hex
 * at the first bad character) lets a damaged key pass as another one, so every text must be the one its
 * bytes encode to.
 */
import { Buffer } from 'node:buffer';
import { InvalidSecretValueError, TransitionRefusedError } from './errors.ts';

export const encodings = ['base64', 'base64url', 'hex', 'text'] as const;
export type Encoding = (typeof encodings)[number];

/** The characters of generated text keys: RFC 4648 section 5, 6 bits each, safe in URLs and env files. */
export const defaultCharset = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export interface KeyFormat {
  encoding: Encoding;
  /** Strength in bits. Binary encodings: exactly this many. Text: floor(length × log2(charset)) at least. */
  bits: number;
  /** `text` only: distinct printable ASCII characters without space. */
  charset?: string;
}

/** Length of a text key, in characters. */
export function textLength(bits: number, charset: string = defaultCharset): number {
  return Math.ceil(bits / Math.log2(charset.length));
}

/**
 * Strict, canonical decoding. Text keys are used as their ASCII bytes, as applications do.
 * @throws InvalidSecretValueError
 */
export function decodeKey(text: string, format: KeyFormat): Buffer {
  const bytes = decodeCanonical(text, format.encoding);
  if (format.encoding === 'text') {
    const charset = checkedCharset(format.charset);
    if ([...text].some((character) => !charset.includes(character))) {
      throw new InvalidSecretValueError(
        `The key contains characters outside the configured ${charset.length} characters.`,
      );
    }
    const bits = Math.floor(text.length * Math.log2(charset.length));
    if (bits < format.bits) {
      throw wrongSize(bits, format.bits, 'at least ');
    }
  } else if (bytes.length * 8 !== format.bits) {
    throw wrongSize(bytes.length * 8, format.bits, '');
  }
  return bytes;
}

/** Strict, canonical decoding without a size: for readers, who take what the keyset says. */
export function decodeCanonical(text: string, encoding: Encoding): Buffer {
  if (encoding === 'text') {
    if (!/^[\x21-\x7e]+$/.test(text)) {
      throw new InvalidSecretValueError('The key is not printable ASCII text without spaces.');
    }
    return Buffer.from(text, 'ascii');
  }
  const bytes = Buffer.from(text, encoding);
  if (bytes.length === 0 || bytes.toString(encoding) !== text) {
    throw new InvalidSecretValueError(
      `The key is not canonical ${encoding}${hints[encoding]}; no newline, no other alphabet.`,
    );
  }
  return bytes;
}

const hints: Record<Exclude<Encoding, 'text'>, string> = {
  base64: ' (RFC 4648 section 4, padded)',
  base64url: ' (RFC 4648 section 5, unpadded)',
  hex: ' (lower case)',
};

export function encodeKey(bytes: Buffer, encoding: Encoding): string {
  return encoding === 'text' ? bytes.toString('ascii') : bytes.toString(encoding);
}

/** How many random bytes `keyFromRandom` needs. */
export function randomBytesNeeded(format: KeyFormat): number {
  return format.encoding === 'text' ? textLength(format.bits, format.charset) * 4 : format.bits / 8;
}

/**
 * Makes a key of random bytes. Text: each byte picks a character, bytes beyond the largest multiple of
 * the charset's size are thrown away, so that every character is equally likely.
 */
export function keyFromRandom(random: Buffer, format: KeyFormat): Buffer {
  if (random.length !== randomBytesNeeded(format)) {
    throw new TransitionRefusedError(
      `A key of ${format.bits} bits needs ${randomBytesNeeded(format)} random bytes, got ${random.length}.`,
    );
  }
  if (format.encoding !== 'text') {
    return Buffer.from(random);
  }
  const charset = checkedCharset(format.charset);
  const length = textLength(format.bits, charset);
  const fair = 256 - (256 % charset.length);
  const picked = [...random].filter((byte) => byte < fair).slice(0, length);
  if (picked.length < length) {
    throw new TransitionRefusedError('Too few of the random bytes were usable; try again.');
  }
  return Buffer.from(picked.map((byte) => charset[byte % charset.length]).join(''), 'ascii');
}

function checkedCharset(charset: string = defaultCharset): string {
  if (!/^[\x21-\x7e]{10,94}$/.test(charset) || new Set(charset).size !== charset.length) {
    throw new InvalidSecretValueError(
      'The charset of a text key must be 10 to 94 distinct printable ASCII characters without space.',
    );
  }
  return charset;
}

function wrongSize(found: number, expected: number, atLeast: string): InvalidSecretValueError {
  return new InvalidSecretValueError(
    `The key has ${found} bits, expected ${atLeast}${expected}; check the configured size and encoding.`,
  );
}
