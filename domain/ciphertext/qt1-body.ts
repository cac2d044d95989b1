/**
 * What the two forms of qt1 have in common: AES-256-GCM under a key derived per kid and column, bound to its
 * place. Kid and profile stand in both forms and are authenticated, so that a value can be written in the
 * other form without a key and is the same ciphertext.
 */
import { Buffer } from 'node:buffer';
import { authenticatedData, sealingKey } from './binding.ts';
import {
  CiphertextRefusedError,
  DisabledKeyError,
  ProfileMismatchError,
  UnknownCiphertextKeyError,
} from './errors.ts';
import type { Binding, Opened, Profile, RandomBytes, SealOptions } from './format.ts';
import { type GcmParts, gcmOpen, gcmSeal, usualNonceBytes } from './gcm.ts';
import type { CipherKey, KeyRing } from './keys.ts';
import { checkPlaintext } from './limits.ts';
import { drawn } from './nonces.ts';

export interface Qt1Parts extends GcmParts {
  kid: string;
  profile: Profile;
}

/**
 * The reader's profile decides, the value's must be the same: it cannot talk the reader into a weaker
 * binding. The kid picks exactly one key; nothing is tried (GCM does not commit to its key).
 */
export function openQt1(parts: Qt1Parts, keys: KeyRing, binding: Binding): Opened {
  const { kid, profile } = parts;
  if (profile !== binding.profile) {
    throw new ProfileMismatchError(
      `The ciphertext has profile ${profile}, this column is configured with ${binding.profile}.`,
    );
  }
  const key = keys.find(kid);
  if (key === undefined) {
    throw keys.isDisabled(kid) ? new DisabledKeyError(kid) : new UnknownCiphertextKeyError(kid);
  }
  const plaintext = gcmOpen(sealingKey(key, binding), parts, authenticatedData(key, binding));
  if (plaintext === undefined) {
    throw new CiphertextRefusedError(
      `The ciphertext does not open under key ${kid}: it was changed, or belongs to another column or row.`,
    );
  }
  return { plaintext, kid };
}

/** nonce ‖ ciphertext ‖ tag */
export function sealQt1(
  plaintext: Uint8Array,
  key: CipherKey,
  binding: Binding,
  random: RandomBytes,
  options: SealOptions,
): Buffer {
  checkPlaintext(plaintext, options);
  const { nonce, ciphertext, tag } = gcmSeal(
    sealingKey(key, binding),
    drawn(random, usualNonceBytes),
    plaintext,
    authenticatedData(key, binding),
  );
  const body = Buffer.allocUnsafe(nonce.length + ciphertext.length + tag.length);
  // `set`, not Buffer.concat, which costs twice as much for three short parts.
  body.set(nonce);
  body.set(ciphertext, nonce.length);
  body.set(tag, nonce.length + ciphertext.length);
  return body;
}
