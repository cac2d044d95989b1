/**
 * Quarterturn's own format, text form: qt1.<kid>.<profile>.<base64url(nonce12 ‖ ciphertext ‖ tag16)>.
 * AES-256-GCM under a key derived per kid and column. The profile is written out as `none`, `column` or
 * `row`, and the reader refuses any other than the one it is configured for: the value cannot talk it into
 * a weaker binding. The kid picks exactly one key; nothing is tried (GCM does not commit to its key).
 */
import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { authenticatedData, sealingKey } from './binding.ts';
import {
  CiphertextRefusedError,
  MalformedCiphertextError,
  ProfileMismatchError,
  SealRefusedError,
  UnknownCiphertextKeyError,
} from './errors.ts';
import type { CiphertextFormat, Profile } from './format.ts';

const shape = /^qt1\.([0-9a-f]{16})\.(none|column|row)\.([A-Za-z0-9_-]+)$/;
const nonceBytes = 12;
/** Always the full tag: Node accepts 4 bytes unless told otherwise, which a forger finds in 2^32 tries. */
const tagBytes = 16;

interface Parts {
  kid: string;
  profile: Profile;
  nonce: Buffer;
  ciphertext: Buffer;
  tag: Buffer;
}

/** Strict and canonical. @throws MalformedCiphertextError */
export function parseQt1(text: string): Parts {
  const [, kid, profile, body] = shape.exec(text) ?? [];
  const bytes = Buffer.from(body ?? '', 'base64url');
  if (
    kid === undefined ||
    bytes.length < nonceBytes + tagBytes ||
    bytes.toString('base64url') !== body
  ) {
    throw new MalformedCiphertextError(
      'The value starts like qt1 but is not qt1.<kid>.<profile>.<base64url>, canonical and complete.',
    );
  }
  return {
    kid,
    profile: profile as Profile,
    nonce: bytes.subarray(0, nonceBytes),
    ciphertext: bytes.subarray(nonceBytes, -tagBytes),
    tag: bytes.subarray(-tagBytes),
  };
}

export const qt1: CiphertextFormat = {
  name: 'qt1',

  recognise(text) {
    return text.startsWith('qt1.');
  },

  open(text, keys, binding) {
    const { kid, profile, nonce, ciphertext, tag } = parseQt1(text);
    if (profile !== binding.profile) {
      throw new ProfileMismatchError(
        `The ciphertext has profile ${profile}, this column is configured with ${binding.profile}.`,
      );
    }
    const key = keys(kid);
    if (key === undefined) {
      throw new UnknownCiphertextKeyError(kid);
    }
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(key, kid, binding), nonce, {
      authTagLength: tagBytes,
    });
    decipher.setAAD(authenticatedData(kid, binding));
    decipher.setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      throw new CiphertextRefusedError(
        `The ciphertext does not open under key ${kid}: it was changed, or belongs to another column or row.`,
      );
    }
  },

  seal(plaintext, { kid, key }, binding, random, options = {}) {
    if (options.nested !== true && isQt1(plaintext)) {
      throw new SealRefusedError(
        'The plaintext is a qt1 ciphertext already; it is not sealed twice.',
      );
    }
    const nonce = Buffer.from(random(nonceBytes));
    if (nonce.length !== nonceBytes) {
      throw new SealRefusedError(
        `The random source gave ${nonce.length} bytes, expected ${nonceBytes}.`,
      );
    }
    const cipher = createCipheriv('aes-256-gcm', sealingKey(key, kid, binding), nonce, {
      authTagLength: tagBytes,
    });
    cipher.setAAD(authenticatedData(kid, binding));
    const body = Buffer.concat([
      nonce,
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `qt1.${kid}.${binding.profile}.${body.toString('base64url')}`;
  },
};

function isQt1(plaintext: Uint8Array): boolean {
  const text = Buffer.from(plaintext).toString('latin1');
  if (!qt1.recognise(text)) {
    return false;
  }
  try {
    parseQt1(text);
    return true;
  } catch {
    return false;
  }
}
