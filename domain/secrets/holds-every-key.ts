import type { SecretValue } from './secret-value.ts';
import { assertNothingLost, keysetLost } from './union.ts';

/**
 * Rows and tokens name keys of earlier values: a value that is to stand alone must hold them all.
 * @throws KeysetLostError naming the kids that only the others hold
 */
export function assertHoldsEveryKey(current: SecretValue, others: readonly SecretValue[]): void {
  const keysets = others.flatMap((value) => (value.shape === 'keyset' ? [value.keyset] : []));
  if (current.shape === 'keyset') {
    assertNothingLost(current.keyset, undefined, keysets);
  } else if (keysets.length > 0) {
    throw keysetLost('AWSCURRENT is a plain value beside a keyset');
  }
}
