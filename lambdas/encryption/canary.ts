/** Seals with the primary key for every declared place, opens again, and makes sure it opens nowhere else. */
import type { Buffer } from 'node:buffer';
import { type AsText, columnFormats } from '../../domain/ciphertext/column-formats.ts';
import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import type { Binding, RandomBytes } from '../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../domain/ciphertext/keys.ts';
import { acceptedKeys, disabledKids, type Keyset, primaryOf } from '../../domain/secrets/keyset.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import { bindingOf } from '../../doors/postgres/sealed-values.ts';
import { CanaryError } from './errors.ts';

const noRow = ['quarterturn canary'];
const undeclaredPlace: DeclaredColumn = {
  id: 'quarterturn.canary',
  table: 'quarterturn.canary',
  column: 'canary',
  format: 'qt1',
  profile: 'row',
  primaryKey: ['id'],
};

export function keysOf(keyset: Keyset, now: Date): KeyRing {
  return new KeyRing(acceptedKeys(keyset, now), disabledKids(keyset));
}

/** @returns how many places were probed. @throws CanaryError */
export function canary(
  keyset: Keyset,
  columns: readonly DeclaredColumn[],
  plaintext: Buffer,
  random: RandomBytes,
  now: Date,
): number {
  const primary = new CipherKey(primaryOf(keyset));
  const { kid } = primary;
  const keys = keysOf(keyset, now);
  const places = columns.length > 0 ? columns : [undeclaredPlace];
  for (const place of places) {
    const home = bindingOf(place, noRow);
    const { writes } = columnFormats(place);
    const text = writes.seal(plaintext, primary, home, random);
    if (!opens(writes, text, keys, home, plaintext)) {
      throw new CanaryError(`what key ${kid} sealed for ${place.id} does not open`);
    }
    for (const elsewhere of otherPlaces(home)) {
      if (opens(writes, text, keys, elsewhere, plaintext)) {
        throw new CanaryError(`what key ${kid} sealed for ${place.id} opens in another place`);
      }
    }
  }
  return places.length;
}

function otherPlaces(home: Binding): Binding[] {
  if (home.profile === 'none') {
    return [{ profile: 'column', column: undeclaredPlace.id }];
  }
  const otherColumn = { ...home, column: `${home.column}.other` };
  return home.profile === 'column'
    ? [{ profile: 'none' }, otherColumn]
    : [{ profile: 'none' }, otherColumn, { ...home, row: [...home.row, 'other'] }];
}

function opens(
  { open }: AsText,
  text: string,
  keys: KeyRing,
  place: Binding,
  expected: Buffer,
): boolean {
  try {
    return open(text, keys, place).plaintext.equals(expected);
  } catch (error) {
    if (error instanceof CiphertextError) {
      return false;
    }
    throw error;
  }
}
