/** After an emergency: what became of every key that was there before, read from the keyset that is used from now on. */
import type { KeyState } from './key-states.ts';
import { type Keyset, kindOf } from './keyset.ts';

/** jwt: refused by every reader. encryption: at most opened with, because rows need them. */
const harmless: Record<ReturnType<typeof kindOf>, ReadonlySet<KeyState>> = {
  jwt: new Set<KeyState>(['revoked', 'pruned']),
  encryption: new Set<KeyState>(['decryptOnly', 'disabled', 'pruned']),
};

export interface LeakedKeys {
  /** Every key but the one in use. */
  readonly kids: readonly string[];
  /** Those of them that somebody who has them could still use. */
  readonly usable: readonly string[];
}

export function leakedKeys(keyset: Keyset): LeakedKeys {
  const earlier = keyset.keys.filter(({ state }) => state !== 'primary');
  const kind = kindOf(keyset);
  const usable = earlier.filter(
    ({ state, neverPrimary }) =>
      !harmless[kind].has(state) || (state === 'decryptOnly' && neverPrimary !== true),
  );
  const kidsOf = (keys: typeof earlier) => keys.map(({ kid }) => kid);
  return { kids: kidsOf(earlier), usable: kidsOf(usable) };
}

/** Characters of a text in evidence (domain/events/control-records.ts). */
const longest = 512;

/** For evidence: how many, and which as far as they fit. */
export const toldKids = ({ kids }: LeakedKeys) => ({
  count: kids.length,
  kids: kids.join(' ').slice(0, longest),
});
