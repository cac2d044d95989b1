/**
 * Formats that do not name their key: every key that may open is tried, and only authentication decides.
 * Whether the value was changed or its key is missing cannot be told apart, so it is one error.
 */
import type { Buffer } from 'node:buffer';
import { CiphertextRefusedError } from './errors.ts';
import type { FormatName, Opened } from './format.ts';
import { type CipherKey, hasRawSize, type KeyRing } from './keys.ts';

/**
 * @param attempt gives undefined when the key does not fit; never called with a key of another size
 * @throws CiphertextRefusedError
 */
export function openByTrial(
  keys: KeyRing | readonly CipherKey[],
  name: FormatName,
  attempt: (key: CipherKey) => Buffer | undefined,
): Opened {
  const candidates = ('all' in keys ? keys.all : keys).filter(hasRawSize);
  for (const key of candidates) {
    const plaintext = attempt(key);
    if (plaintext !== undefined) {
      return { plaintext, kid: key.kid };
    }
  }
  throw new CiphertextRefusedError(
    `The ${name} ciphertext opens under none of ${candidates.length} keys: it was changed, or its key is not in the keyset.`,
  );
}
