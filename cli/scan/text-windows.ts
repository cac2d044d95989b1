/**
 * Windows of text. Of each run of characters that could hold one:
 *
 * - as it stands, and as base64 at any place in it: a byte of a key begins at one of four characters and at one of
 *   three bits of them, so the run is read three times at once, shifted by 0, 2 and 4 bits
 * - as hex, from any digit
 * - what a part of it is the base64 or hex of, when that is text: read again as text
 */
import { isAscii } from 'node:buffer';
import {
  filterOfStart,
  packSextets,
  sextetOf,
  sextetsOfStart,
  startMask,
} from '../../domain/secrets/scan-windows.ts';
import { findHex, packNibbles } from './byte-windows.ts';
import type { KnownWindow, KnownWindows } from './known-values.ts';
import { nibbleOf } from './unescape.ts';

/** Shorter than this nothing is a window. */
export const leastRun = 16;

export interface TextFindings {
  window(windows: readonly KnownWindow[], spelling: 'base64' | 'hex'): void;
  /** Text that stood there, encoded. */
  text(text: Buffer, spelling: 'base64' | 'hex'): void;
}

const shortestHex = 24;
/** Fifteen bytes of text: of random sextets one place in 32,768 looks so. */
const quadsOfText = 5;
const sixteen = 1;

/** Sextet of a hex digit → its 4 bits; 255: none. */
const nibbleOfSextet = (() => {
  const table = new Uint8Array(64).fill(255);
  for (let code = 0; code < 256; code += 1) {
    const [sextet, nibble] = [sextetOf[code] as number, nibbleOf[code] as number];
    if (sextet < 64 && nibble < 16) table[sextet] = nibble;
  }
  return table;
})();

export class SextetRuns {
  readonly #known: KnownWindows;
  readonly #findings: TextFindings;

  constructor(known: KnownWindows, findings: TextFindings) {
    this.#known = known;
    this.#findings = findings;
  }

  /** @param sextets one run, `count` of them */
  read(sextets: Uint8Array, count: number): void {
    if (count < leastRun) return;
    const { filter } = this.#known;
    let start = 0;
    for (let at = 0; at < count; at += 1) {
      const here = sextets[at] as number;
      // The window that began one sextet earlier, with the first bits of this one.
      const second = ((start << 2) | (here >> 4)) & startMask;
      const third = ((start << 4) | (here >> 2)) & startMask;
      start = ((start << 6) | here) & startMask;
      const bits = filter[filterOfStart(start)] as number;
      const later = filter[filterOfStart(second)] as number;
      const latest = filter[filterOfStart(third)] as number;
      if ((bits | later | latest) === 0) continue;
      const from = at - sextetsOfStart;
      if (from >= -1) this.#look(sextets, from + 1, count, 0, bits);
      if (from < 0) continue;
      this.#look(sextets, from, count, 2, later & sixteen);
      this.#look(sextets, from, count, 4, latest & sixteen);
    }
    if (count >= shortestHex) this.#findHex(sextets, count);
    if (count >= quadsOfText * 4) this.#findEncoded(sextets, count);
  }

  #look(sextets: Uint8Array, from: number, count: number, shift: number, bits: number): void {
    if (bits === 0) return;
    let windows: readonly KnownWindow[];
    if (shift === 0) windows = this.#known.at(sextets, from, count, bits);
    else {
      if (from + leastRun + 1 > count) return;
      const shifted = new Uint8Array(leastRun);
      for (let index = 0; index < leastRun; index += 1) {
        const here = sextets[from + index] as number;
        const next = sextets[from + index + 1] as number;
        shifted[index] = ((here << shift) | (next >> (6 - shift))) & 63;
      }
      windows = this.#known.at(shifted, 0, leastRun, bits);
    }
    if (windows.length > 0) this.#findings.window(windows, 'base64');
  }

  /** Looks where a run of so many digits could not be missed. */
  #findHex(sextets: Uint8Array, count: number): void {
    const isHex = (at: number) => nibbleOfSextet[sextets[at] as number] !== 255;
    let done = 0;
    for (let at = shortestHex - 1; at < count; ) {
      if (!isHex(at)) {
        at += shortestHex;
        continue;
      }
      let start = at;
      while (start > done && isHex(start - 1)) start -= 1;
      done = at + 1;
      while (done < count && isHex(done)) done += 1;
      if (done - start >= shortestHex) this.#readHex(sextets, start, done - start);
      at = done + shortestHex;
    }
  }

  /** Every fourth sextet may begin four of a text: the highest bit of each of its three bytes is 0 there. */
  #findEncoded(sextets: Uint8Array, count: number): void {
    const isText = (at: number) =>
      at + 3 < count &&
      (sextets[at] as number) < 32 &&
      ((sextets[at + 1] as number) & 8) === 0 &&
      ((sextets[at + 2] as number) & 2) === 0;
    for (let place = 0; place < 4; place += 1) {
      let done = place;
      for (let at = place + 4 * (quadsOfText - 1); at + 3 < count; ) {
        if (!isText(at)) {
          at += 4 * quadsOfText;
          continue;
        }
        let start = at;
        while (start > done && isText(start - 4)) start -= 4;
        done = at + 4;
        while (isText(done)) done += 4;
        if (done - start >= 4 * quadsOfText) this.#readBase64(sextets, start, done, count);
        at = done + 4 * quadsOfText;
      }
    }
  }

  /** @param end where text ends; up to three sextets of its last byte stand behind it */
  #readBase64(sextets: Uint8Array, start: number, end: number, count: number): void {
    const rest = Math.min(3, count - end);
    const padded = new Uint8Array(end - start + 4);
    padded.set(sextets.subarray(start, end + rest));
    const bytes = packSextets(padded, 0, padded.length);
    const length = ((end - start) / 4) * 3 + Math.floor((rest * 6) / 8);
    this.#findings.text(bytes.subarray(0, length), 'base64');
  }

  #readHex(sextets: Uint8Array, start: number, count: number): void {
    const nibbles = sextets.slice(start, start + count);
    for (let at = 0; at < count; at += 1) {
      nibbles[at] = nibbleOfSextet[nibbles[at] as number] as number;
    }
    findHex(nibbles, count, this.#known, (windows) => this.#findings.window(windows, 'hex'));
    for (const from of [0, 1]) {
      // Mostly no text: the first bytes tell.
      if (isAscii(packNibbles(nibbles, from, (shortestHex - 2) / 2))) {
        const bytes = packNibbles(nibbles, from, (count - from) >> 1);
        if (isAscii(bytes)) this.#findings.text(bytes, 'hex');
      }
    }
  }
}

/** Windows of characters as they are, whatever they are. */
export function findVisible(
  characters: Uint8Array,
  known: KnownWindows,
  found: (windows: readonly KnownWindow[]) => void,
): void {
  const { filter } = known;
  let start = 0;
  for (let at = 0; at < characters.length; at += 1) {
    start = (start << 8) | (characters[at] as number);
    const bits = filter[filterOfStart(start >>> 2)] as number;
    if (bits === 0 || at < 3) continue;
    const windows = known.at(characters, at - 3, characters.length, bits);
    if (windows.length > 0) found(windows);
  }
}
