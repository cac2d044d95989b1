/**
 * Thousands of texts looked for at once, in megabytes: Wu and Manber, "A Fast Algorithm for Multi-Pattern Searching"
 * (University of Arizona TR-94-17). A table says of four bytes how far the next place is where one of the texts may
 * end; most of a haystack is never looked at.
 */

/** One thing to be found. */
export interface Needle {
  /** Whose it is, e.g. "jwt 3f…: a key". */
  readonly of: string;
  /** How it is written, e.g. "base64, second half". */
  readonly form: string;
  readonly bytes: Buffer;
}

export interface Hit {
  readonly of: string;
  readonly form: string;
  /** Byte in the haystack. */
  readonly at: number;
}

/** Shorter texts would be found by chance. */
export const shortest = 12;
const block = 4;

export class Search {
  readonly #bits: number;
  readonly #shifts: Uint8Array;
  /** By the block their first `shortest` bytes end in. */
  readonly #needles = new Map<number, Needle[]>();

  /** @throws RangeError for a needle of less than `shortest` bytes */
  constructor(needles: Iterable<Needle>) {
    const all = [...needles];
    // Few needles are compiled anew for every schedule of a matrix; many need a table with room in it.
    this.#bits = all.length < 1_000 ? 16 : 20;
    this.#shifts = new Uint8Array(1 << this.#bits).fill(shortest - block + 1);
    for (const needle of all) this.#add(needle);
  }

  #add(needle: Needle): void {
    const { bytes } = needle;
    if (bytes.length < shortest) throw new RangeError(`a needle of ${bytes.length} bytes`);
    for (let end = block; end <= shortest; end++) {
      const hash = hashAt(bytes, end - block, this.#bits);
      this.#shifts[hash] = Math.min(this.#shifts[hash] ?? 0, shortest - end);
      if (end === shortest) this.#needles.set(hash, [...(this.#needles.get(hash) ?? []), needle]);
    }
  }

  /** Every place of every needle. @param limit of hits, where one is enough */
  in(haystack: string | Buffer, limit = Infinity): Hit[] {
    const text = typeof haystack === 'string' ? Buffer.from(haystack) : haystack;
    const hits: Hit[] = [];
    const last = text.length - block;
    for (let at = shortest - block; at <= last && hits.length < limit; ) {
      const hash = hashAt(text, at, this.#bits);
      const shift = this.#shifts[hash] ?? 0;
      if (shift > 0) {
        at += shift;
        continue;
      }
      const start = at + block - shortest;
      for (const { of, form, bytes } of this.#needles.get(hash) ?? []) {
        const found = text.subarray(start, start + bytes.length);
        if (bytes.equals(found)) hits.push({ of, form, at: start });
      }
      at += 1;
    }
    return hits;
  }
}

function hashAt(text: Buffer, at: number, bits: number): number {
  const word =
    (text[at] as number) |
    ((text[at + 1] as number) << 8) |
    ((text[at + 2] as number) << 16) |
    ((text[at + 3] as number) << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - bits);
}
