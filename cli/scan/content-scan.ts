/** One file or object at a time, however large, piece by piece: what was found in it, each value once. */

import { inflated, isContainer, largestContainer } from './inflated.ts';
import type { KnownValue } from './known-values.ts';
import type { Scanner, Sighting, Spelling } from './scanner.ts';

/** A value in one content. */
export interface Found {
  readonly value: KnownValue;
  /** All of it, or one end of it alone. */
  part: 'whole' | 'first' | 'last';
  /** From the outermost, where it was first seen. */
  readonly spellings: readonly Spelling[];
  /** Of the first sighting. */
  readonly offset: number;
}

/** No window in any spelling is longer; a piece begins with the end of the one before. */
const overlap = 2_048;
const deepestContainer = 2;

export class ContentScan {
  /** Archives that could not be opened, of all contents. */
  closed = 0;
  readonly #scanner: Scanner;
  #found: Found[] = [];
  #tail: Buffer = Buffer.alloc(0);
  /** Offset of what comes next. */
  #at = 0;
  #size = 0;
  #isNames = false;
  #container: Buffer[] | undefined;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /**
   * @param size in bytes; it need not be exact, but decides whether an archive is opened
   * @param form `names`: text among bytes that are no value of anybody
   */
  begin(size: number, form: 'anything' | 'names' = 'anything'): void {
    this.#isNames = form === 'names';
    this.#found = [];
    this.#tail = Buffer.alloc(0);
    this.#at = 0;
    this.#size = size;
    this.#container = undefined;
  }

  push(piece: Buffer): void {
    if (this.#at === 0 && !this.#isNames && isContainer(piece)) {
      if (this.#size <= largestContainer) this.#container = [];
      else this.closed += 1;
    }
    this.#container?.push(Buffer.from(piece));
    const isWhole = this.#at === 0 && piece.length >= this.#size;
    const bytes = this.#tail.length === 0 ? piece : Buffer.concat([this.#tail, piece]);
    const start = this.#at - this.#tail.length;
    const sighted = (sighting: Sighting) => this.#add(sighting, start + sighting.offset);
    if (this.#isNames) this.#scanner.scanText(bytes, sighted);
    else this.#scanner.scan(bytes, sighted);
    this.#at += piece.length;
    if (!isWhole) this.#tail = Buffer.from(bytes.subarray(-overlap));
  }

  end(): Found[] {
    if (this.#container !== undefined) this.#open(Buffer.concat(this.#container), 1);
    return this.#found;
  }

  #open(bytes: Buffer, depth: number): void {
    const inside = inflated(bytes);
    for (const part of inside.parts) {
      this.#scanner.scan(part, (sighting) =>
        this.#add({ ...sighting, spellings: ['compressed', ...sighting.spellings] }, 0),
      );
      if (isContainer(part) && depth < deepestContainer) this.#open(part, depth + 1);
    }
    this.closed += inside.closed;
  }

  #add({ value, part, spellings }: Sighting, offset: number): void {
    const known = this.#found.find((each) => each.value === value);
    if (known === undefined) this.#found.push({ value, part, spellings, offset });
    else if (known.part !== part) known.part = 'whole';
  }
}
