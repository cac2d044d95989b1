/** Nonces by the thousand: the operating system is asked once for many of them. */
import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';

const poolBytes = 12 * 1024;

/** Every byte is given out once. The caller must not keep what it was given beyond its use. */
export function pooledRandom(): (bytes: number) => Uint8Array {
  let pool = Buffer.alloc(0);
  let next = 0;
  return (bytes) => {
    if (next + bytes > pool.length) {
      pool = randomFillSync(Buffer.alloc(Math.max(poolBytes, bytes)));
      next = 0;
    }
    next += bytes;
    return pool.subarray(next - bytes, next);
  };
}
