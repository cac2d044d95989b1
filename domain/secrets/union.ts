/** What a secret ever held must stay in it: rows and tokens out there still name those keys. */
import { KeysetLostError, KidCollisionError } from './errors.ts';
import { isTombstone, progressOf, readableState } from './key-states.ts';
import { checkKeyset, type KeyEntry, type Keyset, kindOf } from './keyset.ts';

/**
 * Refuses when a key of an earlier value is not in `current`. A key that was only ever published there is
 * no loss: nobody used it, and `withWithdrawn` carries it over.
 * @throws KeysetLostError
 */
export function assertNothingLost(
  current: Keyset,
  previous: Keyset | undefined,
  labelled: readonly Keyset[],
): void {
  const held = new Set(current.keys.map(({ kid }) => kid));
  const lost = new Set<string>();
  for (const keyset of previous === undefined ? labelled : [previous, ...labelled]) {
    for (const { kid, state } of keyset.keys) {
      const unused = state === 'published' && keyset !== previous;
      if (!held.has(kid) && !isTombstone(state) && !unused) {
        lost.add(kid);
      }
    }
  }
  if (lost.size > 0) {
    throw keysetLost(`AWSCURRENT lacks ${[...lost].sort().join(', ')}`);
  }
}

export function keysetLost(found: string): KeysetLostError {
  return new KeysetLostError(
    `${found}, which this secret once held: somebody wrote the value by hand. ` +
      'Put the last good version back (break-glass role), or run an emergency, which unites all keysets.',
  );
}

/**
 * `base` with every key of the others. Where they disagree about a key that `base` has in use, `base` is right;
 * about any other the further state is: what is revoked, disabled or pruned in one value stays so, and an older
 * value that still holds the bytes does not bring them back. A key that only the others hold comes in as
 * readable; tombstones come in as they are.
 * @throws KidCollisionError when one kid names two different keys
 */
export function union(base: Keyset, others: readonly Keyset[], now: Date): Keyset {
  const keys = new Map<string, KeyEntry>(base.keys.map((entry) => [entry.kid, entry]));
  for (const entry of others.flatMap((keyset) => keyset.keys)) {
    const known = keys.get(entry.kid);
    if (known === undefined) {
      const { key } = entry;
      const alias = key && [...keys.values()].some((other) => other.key?.equals(key));
      if (!alias) {
        keys.set(entry.kid, carriedOver(base, entry, now));
      }
      continue;
    }
    if (known.key !== undefined && entry.key !== undefined && !known.key.equals(entry.key)) {
      throw new KidCollisionError(
        `kid ${entry.kid} names two different keys in two versions. Restore the value of one that a rotation made.`,
      );
    }
    if (isFurther(entry, known)) {
      keys.set(entry.kid, known.neverPrimary ? { ...entry, neverPrimary: true } : entry);
    } else if (entry.neverPrimary && known.state !== 'primary' && known.state !== 'published') {
      keys.set(entry.kid, { ...known, neverPrimary: true });
    }
  }
  const united = { ...base, keys: [...keys.values()] };
  checkKeyset(united);
  return united;
}

/** A published key that another value revokes leaked while it waited. */
function isFurther(entry: KeyEntry, known: KeyEntry): boolean {
  return known.state === 'published'
    ? entry.state === 'revoked'
    : known.state !== 'primary' && progressOf[entry.state] > progressOf[known.state];
}

/** `base` with the keys that others published and `base` does not know: withdrawn, never to be used. */
export function withWithdrawn(base: Keyset, others: readonly Keyset[], now: Date): Keyset {
  const published = others.map((keyset) => ({
    ...keyset,
    keys: keyset.keys.filter(({ state }) => state === 'published'),
  }));
  return union(base, published, now);
}

function carriedOver(base: Keyset, entry: KeyEntry, now: Date): KeyEntry {
  const { state } = entry;
  if (state !== 'primary' && state !== 'published') {
    return entry;
  }
  const readable: KeyEntry = { ...entry, state: readableState[kindOf(base)] };
  return {
    ...readable,
    // A jwt key that nobody knows any more signs nothing from now on.
    ...(readable.state === 'verifyOnly' ? { acceptUntil: now.toISOString() } : {}),
    ...(state === 'published' ? { neverPrimary: true as const } : {}),
  };
}
