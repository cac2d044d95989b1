/**
 * Finds known values in bytes, whatever kind of file they are of. Knows no file and no commit, keeps nothing of what
 * it reads, and tells of a finding where it stood and through which spellings it was seen, never what stood there.
 */
import { isAscii } from 'node:buffer';
import { sextetOf } from '../../domain/secrets/scan-windows.ts';
import { findBytes } from './byte-windows.ts';
import type { KnownValues, KnownWindow } from './known-values.ts';
import { findVisible, leastRun, SextetRuns } from './text-windows.ts';
import { unescaped } from './unescape.ts';

export type Spelling =
  | 'as written'
  | 'raw bytes'
  | 'base64'
  | 'hex'
  | 'escaped'
  | 'UTF-16'
  | 'compressed';

export interface Sighting extends KnownWindow {
  /** Of the run it stands in, in the bytes that were handed in. */
  readonly offset: number;
  /** From the outermost: `base64`, `hex` is a key in hex within something in base64. */
  readonly spellings: readonly Spelling[];
}

/** Base64 in JSON in base64 in UTF-16, and one more. */
const deepest = 5;
/** Lines of wrapped base64 are at least so long (RFC 7468: 64, MIME: 76). */
const shortestLine = 40;
const [percent, backslash, newline] = [37, 92, 10];

export class Scanner {
  readonly #known: KnownValues;
  readonly #sextets: SextetRuns;
  /** By code: 1 where it belongs to a run. */
  readonly #ofRun: Uint8Array;
  #sighted: (sighting: Sighting) => void = () => undefined;
  /** Of what is read now, in the bytes that were handed in; and how it was spelt there. */
  #offset = 0;
  #spellings: readonly Spelling[] = [];
  /** By depth: what is read within a run is read while the run still is. */
  readonly #scratch: Uint8Array<ArrayBuffer>[] = [];

