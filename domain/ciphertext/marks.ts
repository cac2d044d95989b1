/** How the formats begin that announce themselves, and what a complete value of them looks like. */
import { Buffer } from 'node:buffer';
import { decodeBytes, type TextEncoding } from './text-encodings.ts';

export const qt1Mark = 'qt1.';
/** "QT", version 1. */
export const qt1BytesMark = Buffer.from([0x51, 0x54, 0x01]);
export const cloakMark = 'v1.aesgcm256.';
/** Version 0x80 and a time before the year 2514. */
export const fernetMark = 'gAAAA';

export const textMarks = [qt1Mark, cloakMark, fernetMark] as const;

/** Mark, profile, kid, nonce, tag. */
export const qt1BytesMinimum = 3 + 1 + 8 + 12 + 16;

/** What comes before the body, the body's encoding, and the fewest bytes it can have. */
const completeTexts: readonly { head: RegExp; encoding: TextEncoding; bytes: number }[] = [
  { head: /^qt1\.[0-9a-f]{16}\.(?:none|column|row)\./, encoding: 'base64url', bytes: 28 },
  { head: /^v1\.aesgcm256\.[0-9a-f]{8}\.[\w-]{16}\./, encoding: 'base64url-padded', bytes: 16 },
  { head: /^(?=gAAAA)/, encoding: 'base64url-padded', bytes: 73 },
];
const firstBytes = new Set(textMarks.map((mark) => mark.charCodeAt(0)));

/** Is it a whole value of a format that announces itself? */
export function isAnnouncedCiphertext(plaintext: Uint8Array): boolean {
  const bytes = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  if (bytes.length >= qt1BytesMinimum && bytes.subarray(0, 3).equals(qt1BytesMark)) {
    return bytes.readUInt8(3) <= 2;
  }
  // Nearly every plaintext begins otherwise, and is not turned into a text to be looked at.
  if (!firstBytes.has(bytes[0] ?? 0)) {
    return false;
  }
  const text = bytes.toString('latin1');
  // Heads only: an expression over a long body runs out of stack.
  return completeTexts.some(({ head, encoding, bytes: fewest }) => {
    const start = head.exec(text)?.[0];
    const body = start === undefined ? undefined : decodeBytes(text.slice(start.length), encoding);
    return body !== undefined && body.length >= fewest;
  });
}
