/**
 * The windows of one value: the first and the last of it, so that each half is found on its own, and of a value that
 * was cut once at least one. Where a half has too few bits there is one window, of the whole.
 */
import { Buffer } from 'node:buffer';
import type { ScanWindow } from '../../domain/events/fingerprints.ts';
import {
  filterOf,
  fingerprintOf,
  leastWindowBits,
  packSextets,
  type ScanAlphabet,
  sextetOf,
  sextetsOfBytes,
  type WindowLength,
  windowLengths,
} from '../../domain/secrets/scan-windows.ts';

/** What is looked for: symbols of an alphabet, and how many bits each of them carries at least. */
export interface Symbols {
  readonly form: 'bytes' | 'text';
  readonly alphabet: ScanAlphabet;
  readonly symbols: Uint8Array;
  readonly bitsPerSymbol: number;
}

/** A key as bytes: each of its sextets carries 6 bits. */
export const symbolsOfBytes = (bytes: Uint8Array): Symbols => ({
  form: 'bytes',
  alphabet: 'sextet',
  symbols: sextetsOfBytes(bytes),
  bitsPerSymbol: 6,
});

/** A text as it is written, without the padding of base64. */
export function symbolsOfText(text: string, bitsPerCharacter: number): Symbols {
  const codes = Buffer.from(text.replace(/=+$/, ''), 'latin1');
  const isSextets = codes.every((code) => sextetOf[code] !== 255);
  return {
    form: 'text',
    alphabet: isSextets ? 'sextet' : 'visible',
    symbols: isSextets ? codes.map((code) => sextetOf[code] ?? 0) : codes,
    bitsPerSymbol: Math.min(6, bitsPerCharacter),
  };
}

/** Empty: no window of it is strong enough. */
export function windowsOf(value: Symbols, scanKey: Buffer): ScanWindow[] {
  const { alphabet, symbols, bitsPerSymbol } = value;
  const length = windowLengths.find((each) => each * bitsPerSymbol >= leastWindowBits);
  if (length === undefined || symbols.length < length) return [];
  const at = (part: ScanWindow['part'], start: number): ScanWindow => {
    const window = symbols.subarray(start, start + length);
    return {
      part,
      alphabet,
      length,
      filter: filterOf(alphabet, window),
      fingerprint: fingerprint(scanKey, alphabet, length, window),
    };
  };
  const last = symbols.length - length;
  return last >= length ? [at('first', 0), at('last', last)] : [at('whole', last)];
}

function fingerprint(
  scanKey: Buffer,
  alphabet: ScanAlphabet,
  length: WindowLength,
  window: Uint8Array,
): string {
  const packed = alphabet === 'sextet' ? packSextets(window, 0, length) : window;
  return fingerprintOf(scanKey, alphabet, length, packed).toString('base64url');
}