  constructor(known: KnownValues) {
    this.#known = known;
    this.#sextets = new SextetRuns(known.sextet, {
      window: (windows, spelling) => this.#found(windows, spelling),
      text: (text, spelling) => this.#within(text, spelling),
    });
    this.#ofRun = Uint8Array.from({ length: 256 }, (_, code) =>
      isOfRun(code, known.visible !== undefined),
    );
  }

  /** @param sighted called for every window that is found; the same one may be found twice */
  scan(bytes: Buffer, sighted: (sighting: Sighting) => void): void {
    this.#sighted = sighted;
    this.#read(bytes);
  }

  /** Names in trees and the like: text between bytes that are no text of anybody. */
  scanText(bytes: Buffer, sighted: (sighting: Sighting) => void): void {
    this.#sighted = sighted;
    this.#readRuns(bytes);
  }

  #read(bytes: Buffer): void {
    this.#readRuns(bytes);
    const isNul = bytes.includes(0);
    if (isNul || !isAscii(bytes)) this.#readBytes(bytes);
    if (isNul) this.#readWide(bytes);
  }

  /** Looks at every sixteenth byte until one belongs to a run: between shorter runs there is nothing to find. */
  #readRuns(bytes: Buffer): void {
    const ofRun = this.#ofRun;
    const { length } = bytes;
    let done = 0;
    for (let at = leastRun - 1; at < length; ) {
      if (ofRun[bytes[at] as number] === 0) {
        at += leastRun;
        continue;
      }
      let start = at;
      while (start > done && ofRun[bytes[start - 1] as number] === 1) start -= 1;
      let end = at + 1;
      while (end < length && ofRun[bytes[end] as number] === 1) end += 1;
      if (end - start < leastRun) done = end;
      else
        this.#from(start, () => {
          done = this.#readRun(bytes, start, end);
        });
      at = done + leastRun;
    }
  }

  /** @returns where it ended: lines of wrapped base64 are one run */
  #readRun(bytes: Buffer, start: number, end: number): number {
    const depth = this.#spellings.length;
    let symbols = this.#scratch[depth] ?? new Uint8Array(65_536);
    let count = 0;
    let isEscaped = false;
    let at = start;
    for (let stop = end; at < stop; ) {
      if (symbols.length - count < stop - at) symbols = grown(symbols, count + stop - at);
      for (; at < stop; at += 1) {
        const sextet = sextetOf[bytes[at] as number] as number;
        if (sextet === 255) break;
        symbols[count++] = sextet;
      }
      const next = at === stop && count >= shortestLine ? nextLine(bytes, stop) : undefined;
      if (next !== undefined) {
        at = next;
        for (stop = next; stop < bytes.length; stop += 1) {
          if (sextetOf[bytes[stop] as number] === 255) break;
        }
        continue;
      }
      if (at < stop) isEscaped ||= bytes[at] === percent || bytes[at] === backslash;
      this.#scratch[depth] = symbols;
      this.#sextets.read(symbols, count);
      count = 0;
      at += 1;
    }
    const run = bytes.subarray(start, end);
    if (this.#known.visible !== undefined) {
      findVisible(run, this.#known.visible, (windows) => this.#found(windows, 'as written'));
    }
    const plain = isEscaped ? unescaped(run) : undefined;
    if (plain !== undefined) this.#within(plain, 'escaped');
    return Math.max(end, at - 1);
  }

  /** UTF-16 of ASCII, either byte first: every other byte is 0. Looks where a run of it could not be missed. */
  #readWide(bytes: Buffer): void {
    const isWide = (at: number) => isText(bytes[at] ?? 0) && (bytes[at + 1] ?? 0) === 0;
    let done = 0;
    for (let at = 0; at < bytes.length; at = Math.max(at + 2 * leastRun - 2, done)) {
      const inside = isWide(at) ? at : isWide(at + 1) ? at + 1 : undefined;
      if (inside === undefined) continue;
      let start = inside;
      while (start - 2 >= done && isWide(start - 2)) start -= 2;
      let end = inside + 2;
      while (isWide(end)) end += 2;
      done = end;
      if (end - start < 2 * leastRun) continue;
      const narrow = Buffer.allocUnsafe((end - start) / 2);
      for (let index = 0; index < narrow.length; index += 1) {
        narrow[index] = bytes[start + 2 * index] as number;
      }
      this.#from(start, () => this.#within(narrow, 'UTF-16'));
    }
  }

  #readBytes(bytes: Buffer): void {
    findBytes(bytes, this.#known.sextet, (windows, at) =>
      this.#from(at, () => this.#found(windows, 'raw bytes')),
    );
  }

  /** What is spelt within something else stands where that stands. */
  #from(offset: number, read: () => void): void {
    const outer = this.#offset;
    if (this.#spellings.length === 0) this.#offset = offset;
    read();
    this.#offset = outer;
  }

  #within(text: Buffer, spelling: Spelling): void {
    const outer = this.#spellings;
    if (outer.length >= deepest) return;
    this.#spellings = [...outer, spelling];
    this.#read(text);
    this.#spellings = outer;
  }

  #found(windows: readonly KnownWindow[], spelling: Spelling): void {
    for (const window of windows) {
      const own = window.value.form === 'text' && spelling === 'base64' ? 'as written' : spelling;
      const spellings = [...this.#spellings, own];
      this.#sighted({ ...window, offset: this.#offset, spellings });
    }
  }
}

function isOfRun(code: number, withVisible: boolean): number {
  const isSextet = sextetOf[code] !== 255;
  const isVisible = code > 32 && code < 127;
  return isSextet || code === percent || code === backslash || (withVisible && isVisible) ? 1 : 0;
}

/** A character of a text, or the end of one of its lines. */
const isText = (byte: number): boolean =>
  (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13;

/** Where base64 goes on after the end of its line: white space with a line break in it, and then base64 again. */
function nextLine(bytes: Buffer, end: number): number | undefined {
  let at = end;
  let isBroken = false;
  while (at < bytes.length && at < end + 64) {
    const byte = bytes[at] as number;
    if (byte === newline) isBroken = true;
    else if (byte !== 32 && byte !== 9 && byte !== 13) break;
    at += 1;
  }
  return isBroken && at < bytes.length && sextetOf[bytes[at] as number] !== 255 ? at : undefined;
}

function grown(symbols: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(symbols.length * 2, needed));
  larger.set(symbols);
  return larger;
}
