/**
 * Bytes as text, one text per bytes. Node's own decoders forgive: base64 skips what is no base64, hex ends
 * at the first character that is no hex, so that damaged values shrink without an error.
 */
import { Buffer } from 'node:buffer';

export const textEncodings = [
  'base64',
  'base64-unpadded',
  'base64url',
  'base64url-padded',
  'hex',
  'hex-upper',
] as const;
/** RFC 4648 sections 4, 5 and 8. `base64` is padded, `base64url` is not, `hex` is lower case. */
export type TextEncoding = (typeof textEncodings)[number];

type Codec = { node: 'base64' | 'base64url' | 'hex'; encode: (bytes: Buffer) => string };

const codecs: Record<TextEncoding, Codec> = {
  base64: { node: 'base64', encode: (bytes) => bytes.toString('base64') },
  'base64-unpadded': {
    node: 'base64',
    encode: (bytes) => bytes.toString('base64').replace(/=+$/, ''),
  },
  base64url: { node: 'base64url', encode: (bytes) => bytes.toString('base64url') },
  'base64url-padded': {
    node: 'base64url',
    encode: (bytes) => {
      const text = bytes.toString('base64url');
      return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
    },
  },
  hex: { node: 'hex', encode: (bytes) => bytes.toString('hex') },
  'hex-upper': { node: 'hex', encode: (bytes) => bytes.toString('hex').toUpperCase() },
};

export function encodeBytes(bytes: Buffer, encoding: TextEncoding): string {
  return codecs[encoding].encode(bytes);
}

/** The bytes whose encoding is exactly this text; undefined: there are none. */
export function decodeBytes(text: string, encoding: TextEncoding): Buffer | undefined {
  const { node, encode } = codecs[encoding];
  const bytes = Buffer.from(text, node);
  return encode(bytes) === text ? bytes : undefined;
}
