import { describe, expect, test } from '@jest/globals';
import { KeysetLostError, TransitionRefusedError } from '../../../domain/secrets/errors.ts';
import { acceptedKeys, type KeyEntry, publishedOf } from '../../../domain/secrets/keyset.ts';
import { type Leaving, leave, left } from '../../../domain/secrets/leaving.ts';
import { type Change, nextValue } from '../../../domain/secrets/next-value.ts';
import {
  type KeysetValue,
  parseSecretValue,
  serializeSecretValue,
} from '../../../domain/secrets/secret-value.ts';
import {
  at,
  change,
  counting,
  jwtSettings,
  encryptionSettings as settings,
  start,
} from './rotations.ts';

const stored = (value: KeysetValue): KeysetValue => {
  const again = parseSecretValue(serializeSecretValue(value, settings), settings);
  if (again.shape !== 'keyset') throw new Error('plain');
  return again;
};
const planned = async (current: KeysetValue, more: Partial<Change> = {}) =>
  stored(await nextValue(settings, { current }, change('planned', more)));
const activated = async (current: KeysetValue, seconds: number) => {
  const activateKid = publishedOf(current.keyset)?.kid ?? '';
  return stored(
    await nextValue(settings, { current }, change('activate', { activateKid, now: at(seconds) })),
  );
};
/** planned, with the oldest key going this way. */
const leaving = (act: 'disable' | 'prune', now: Date): Partial<Change> => ({
  now,
  leaving: ({ keys }): Leaving => new Map([[keys.at(-1)?.kid ?? '', act]]),
});
const oldest = ({ keyset }: KeysetValue) => keyset.keys.at(-1) as KeyEntry;

/** One key used and left, then disabled, then pruned; every value on the way. */
async function generations() {
  const one = await stored(await nextValue(settings, {}, change('planned')));
  const two = await activated(await planned(one), 60);
  const disabled = await planned(two, leaving('disable', at(120)));
  const three = await activated(disabled, 180);
  const pruned = await planned(three, leaving('prune', at(240)));
  return { one, two, disabled, three, pruned };
}

