/** Windows of bytes as they are, or in hex: 12 of them are the 16 sextets of their base64. */
import { filterOfStart } from '../../domain/secrets/scan-windows.ts';
import type { KnownWindow, KnownWindows } from './known-values.ts';

const windowBytes = 12;
/** That a window of 16 sextets has this filter. */
const sixteen = 1;

/** @param found called with every known window and the offset of its first byte */
export function findBytes(
  bytes: Uint8Array,
  known: KnownWindows,
  found: (windows: readonly KnownWindow[], offset: number) => void,
): void {
  const { filter } = known;
  const { length } = bytes;
  let start = 0;
  for (let at = 0; at < length; at += 1) {
    start = (start << 8) | (bytes[at] as number);
    if (((filter[filterOfStart(start >>> 2)] as number) & sixteen) === 0) continue;
    const from = at - 3;
    if (from < 0 || from + windowBytes > length) continue;
    const windows = known.ofBytes(bytes.subarray(from, from + windowBytes));
    if (windows.length > 0) found(windows, from);
  }
}

/** @param nibbles of digits that follow one another */
export function findHex(
  nibbles: Uint8Array,
  count: number,
  known: KnownWindows,
  found: (windows: readonly KnownWindow[]) => void,
): void {
  const { filter } = known;
  let start = 0;
  for (let at = 0; at < count; at += 1) {
    start = (start << 4) | (nibbles[at] as number);
    if (((filter[filterOfStart(start >>> 2)] as number) & sixteen) === 0) continue;
    const from = at - 7;
    if (from < 0 || from + 2 * windowBytes > count) continue;
    const windows = known.ofBytes(packNibbles(nibbles, from, windowBytes));
    if (windows.length > 0) found(windows);
  }
}

export function packNibbles(nibbles: Uint8Array, start: number, bytes: number): Buffer {
  const packed = Buffer.allocUnsafe(bytes);
  for (let index = 0; index < bytes; index += 1) {
    packed[index] =
      ((nibbles[start + 2 * index] as number) << 4) | (nibbles[start + 2 * index + 1] as number);
  }
  return packed;
}
