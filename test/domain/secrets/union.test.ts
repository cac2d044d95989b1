/** What two values of one secret are together, entry by entry. */
import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KeysetLostError, KidCollisionError } from '../../../domain/secrets/errors.ts';
import type { KeyState } from '../../../domain/secrets/key-states.ts';
import type { KeyEntry, Keyset } from '../../../domain/secrets/keyset.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import { assertNothingLost, union, withWithdrawn } from '../../../domain/secrets/union.ts';

const now = new Date('2026-05-17T17:00:02.000Z');
const instant = '2026-01-05T03:00:01.000Z';
const later = '2026-02-05T03:00:01.000Z';

const bytesOf = (name: string) => Buffer.alloc(64, name);
/** A key of its name, as `state` has it. */
function entryOf(name: string, state: KeyState, more: Partial<KeyEntry> = {}): KeyEntry {
  const bytes = bytesOf(name);
  const isGone = state === 'revoked' || state === 'pruned';
  const key = isGone ? {} : { key: createSecretKey(bytes) };
  return { kid: kidOf(bytes), state, ...key, createdAt: instant, ...more };
}
const keysetOf = (alg: Keyset['alg'], ...keys: KeyEntry[]): Keyset => ({
  version: 1,
  alg,
  encoding: 'base64',
  rotation: { intent: 'planned', token: 't1' },
  keys,
});
const jwt = (...keys: KeyEntry[]) => keysetOf('HS512', entryOf('now', 'primary'), ...keys);
const encryption = (...keys: KeyEntry[]) => keysetOf('A256GCM', entryOf('now', 'primary'), ...keys);
/** What becomes of one key that both values know; beside it another is primary. */
const together = (known: KeyEntry, other: KeyEntry) =>
  union(encryption(known), [encryption(other)], now).keys[1];
const messageOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
};

describe('of a key that both values know', () => {
  test('the further state is true, whichever value has it', () => {
    const order = [
      entryOf('old', 'decryptOnly', { primarySince: instant }),
      entryOf('old', 'disabled', { primarySince: instant, disabledAt: instant }),
      entryOf('old', 'pruned', { primarySince: instant, prunedAt: instant }),
    ];
    for (const [index, nearer] of order.entries()) {
      for (const further of order.slice(index)) {
        expect(together(nearer, further)).toEqual(further);
        expect(together(further, nearer)).toEqual(further);
      }
    }
  });

  test('the dates of the base are true where both are as far', () => {
    const known = entryOf('old', 'verifyOnly', { acceptUntil: instant });
    const other = entryOf('old', 'verifyOnly', { acceptUntil: later });
    expect(union(jwt(known), [jwt(other)], now).keys[1]).toEqual(known);
  });

  test('the base is right about its primary', () => {
    const known = entryOf('now', 'primary', { primarySince: instant });
    const base = keysetOf('A256GCM', known);
    for (const state of ['decryptOnly', 'disabled', 'pruned'] as const) {
      const other = keysetOf('A256GCM', entryOf('next', 'primary'), entryOf('now', state));
      expect(union(base, [other], now).keys[0]).toEqual(known);
    }
  });

  test('a key that waits stays as it waits, unless it leaked meanwhile', () => {
    const waits = entryOf('next', 'published');
    const used = [
      keysetOf('HS512', entryOf('next', 'primary', { primarySince: later })),
      jwt(entryOf('next', 'verifyOnly', { acceptUntil: later })),
    ];
    for (const other of used) expect(union(jwt(waits), [other], now).keys[1]).toEqual(waits);
    const leaked = entryOf('next', 'revoked', { revokedAt: later });
    expect(union(jwt(waits), [jwt(leaked)], now).keys[1]).toEqual(leaked);
  });

  test('one that is barred in either value is barred in both together', () => {
    const free = entryOf('old', 'decryptOnly');
    const barred = entryOf('old', 'decryptOnly', { neverPrimary: true });
    expect(together(free, barred)).toEqual(barred);
    expect(together(barred, free)).toEqual(barred);
    expect(together(free, free)).toEqual(free);
    const further = entryOf('old', 'disabled', { disabledAt: instant });
    expect(together(barred, further)).toEqual({ ...further, neverPrimary: true });
    expect(together(free, further)).toEqual(further);
  });

  test('but for the one the base signs with, or is about to', () => {
    const barred = entryOf('now', 'decryptOnly', { neverPrimary: true });
    const other = keysetOf('A256GCM', entryOf('next', 'primary'), barred);
    expect(union(encryption(), [other], now).keys[0]).toEqual(entryOf('now', 'primary'));
    const waits = entryOf('next', 'published');
    expect(together(waits, { ...barred, kid: waits.kid, key: waits.key as never })).toEqual(waits);
  });

  test('one kid is one key', () => {
    const other = entryOf('other', 'decryptOnly', { kid: entryOf('old', 'decryptOnly').kid });
    const work = () => together(entryOf('old', 'decryptOnly'), other);
    expect(work).toThrow(KidCollisionError);
    expect(messageOf(work)).toBe(
      `kid ${other.kid} names two different keys in two versions. Restore the value of one that a rotation made.`,
    );
    // A tombstone has no key to differ from.
    const gone = entryOf('old', 'pruned', { prunedAt: instant });
    expect(together(gone, other)).toEqual(gone);
  });
});

