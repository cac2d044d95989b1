import type { KeysetAlgorithm } from './algorithms.ts';
import { algorithmOf, algorithms } from './algorithms.ts';
import { type KeyFormat, textLength } from './encoding.ts';
import { InvalidSecretValueError } from './errors.ts';
import type { KeysetKind } from './key-states.ts';
import { primaryOf, publishedOf } from './keyset.ts';
import type { SecretValue } from './secret-value.ts';

/**
 * The strongest algorithm of this kind that a key of the configured size can carry: HS512 for 512 bits.
 * @throws InvalidSecretValueError when the key would be too short, or of a size AES-256 does not have
 */
export function algorithmFor(kind: KeysetKind, format: KeyFormat): KeysetAlgorithm {
  const bytes =
    format.encoding === 'text' ? textLength(format.bits, format.charset) : format.bits / 8;
  const fits = algorithms.filter((alg) => {
    const { kind: of, minimumBytes } = algorithmOf[alg];
    const exact = kind === 'encryption' && format.encoding !== 'text';
    return of === kind && (exact ? bytes === minimumBytes : bytes >= minimumBytes);
  });
  const strongest = fits.at(-1);
  if (strongest === undefined || !Number.isInteger(bytes)) {
    throw new InvalidSecretValueError(
      `A ${format.encoding} key of ${format.bits} bits is ${bytes} bytes long; ${
        kind === 'jwt'
          ? 'expected at least 256 bits (RFC 7518 section 3.2)'
          : 'expected 256 bits, or text of at least 32 characters'
      }.`,
      'Correct bits and encoding in the configuration.',
    );
  }
  return strongest;
}

/** Which keys a value holds, by kid: what was rotated, never key bytes. A plain value's key has no kid yet. */
export function keysetMaterial(value: SecretValue): {
  primary?: string;
  all: string[];
  published?: string;
} {
  if (value.shape === 'plain') {
    return { all: [] };
  }
  const published = publishedOf(value.keyset)?.kid;
  return {
    primary: primaryOf(value.keyset).kid,
    all: value.keyset.keys
      .filter(({ key, state }) => key !== undefined && state !== 'disabled')
      .map(({ kid }) => kid),
    ...(published === undefined ? {} : { published }),
  };
}