describe('a key that leaves its keyset', () => {
  test('is refused by readers first, and gone but for its name and dates later', async () => {
    const { one, two, disabled, three, pruned } = await generations();
    const { kid, createdAt } = oldest(one);
    const isAccepted = ({ keyset }: KeysetValue) =>
      acceptedKeys(keyset, start).some((entry) => entry.kid === kid);
    expect([one, two, disabled, three, pruned].map(isAccepted)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(oldest(disabled)).toMatchObject({ state: 'disabled', key: oldest(one).key });
    expect(oldest(pruned)).toEqual({
      kid,
      state: 'pruned',
      createdAt,
      primarySince: createdAt,
      disabledAt: at(120).toISOString(),
      prunedAt: at(240).toISOString(),
    });
    expect(left(two.keyset, disabled.keyset)).toEqual({ disabled: [kid], pruned: [] });
    expect(left(three.keyset, pruned.keyset)).toEqual({ disabled: [], pruned: [kid] });
    expect(left(pruned.keyset, pruned.keyset)).toEqual({ disabled: [], pruned: [] });
  });

  test.each([
    ['prune', 'decryptOnly'],
    ['disable', 'primary'],
    ['disable', 'published'],
  ] as const)('cannot %s while it is %s', async (act, state) => {
    const { two } = await generations();
    const { keyset } = await planned(two);
    const { kid } = keyset.keys.find((entry) => entry.state === state) as KeyEntry;
    expect(() => leave(keyset, new Map([[kid, act]]), start)).toThrow(TransitionRefusedError);
    expect(() => leave(keyset, new Map([['0000000000000000', act]]), start)).toThrow('not in the');
  });

  test('is none of jwt: those are revoked when their last token has run out', async () => {
    const { keyset } = await nextValue(jwtSettings, {}, change('planned'));
    const { kid } = keyset.keys[0] as KeyEntry;
    expect(() => leave(keyset, new Map([[kid, 'disable']]), start)).toThrow(TransitionRefusedError);
  });

  test('leaves with a planned rotation alone', async () => {
    const { two } = await generations();
    const all: Partial<Change> = leaving('disable', at(300));
    const back = await nextValue(
      settings,
      { current: await planned(two), previous: two },
      change('rollback', { restore: two, ...all }),
    );
    const leaked = await nextValue(settings, { current: two }, change('emergency', all));
    for (const { keyset } of [back, leaked]) {
      expect(keyset.keys.map(({ state }) => state)).not.toContain('disabled');
    }
  });
});

describe('a value that a key has left', () => {
  test('has lost nothing, although older versions still hold the bytes', async () => {
    const { one, two, disabled, three, pruned } = await generations();
    const versions = { current: pruned, previous: three, labelled: [disabled, two, one] };
    const next = await nextValue(
      settings,
      versions,
      change('activate', { activateKid: publishedOf(pruned.keyset)?.kid ?? '' }),
    );
    expect(oldest(next)).toEqual(oldest(pruned));
  });

  test('and a value without even its name is a loss: two writers never drop a key', async () => {
    const { one, three } = await generations();
    const { kid } = oldest(one);
    const without = {
      ...three,
      keyset: { ...three.keyset, keys: three.keyset.keys.filter((key) => key.kid !== kid) },
    };
    await expect(
      nextValue(settings, { current: without, previous: three }, change('planned')),
    ).rejects.toThrow(KeysetLostError);
  });

  test.each([
    ['current', 'the other is older'],
    ['labelled', 'the other is AWSCURRENT, put back by hand'],
  ] as const)(
    'keeps it gone in the union of an emergency when it is %s and %s',
    async (where, _other) => {
      const { one, two, three, pruned } = await generations();
      const versions =
        where === 'current'
          ? { current: pruned, previous: three, labelled: [two, one] }
          : { current: two, labelled: [pruned] };
      const { keyset } = await nextValue(settings, versions, change('emergency'));
      const entry = keyset.keys.find(({ kid }) => kid === oldest(one).kid);
      expect(entry).toMatchObject({ state: 'pruned', neverPrimary: true });
      expect(entry?.key).toBeUndefined();
    },
  );

  test('leaves from no state that its kind does not have', async () => {
    const { one } = await generations();
    const { kid } = oldest(one);
    const mixed = { ...one.keyset, alg: 'HS512' } as const;
    const keys = mixed.keys.map((entry) => ({ ...entry, state: 'decryptOnly' }) as const);
    expect(() => leave({ ...mixed, keys }, new Map([[kid, 'disable']]), start)).toThrow(
      `Key ${kid} is decryptOnly and cannot become disabled.`,
    );
  });

  test('keeps a disabled key refused in the union of an emergency', async () => {
    const { two, disabled } = await generations();
    const { keyset } = await nextValue(
      settings,
      { current: two, labelled: [disabled] },
      change('emergency'),
    );
    expect(keyset.keys.find(({ kid }) => kid === oldest(two).kid)?.state).toBe('disabled');
  });

  test.each(['disabled', 'pruned'] as const)(
    'does not go back to a key that is %s',
    async (state) => {
      const made = await generations();
      const current = state === 'disabled' ? made.three : made.pruned;
      const back = nextValue(
        settings,
        { current, previous: made.two, labelled: [made.one] },
        change('rollback', { restore: made.one }),
      );
      await expect(back).rejects.toThrow(`cannot become primary: it is ${state}`);
    },
  );

  test('does not go back to a plain value whose key was adopted and is pruned', async () => {
    const plain = parseSecretValue((await counting(32)).toString('base64'), settings);
    const one = stored(await nextValue(settings, { current: plain }, change('planned')));
    const two = await activated(one, 60);
    const disabled = await planned(two, leaving('disable', at(120)));
    const pruned = await planned(await activated(disabled, 180), leaving('prune', at(240)));
    expect(oldest(pruned)).toMatchObject({ state: 'pruned', adopted: true });
    const back = nextValue(
      settings,
      { current: pruned, previous: disabled },
      change('rollback', { restore: plain }),
    );
    await expect(back).rejects.toThrow('it is pruned');
  });
});
