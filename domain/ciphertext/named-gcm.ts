/** Formats that name their key by a short fingerprint. Two keys with one fingerprint are both asked. */
import { UnknownCiphertextKeyError } from './errors.ts';
import type { FormatName, Opened } from './format.ts';
import { type GcmParts, gcmOpen } from './gcm.ts';
import type { CipherKey, KeyRing } from './keys.ts';
import { openByTrial } from './trial.ts';

/** @throws UnknownCiphertextKeyError, CiphertextRefusedError */
export function openNamed(
  parts: GcmParts,
  id: string,
  { name, keys, idOf }: { name: FormatName; keys: KeyRing; idOf: (key: CipherKey) => string },
): Opened {
  const named = keys.all.filter((key) => idOf(key) === id);
  if (named.length === 0) {
    throw new UnknownCiphertextKeyError(id);
  }
  return openByTrial(named, name, ({ key }) => gcmOpen(key, parts));
}
