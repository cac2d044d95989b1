/** The two ways GCM under random nonces ends: a source that repeats, and too many seals under one key. */
import { Buffer } from 'node:buffer';
import { SealRefusedError } from './errors.ts';
import type { Binding, RandomBytes } from './format.ts';

/** NIST SP 800-38D section 8.3: at most 2^32 invocations under one key with random 96-bit nonces. */
export const sealLimit = 2 ** 32;
export const sealAlarm = 2 ** 31;

/** @throws SealRefusedError when the source gives another number of bytes than it is asked for */
export function drawn(random: RandomBytes, bytes: number): Buffer {
  const nonce = random(bytes);
  if (nonce.byteLength !== bytes) {
    throw new SealRefusedError(
      `The random source gave ${nonce.byteLength} bytes, expected ${bytes}.`,
    );
  }
  return Buffer.isBuffer(nonce) ? nonce : Buffer.from(nonce.buffer, nonce.byteOffset, bytes);
}

/**
 * Refuses bytes it was given a moment ago: a source that is stuck, replayed, or restored from a snapshot. The last
 * `remembered` draws are known, and up to as many before them: whole sets are forgotten, because taking the
 * oldest out of one for every draw costs more than the rest of this (0.6 µs against 0.2 µs).
 */
export function unrepeated(random: RandomBytes, remembered = 1024): RandomBytes {
  let before = new Set<string>();
  let recent = new Set<string>();
  return (bytes) => {
    const fresh = drawn(random, bytes);
    const id = fresh.toString('latin1');
    if (recent.has(id) || before.has(id)) {
      throw new SealRefusedError('The random source repeats itself; nothing was sealed with it.');
    }
    if (recent.size >= remembered) {
      before = recent;
      recent = new Set();
    }
    recent.add(id);
    return fresh;
  };
}

/** Counts seals per sealing key: kid and column, or kid alone in profile none. */
export class SealCounter {
  readonly #counts: Map<string, number>;

  /** `counts`: as `counts()` gave them, to go on where another process ended. */
  constructor(counts: Iterable<readonly [string, number]> = []) {
    this.#counts = new Map(counts);
  }

  /**
   * Counts `seals` before they are done.
   * @returns 'alarm' from 2^31 on: rotate before the limit
   * @throws SealRefusedError when the limit of 2^32 would be passed; then nothing is counted
   */
  count(kid: string, binding: Binding, seals = 1): 'ok' | 'alarm' {
    const id = binding.profile === 'none' ? kid : `${kid}/${binding.column}`;
    const total = (this.#counts.get(id) ?? 0) + seals;
    if (total > sealLimit) {
      throw new SealRefusedError(
        `Key ${id} has sealed ${total - seals} values, the limit is 2^32; rotate the encryption key.`,
      );
    }
    this.#counts.set(id, total);
    return total >= sealAlarm ? 'alarm' : 'ok';
  }

  counts(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }
}
