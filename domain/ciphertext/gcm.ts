/** AES-256-GCM with the full tag, as all formats here use it that authenticate with GCM. */
import type { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

/** Always the full tag: Node accepts 4 bytes unless told otherwise, which a forger finds in 2^32 tries. */
export const tagBytes = 16;
/** NIST SP 800-38D section 8.2.2: 12 bytes; many Node programs draw 16, the block size of AES. */
export type NonceBytes = 12 | 16;
export const usualNonceBytes = 12;

export interface GcmParts {
  nonce: Buffer;
  ciphertext: Buffer;
  tag: Buffer;
}

const options = { authTagLength: tagBytes };

export function gcmSeal(
  key: KeyObject,
  nonce: Buffer,
  plaintext: Uint8Array,
  authenticated?: Buffer,
): GcmParts {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, options);
  if (authenticated !== undefined) {
    cipher.setAAD(authenticated);
  }
  // Counter mode: `update` gives every byte, `final` only makes the tag.
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { nonce, ciphertext, tag: cipher.getAuthTag() };
}

/** @returns undefined when the tag does not fit */
export function gcmOpen(
  key: KeyObject,
  { nonce, ciphertext, tag }: GcmParts,
  authenticated?: Buffer,
): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, options);
  if (authenticated !== undefined) {
    decipher.setAAD(authenticated);
  }
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

/** nonce ‖ ciphertext ‖ tag; undefined: too short for a nonce and a tag. */
export function splitGcm(bytes: Buffer, nonceBytes: NonceBytes): GcmParts | undefined {
  if (bytes.length < nonceBytes + tagBytes) {
    return undefined;
  }
  return {
    nonce: bytes.subarray(0, nonceBytes),
    ciphertext: bytes.subarray(nonceBytes, -tagBytes),
    tag: bytes.subarray(-tagBytes),
  };
}
