/** Everything that depends on a keyset's `alg`, in one place. One keyset, one algorithm (RFC 8725 section 3.1). */
import type { KeysetKind } from './key-states.ts';

export const algorithms = ['HS256', 'HS384', 'HS512', 'A256GCM'] as const;
export type KeysetAlgorithm = (typeof algorithms)[number];

interface Algorithm {
  kind: KeysetKind;
  /** RFC 7518 section 3.2: an HMAC key is at least as long as the hash. Libraries accept one byte. */
  minimumBytes: number;
  /** Name of the hash in node:crypto. */
  hash?: string;
}

export const algorithmOf: Record<KeysetAlgorithm, Algorithm> = {
  HS256: { kind: 'jwt', minimumBytes: 32, hash: 'sha256' },
  HS384: { kind: 'jwt', minimumBytes: 48, hash: 'sha384' },
  HS512: { kind: 'jwt', minimumBytes: 64, hash: 'sha512' },
  A256GCM: { kind: 'encryption', minimumBytes: 32 },
};
