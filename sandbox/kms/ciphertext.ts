/**
 * The ciphertext blob: which key, nonce, tag, sealed bytes. The encryption context is authenticated,
 * not stored, as in KMS: who does not know it cannot open the blob.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ServiceException } from '../service.ts';
import type { Key } from './key.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

const FORMAT = 1;
const KEY_ID_BYTES = 36;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;

export function seal(key: Key, plaintext: Buffer, context: EncryptionContext): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material, nonce);
  cipher.setAAD(canonical(context));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const keyId = Buffer.from(key.keyId, 'ascii');
  return Buffer.concat([Buffer.from([FORMAT]), keyId, nonce, cipher.getAuthTag(), sealed]);
}

/** @throws InvalidCiphertextException on a foreign blob, another context, a changed byte */
export function open(key: Key, blob: Buffer, context: EncryptionContext): Buffer {
  const nonce = blob.subarray(1 + KEY_ID_BYTES, 1 + KEY_ID_BYTES + NONCE_BYTES);
  const tag = blob.subarray(1 + KEY_ID_BYTES + NONCE_BYTES, HEADER_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.material, nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(canonical(context));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(blob.subarray(HEADER_BYTES)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** @throws InvalidCiphertextException when it is no blob of ours */
export function keyIdOf(blob: Buffer): string {
  if (blob.length < HEADER_BYTES || blob[0] !== FORMAT) {
    throw invalidCiphertext();
  }
  return blob.subarray(1, 1 + KEY_ID_BYTES).toString('ascii');
}

/** KMS gives no message here: what was wrong with a ciphertext is nobody's business. */
export function invalidCiphertext(): ServiceException {
  return new ServiceException('InvalidCiphertextException', '');
}

/** "The order of the encryption context pairs need not match" (KMS developer guide, encryption context). */
function canonical(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Buffer.from(JSON.stringify(pairs), 'utf8');
}
