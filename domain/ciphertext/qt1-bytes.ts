/** Quarterturn's own format, binary form: 51 54 01 ‖ profile(1) ‖ kid(8) ‖ nonce(12) ‖ ciphertext ‖ tag(16). */
import { Buffer } from 'node:buffer';
import { MalformedCiphertextError } from './errors.ts';
import type { BytesFormat, Profile } from './format.ts';
import { splitGcm, usualNonceBytes } from './gcm.ts';
import { checkValueLength } from './limits.ts';
import { qt1BytesMark } from './marks.ts';
import { openQt1, type Qt1Parts, sealQt1 } from './qt1-body.ts';

/** The byte is the place in this list. */
const profiles: readonly Profile[] = ['none', 'column', 'row'];
const headBytes = 12;

/** @throws MalformedCiphertextError */
export function parseQt1Bytes(bytes: Buffer): Qt1Parts {
  checkValueLength(bytes);
  const profile = profiles[bytes[3] ?? profiles.length];
  const parts = splitGcm(bytes.subarray(headBytes), usualNonceBytes);
  if (!qt1Bytes.recognise(bytes) || profile === undefined || parts === undefined) {
    throw new MalformedCiphertextError(
      'The value is not 51 54 01 ‖ profile ‖ kid ‖ nonce ‖ ciphertext ‖ tag, complete.',
    );
  }
  return { kid: kidIn(bytes), profile, ...parts };
}

export const qt1Bytes: BytesFormat = {
  name: 'qt1-bytes',
  form: 'bytes',
  recognise: (bytes) => bytes.subarray(0, qt1BytesMark.length).equals(qt1BytesMark),
  open: (bytes, keys, binding) => openQt1(parseQt1Bytes(bytes), keys, binding),
  seal(plaintext, key, binding, random, options = {}) {
    const body = sealQt1(plaintext, key, binding, random, options);
    return Buffer.concat([start(key.kid, binding.profile), body]);
  },
  naming: {
    idOf: ({ kid }) => kid,
    idIn: (bytes) =>
      qt1Bytes.recognise(bytes) && bytes.length >= headBytes ? kidIn(bytes) : undefined,
    startOf: ({ kid }, profile) => start(kid, profile),
    idPattern: '^515401..([0-9a-f]{16})',
  },
};

const kidIn = (bytes: Buffer) => bytes.toString('hex', 4, headBytes);

function start(kid: string, profile: Profile): Buffer {
  return Buffer.concat([
    qt1BytesMark,
    Buffer.from([profiles.indexOf(profile)]),
    Buffer.from(kid, 'hex'),
  ]);
}
