/**
 * By what `quarterturn scan` recognises a value it does not know: windows of it, each as a keyed fingerprint and a
 * public filter. Shared by the function that reads values and the command that reads repositories, so that both
 * say the same of the same characters. Why it is made so: docs/decisions/0015-scan-fingerprints.md.
 *
 * A window of the alphabet `sextet` is 16, 24 or 32 characters of base64 or base64url (RFC 4648, sections 4 and 5;
 * `+` is `-`, `/` is `_`), taken as their 6 bits each. 16 of them are 12 bytes, so bytes whose window begins at a
 * multiple of three have the same window whether they stand raw, in hex, or in base64, and nothing is decoded twice.
 * A window of `visible` is as many characters from ! to ~, as they are.
 */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';

export const scanAlphabets = ['sextet', 'visible'] as const;
export type ScanAlphabet = (typeof scanAlphabets)[number];

export const windowLengths = [16, 24, 32] as const;
export type WindowLength = (typeof windowLengths)[number];

/** Of a window that is handed out, estimated low: 80 are left when the filter is known. */
export const leastWindowBits = 94;
/** What the filter tells of a window: always the same bits, whatever the key, so that scans do not add up. */
export const filterBits = 14;
/** Bytes of a fingerprint. */
export const fingerprintBytes = 16;

/** Code → 6 bits; 255: no character of base64 or base64url. */
export const sextetOf: Readonly<Uint8Array> = tableOf(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  '-_',
);

function tableOf(characters: string, lastTwo: string): Uint8Array {
  const table = new Uint8Array(256).fill(255);
  for (let index = 0; index < 64; index += 1) table[characters.charCodeAt(index)] = index;
  for (let index = 0; index < 2; index += 1) table[lastTwo.charCodeAt(index)] = 62 + index;
  return table;
}

/** Of the 30 bits a window begins with. Odd, so that each of them counts; in its place for speed: one multiplication. */
export const filterOfStart = (start: number): number =>
  Math.imul(start, 0x9e3779b1) >>> (32 - filterBits);

/** The first 30 bits: of five sextets, or of four characters. */
export const startMask = 0x3fffffff;
export const sextetsOfStart = 5;

export function filterOf(alphabet: ScanAlphabet, symbols: ArrayLike<number>): number {
  let start = 0;
  if (alphabet === 'sextet') {
    for (let at = 0; at < sextetsOfStart; at += 1) start = (start << 6) | (symbols[at] ?? 0);
    return filterOfStart(start & startMask);
  }
  for (let at = 0; at < 4; at += 1) start = (start << 8) | (symbols[at] ?? 0);
  return filterOfStart(start >>> 2);
}

/** Four sextets to three bytes; a window is a multiple of four. */
export function packSextets(symbols: ArrayLike<number>, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe((length / 4) * 3);
  for (let from = start, to = 0; from < start + length; from += 4, to += 3) {
    const [a = 0, b = 0, c = 0, d = 0] = [
      symbols[from],
      symbols[from + 1],
      symbols[from + 2],
      symbols[from + 3],
    ];
    bytes[to] = (a << 2) | (b >> 4);
    bytes[to + 1] = (b << 4) | (c >> 2);
    bytes[to + 2] = (c << 6) | d;
  }
  return bytes;
}

/** The sextets of bytes, as base64 has them; what is left of less than three is dropped. */
export function sextetsOfBytes(bytes: Uint8Array): Uint8Array {
  const sextets = new Uint8Array(Math.floor(bytes.length / 3) * 4);
  for (let from = 0, to = 0; to < sextets.length; from += 3, to += 4) {
    const triple =
      ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    for (let place = 0; place < 4; place += 1) {
      sextets[to + place] = (triple >> (18 - 6 * place)) & 63;
    }
  }
  return sextets;
}

/**
 * HMAC-SHA-256, its first 16 bytes.
 * @param key 32 bytes
 * @param packed the window: `packSextets`, or the bytes of its characters
 */
export function fingerprintOf(
  key: Uint8Array,
  alphabet: ScanAlphabet,
  length: WindowLength,
  packed: Uint8Array,
): Buffer {
  return createHmac('sha256', key)
    .update(`quarterturn scan v1\0${alphabet}\0${length}\0`)
    .update(packed)
    .digest()
    .subarray(0, fingerprintBytes);
}