describe('a key that only another value holds', () => {
  const carried = (base: Keyset, entry: KeyEntry) => union(base, [keysetOf(base.alg, entry)], now);

  test('comes in readable: it was in use, and is no more', () => {
    const other = entryOf('other', 'primary', { primarySince: instant });
    expect(carried(encryption(), other).keys).toEqual([
      entryOf('now', 'primary'),
      { ...other, state: 'decryptOnly' },
    ]);
    expect(carried(jwt(), other).keys[1]).toEqual({
      ...other,
      state: 'verifyOnly',
      acceptUntil: now.toISOString(),
    });
  });

  test('is barred where it only ever waited', () => {
    const other = entryOf('other', 'published');
    expect(carried(encryption(), other).keys[1]).toEqual({
      ...other,
      state: 'decryptOnly',
      neverPrimary: true,
    });
  });

  test.each<[string, Keyset, KeyEntry]>([
    ['decryptOnly', encryption(), entryOf('other', 'decryptOnly')],
    ['disabled', encryption(), entryOf('other', 'disabled', { disabledAt: instant })],
    ['pruned', encryption(), entryOf('other', 'pruned', { prunedAt: instant })],
    ['verifyOnly', jwt(), entryOf('other', 'verifyOnly', { acceptUntil: later })],
    ['revoked', jwt(), entryOf('other', 'revoked', { revokedAt: instant })],
  ])('comes in as it is: %s', (_title, base, entry) => {
    expect(carried(base, entry).keys[1]).toEqual(entry);
  });

  test('under another kid adds nothing', () => {
    const base = encryption(entryOf('old', 'decryptOnly'));
    const alias = entryOf('old', 'decryptOnly', { kid: '00000000000000aa', adopted: true });
    expect(carried(base, alias)).toEqual(base);
  });
});

describe('what other versions had only published', () => {
  test('is withdrawn; anything else they hold is left where it is', () => {
    const base = encryption(entryOf('next', 'published'));
    const pinned = encryption(entryOf('waited', 'published'), entryOf('used', 'decryptOnly'));
    const knows = encryption(entryOf('next', 'published'));
    expect(withWithdrawn(base, [pinned, knows], now).keys).toEqual([
      ...base.keys,
      { ...entryOf('waited', 'published'), state: 'decryptOnly', neverPrimary: true },
    ]);
  });
});

describe('a key that is lost', () => {
  const lost = (...names: string[]) =>
    `AWSCURRENT lacks ${names
      .map((name) => kidOf(bytesOf(name)))
      .sort()
      .join(', ')}, which this secret once held: somebody wrote the value by hand. ` +
    'Put the last good version back (break-glass role), or run an emergency, which unites all keysets.';
  const told = (previous: Keyset | undefined, ...labelled: Keyset[]) =>
    messageOf(() => assertNothingLost(encryption(), previous, labelled));

  test('is told by name, all of them in one order, and what to do', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const keys = names.map((name) => entryOf(name, 'decryptOnly'));
    expect(told(undefined, encryption(...keys))).toBe(lost(...names));
    expect(told(encryption(...keys.toReversed()))).toBe(lost(...names));
    expect(() => assertNothingLost(encryption(), encryption(...keys), [])).toThrow(KeysetLostError);
  });

  test('is one that AWSPREVIOUS published, too: it was activated since, or should have been', () => {
    expect(told(encryption(entryOf('next', 'published')))).toBe(lost('next'));
  });

  test('is none that waited elsewhere, left for good, or is there', () => {
    const pinned = encryption(
      entryOf('waited', 'published'),
      entryOf('gone', 'pruned', { prunedAt: instant }),
    );
    expect(told(undefined, pinned)).toBeUndefined();
    expect(told(encryption(), encryption())).toBeUndefined();
  });
});
