/**
 * How an encryption key leaves its keyset: refused by readers first, its bytes gone later. Which key may is
 * decided elsewhere (`domain/policy/prune.ts`); here is what it does to the entry.
 */
import { TransitionRefusedError } from './errors.ts';
import { transitionsOf } from './key-states.ts';
import { type KeyEntry, type Keyset, kindOf } from './keyset.ts';

/** By kid. */
export type Leaving = ReadonlyMap<string, 'disable' | 'prune'>;

const stateAfter = { disable: 'disabled', prune: 'pruned' } as const;

/** @throws TransitionRefusedError when a key is not in the state before, or not in the keyset */
export function leave(keyset: Keyset, leaving: Leaving, now: Date): Keyset {
  const keys = new Map(keyset.keys.map((entry) => [entry.kid, entry]));
  for (const [kid, act] of leaving) {
    const entry = keys.get(kid);
    const state = stateAfter[act];
    if (entry === undefined || !transitionsOf[kindOf(keyset)][entry.state]?.includes(state)) {
      throw new TransitionRefusedError(
        `Key ${kid} is ${entry?.state ?? 'not in the keyset'} and cannot become ${state}.`,
      );
    }
    keys.set(kid, act === 'disable' ? disabled(entry, now) : pruned(entry, now));
  }
  return { ...keyset, keys: [...keys.values()] };
}

function disabled(entry: KeyEntry, now: Date): KeyEntry {
  return { ...entry, state: 'disabled', disabledAt: now.toISOString() };
}

/** The kid stays, so that it is never reused, and the dates, by which others are judged. */
function pruned(entry: KeyEntry, now: Date): KeyEntry {
  const { key: _gone, ...rest } = entry;
  return { ...rest, state: 'pruned', prunedAt: now.toISOString() };
}

/** Kids that went from one state to the next between two values of a secret. */
export function left(before: Keyset, after: Keyset): { disabled: string[]; pruned: string[] } {
  const earlier = new Map(before.keys.map(({ kid, state }) => [kid, state]));
  const newlyIn = (state: 'disabled' | 'pruned') =>
    after.keys
      .filter((entry) => entry.state === state && (earlier.get(entry.kid) ?? state) !== state)
      .map(({ kid }) => kid);
  return { disabled: newlyIn('disabled'), pruned: newlyIn('pruned') };
}
