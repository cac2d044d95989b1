/** What every format asks of a plaintext before it seals, and of a value before it looks at it. */
import { MalformedCiphertextError, ProfileMismatchError, SealRefusedError } from './errors.ts';
import type { Binding, FormatName, SealOptions } from './format.ts';
import { isAnnouncedCiphertext } from './marks.ts';

/** 64 MiB. PostgreSQL ends at 1 GB a field, but a field is held several times while it is re-encrypted. */
export const maximumPlaintextBytes = 64 * 1024 * 1024;
/** Twice for hex, and room for what stands around it. */
const maximumValueLength = 2 * maximumPlaintextBytes + 1024;

/** @throws SealRefusedError */
export function checkPlaintext(plaintext: Uint8Array, { nested = false }: SealOptions): void {
  if (plaintext.byteLength > maximumPlaintextBytes) {
    throw new SealRefusedError(
      `The plaintext has ${plaintext.byteLength} bytes, at most ${maximumPlaintextBytes} are sealed; store large content elsewhere, sealed in parts.`,
    );
  }
  if (!nested && isAnnouncedCiphertext(plaintext)) {
    throw alreadySealed();
  }
}

export function alreadySealed(): SealRefusedError {
  return new SealRefusedError('The plaintext is a ciphertext already; it is not sealed twice.');
}

/** @throws MalformedCiphertextError */
export function checkValueLength({ length }: { readonly length: number }): void {
  if (length > maximumValueLength) {
    throw new MalformedCiphertextError(
      `The value is ${length} long, at most ${maximumValueLength} is read.`,
    );
  }
}

/** @throws ProfileMismatchError for formats that bind to nothing, asked to be bound */
export function requireUnbound({ profile }: Binding, name: FormatName): void {
  if (profile !== 'none') {
    throw new ProfileMismatchError(
      `Format ${name} binds a ciphertext to nothing, this column is configured with ${profile}; only qt1 binds.`,
    );
  }
}
