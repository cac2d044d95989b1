/**
 * What is inside of a gzip file or a ZIP archive (a JAR, an XLSX), bounded: what is larger is not opened, and is told.
 * @see RFC 1952; PKWARE's APPNOTE.TXT, 4.3
 */
import { constants, inflateRawSync } from 'node:zlib';

/** Bytes of a file that is opened, and of what one part of it may become. */
export const largestContainer = 32 * 1024 * 1024;
const largestPart = 64 * 1024 * 1024;
/**
 * Bytes that all parts together may become: entries of a directory may share one part, 65,535 of them, and a
 * megabyte would keep a scan for hours.
 */
const largestWhole = 4 * largestPart;
/** A file that was cut off is read up to there. */
const bounds = { maxOutputLength: largestPart, finishFlush: constants.Z_SYNC_FLUSH };

export const isContainer = (start: Buffer): boolean =>
  (start[0] === 0x1f && start[1] === 0x8b) ||
  (start.length >= 4 && start.readUInt32LE(0) === 0x04034b50);

export interface Inflated {
  readonly parts: Iterable<Buffer>;
  /** Counts what could not be opened: damaged, encrypted or too large. */
  closed: number;
}

export function inflated(bytes: Buffer): Inflated {
  const result: Inflated = {
    closed: 0,
    parts: bytes[0] === 0x1f ? gzip() : zip(),
  };
  function* gzip(): Generator<Buffer> {
    // One member after the other; what follows the last one is none of them (logs end in zeros).
    for (let at = 0; at + 18 <= bytes.length && bytes[at] === 0x1f && bytes[at + 1] === 0x8b; ) {
      const start = endOfHeader(bytes, at);
      const part = opened(() => {
        const { buffer, engine } = inflateRawSync(bytes.subarray(start), {
          ...bounds,
          info: true,
        }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
        at = start + engine.bytesWritten + 8;
        return buffer;
      });
      if (part === undefined) return;
      yield part;
    }
  }
  function* zip(): Generator<Buffer> {
    const entries = centralDirectory(bytes);
    if (entries === undefined) {
      result.closed += 1;
      return;
    }
    for (const { offset, size, method, isEncrypted } of entries) {
      // 0: stored, and so it was read already.
      if (method === 0 && !isEncrypted) continue;
      const part =
        method !== 8 || isEncrypted
          ? opened(undefined)
          : opened(() => {
              const start =
                offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
              return inflateRawSync(bytes.subarray(start, start + size), bounds);
            });
      if (part !== undefined) yield part;
    }
  }
  let left = largestWhole;
  function opened(open: (() => Buffer) | undefined): Buffer | undefined {
    try {
      if (open !== undefined && left > 0) {
        const part = open();
        left -= part.length;
        return part;
      }
    } catch {
      // Damaged, or larger than we open.
    }
    result.closed += 1;
    return undefined;
  }
  return result;
}

/** RFC 1952, 2.3: ten bytes, and what the flags announce. */
function endOfHeader(bytes: Buffer, start: number): number {
  const flags = bytes[start + 3] ?? 0;
  let at = start + 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const text of [8, 16]) {
    if ((flags & text) !== 0) at = bytes.indexOf(0, at) + 1 || bytes.length;
  }
  return at + ((flags & 2) !== 0 ? 2 : 0);
}

interface Entry {
  readonly offset: number;
  readonly size: number;
  readonly method: number;
  readonly isEncrypted: boolean;
}

function centralDirectory(bytes: Buffer): Entry[] | undefined {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end === -1 || end + 22 > bytes.length) return undefined;
  const entries: Entry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count -= 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) return undefined;
    const offset = bytes.readUInt32LE(at + 42);
    if (offset + 30 > bytes.length) return undefined;
    entries.push({
      offset,
      size: bytes.readUInt32LE(at + 20),
      method: bytes.readUInt16LE(at + 10),
      isEncrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
    });
    at +=
      46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}
