import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

export const kidPattern = /^[0-9a-f]{16}$/;

/**
 * The id of a generated key: first 8 bytes, hex, of SHA-256("quarterturn kid v1" ‖ key). Whoever holds
 * only the key can find its id, and a damaged key no longer fits its own.
 */
export function kidOf(key: Buffer): string {
  return createHash('sha256')
    .update('quarterturn kid v1')
    .update(key)
    .digest()
    .subarray(0, 8)
    .toString('hex');
}

/** The id of an adopted key: random, because the hash of a weak key would let it be guessed. */
export function kidFromRandom(random: Buffer): string {
  return Buffer.from(random.subarray(0, 8)).toString('hex');
}
