import { describe, expect, test } from '@jest/globals';
import {
  KeysetLostError,
  KidCollisionError,
  TransitionRefusedError,
  ValueTooLargeError,
} from '../../../domain/secrets/errors.ts';
import { acceptedKeys, primaryOf, publishedOf } from '../../../domain/secrets/keyset.ts';
import { type Change, nextValue, plannedBytes } from '../../../domain/secrets/next-value.ts';
import { type KeysetValue, parseSecretValue } from '../../../domain/secrets/secret-value.ts';
import { at, change, counting, encryptionSettings, jwtSettings, start } from './rotations.ts';

const plain = async () =>
  parseSecretValue((await counting(32)).toString('base64'), encryptionSettings);

for (const settings of [jwtSettings, encryptionSettings]) {
  const kind = settings.alg === 'HS512' ? 'jwt' : 'encryption';
  const readable = kind === 'jwt' ? 'verifyOnly' : 'decryptOnly';

  const first = () => nextValue(settings, {}, change('planned'));
  const publish = (current: KeysetValue, more: Partial<Change> = {}) =>
    nextValue(settings, { current }, change('planned', more));
  const activate = (current: KeysetValue, more: Partial<Change> = {}) => {
    const kid = publishedOf(current.keyset)?.kid ?? '';
    return nextValue(settings, { current }, change('activate', { activateKid: kid, ...more }));
  };
  const rollback = (current: KeysetValue, restore: KeysetValue, more: Partial<Change> = {}) =>
    nextValue(settings, { current, previous: restore }, change('rollback', { restore, ...more }));
  const emergency = (current: KeysetValue, more: Partial<Change> = {}) =>
    nextValue(settings, { current }, change('emergency', more));
  const states = ({ keyset }: KeysetValue) => keyset.keys.map(({ state }) => state);

  describe(`the next ${kind} keyset`, () => {
    test('of an uninitialised secret has one key, primary at once', async () => {
      const value = await first();
      expect(states(value)).toEqual(['primary']);
      expect(value.keyset).toMatchObject({ alg: settings.alg, rotation: { intent: 'planned' } });
      expect(value.keyset.keys[0]).toMatchObject({ primarySince: start.toISOString() });
    });

    test('of a planned rotation publishes a key and leaves the primary alone', async () => {
      const one = await first();
      const two = await publish(one);
      expect(states(two)).toEqual(['published', 'primary']);
      expect(two.keyset.keys[1]).toEqual(one.keyset.keys[0]);
      expect(two.keyset.keys[0]).not.toHaveProperty('primarySince');
    });

    test('is refused to a planned rotation while a key awaits activation', async () => {
      await expect(publish(await publish(await first()))).rejects.toThrow('awaits activation');
    });

    test('of an activation has the published key as primary, and the old one readable', async () => {
      const two = await publish(await first());
      const three = await activate(two, { now: at(60) });
      expect(states(three)).toEqual(['primary', readable]);
      expect(primaryOf(three.keyset).primarySince).toBe(at(60).toISOString());
      expect(three.keyset.keys[1]?.acceptUntil).toBe(
        kind === 'jwt' ? at(60 + 3600).toISOString() : undefined,
      );
    });

    test('is refused to an activation of a key that is not published', async () => {
      const one = await first();
      const [key] = one.keyset.keys;
      const again = { activateKid: key?.kid ?? '' };
      await expect(activate(one, again)).rejects.toThrow('not the published key');
      await expect(activate(await publish(one), again)).rejects.toThrow('not the published key');
      const { keyset } = await publish(one);
      const nameless = nextValue(
        settings,
        { current: { shape: 'keyset', keyset, others: new Map() } },
        change('activate'),
      );
      await expect(nameless).rejects.toThrow('names no key');
    });

    test('is refused to an activation of a compromised key', async () => {
      const two = await publish(await first());
      const compromised = new Set([publishedOf(two.keyset)?.kid ?? '']);
      await expect(activate(two, { compromised })).rejects.toThrow('compromised');
    });

    test('of a rollback before activation withdraws the published key for good', async () => {
      const one = await first();
      const back = await rollback(await publish(one), one);
      expect(states(back)).toEqual([readable, 'primary']);
      expect(primaryOf(back.keyset)).toEqual(primaryOf(one.keyset));
      expect(back.keyset.keys[0]).toMatchObject({ neverPrimary: true });
      const withdrawn = {
        ...one,
        keyset: { ...one.keyset, keys: [{ ...back.keyset.keys[0], state: 'primary' }] },
      };
      await expect(rollback(back, withdrawn as KeysetValue)).rejects.toThrow('withdrawn before');
    });

    test('of a rollback after activation swaps primary and readable, and may swap them again', async () => {
      const two = await publish(await first());
      const three = await activate(two, { now: at(60) });
      const back = await rollback(three, two, { now: at(120) });
      expect(states(back)).toEqual([readable, 'primary']);
      expect(primaryOf(back.keyset).kid).toBe(primaryOf(two.keyset).kid);
      expect(primaryOf(back.keyset)).not.toHaveProperty('acceptUntil');
      const forth = await rollback(back, three, { now: at(180) });
      expect(primaryOf(forth.keyset).kid).toBe(primaryOf(three.keyset).kid);
    });

    test('is refused to a rollback that changes nothing, and to compromised material', async () => {
      const two = await publish(await first());
      const three = await activate(two);
      await expect(rollback(three, three)).rejects.toThrow('primary already');
      const compromised = new Set([primaryOf(two.keyset).kid]);
      await expect(rollback(three, two, { compromised })).rejects.toThrow('compromised');
      const nothing = nextValue(settings, { current: three }, change('rollback'));
      await expect(nothing).rejects.toThrow('no earlier version');
    });

    test('of an emergency has a new primary, and no earlier key ever becomes primary again', async () => {
      const one = await first();
      const two = await publish(one);
      const after = await emergency(two);
      const left = kind === 'jwt' ? 'revoked' : 'decryptOnly';
      expect(states(after)).toEqual(['primary', left, left]);
      expect(acceptedKeys(after.keyset, start)).toHaveLength(kind === 'jwt' ? 1 : 3);
      for (const restore of [one, two]) {
        await expect(rollback(after, restore)).rejects.toThrow(TransitionRefusedError);
      }
    });

    test('of an emergency unites every keyset found, also beside a lost current', async () => {
      const one = await first();
      const two = await activate(await publish(one));
      const pinned = await publish(two);
      const lost = await first();
      const united = await nextValue(
        settings,
        { current: lost, previous: one, labelled: [pinned, two] },
        change('emergency', { rotatedBefore: true }),
      );
      const kids = united.keyset.keys.map(({ kid }) => kid);
      for (const { keyset } of [one, two, pinned, lost]) {
        expect(kids).toEqual(expect.arrayContaining(keyset.keys.map(({ kid }) => kid)));
      }
      expect(states(united).filter((state) => state === 'primary')).toHaveLength(1);
    });

    test('is refused when AWSCURRENT lacks a key of an earlier version', async () => {
      const one = await first();
      const current = await first();
      for (const held of [{ previous: one }, { labelled: [one] }]) {
        const planned = nextValue(settings, { current, ...held }, change('planned'));
        await expect(planned).rejects.toThrow(KeysetLostError);
      }
    });

    test('keeps a key that only a pinned version had published, withdrawn', async () => {
      const one = await first();
      const pinned = await publish(one);
      const two = await nextValue(
        settings,
        { current: one, labelled: [pinned] },
        change('planned'),
      );
      const kept = two.keyset.keys.find(({ kid }) => kid === publishedOf(pinned.keyset)?.kid);
      expect(kept).toMatchObject({
        // Nobody signed with it, so there is no token to wait for.
        state: kind === 'jwt' ? 'revoked' : 'decryptOnly',
        neverPrimary: true,
      });
      expect(publishedOf(two.keyset)).toBeDefined();
    });

    test('is refused when the marker of a new secret stands beside anything older', async () => {
      const one = await first();
      for (const held of [{ previous: one }, { labelled: [one] }]) {
        await expect(nextValue(settings, held, change('planned'))).rejects.toThrow(KeysetLostError);
      }
      const planned = nextValue(settings, {}, change('planned', { rotatedBefore: true }));
      await expect(planned).rejects.toThrow(KeysetLostError);
      const activation = nextValue(settings, {}, change('activate', { activateKid: 'x' }));
      await expect(activation).rejects.toThrow('never rotated');
    });

    test('is refused when the random source repeats itself', async () => {
      const bytes = await counting(64);
      const random = async (count: number) => bytes.subarray(0, count);
      const current = await nextValue(settings, {}, change('planned', { random }));
      for (const intent of ['planned', 'emergency'] as const) {
        const again = nextValue(settings, { current }, change(intent, { random }));
        await expect(again).rejects.toThrow(KidCollisionError);
      }
    });

    test('grows to 48 KB by planned rotations, and an emergency still fits then', async () => {
      const one = await first();
      const current: KeysetValue = {
        ...one,
        others: new Map([['n', `"${'x'.repeat(plannedBytes)}"`]]),
      };
      await expect(publish(current)).rejects.toThrow(ValueTooLargeError);
      expect(states(await emergency(current))).toHaveLength(2);
      const full: KeysetValue = { ...one, others: new Map([['n', `"${'x'.repeat(65_000)}"`]]) };
      await expect(emergency(full)).rejects.toThrow('65536');
    });
  });
}

describe('a verifyOnly key', () => {
  test('is revoked by the first rotation after its last token has run out, and not before', async () => {
    const run = (current: KeysetValue, more: Partial<Change>) =>
      nextValue(jwtSettings, { current }, change('planned', more));
    const one = await nextValue(jwtSettings, {}, change('planned'));
    const two = await run(one, {});
    const activateKid = publishedOf(two.keyset)?.kid ?? '';
    const three = await run(two, { intent: 'activate', activateKid });
    const old = primaryOf(one.keyset).kid;
    const early = await run(three, { now: at(3599) });
    expect(early.keyset.keys.find(({ kid }) => kid === old)?.state).toBe('verifyOnly');
    const late = await run(three, { now: at(3600) });
    const tombstone = late.keyset.keys.find(({ kid }) => kid === old);
    expect(tombstone).toMatchObject({ state: 'revoked', revokedAt: at(3600).toISOString() });
    expect(tombstone).not.toHaveProperty('key');
    const restore = change('rollback', { restore: one, now: at(3601) });
    await expect(nextValue(jwtSettings, { current: late }, restore)).rejects.toThrow(
      'it is revoked',
    );
  });
});

describe('a plain value', () => {
  test('that never was a keyset is adopted under a random kid, and a key is published beside it', async () => {
    const current = await plain();
    const next = await nextValue(encryptionSettings, { current }, change('planned'));
    expect(next.keyset.keys.map(({ state }) => state)).toEqual(['published', 'primary']);
    const { adopted, kid, key } = primaryOf(next.keyset);
    expect(adopted).toBe(true);
    expect(current.shape === 'plain' && key.equals(current.key)).toBe(true);
    const again = await nextValue(encryptionSettings, { current }, change('planned'));
    expect(primaryOf(again.keyset).kid).not.toBe(kid);
  });

  test('written over a keyset is not adopted, and an emergency keeps it readable', async () => {
    const previous = await nextValue(encryptionSettings, {}, change('planned'));
    const current = await plain();
    for (const held of [{ previous }, { labelled: [previous] }]) {
      const planned = nextValue(encryptionSettings, { current, ...held }, change('planned'));
      await expect(planned).rejects.toThrow(KeysetLostError);
    }
    const remembered = change('planned', { rotatedBefore: true });
    await expect(nextValue(encryptionSettings, { current }, remembered)).rejects.toThrow(
      KeysetLostError,
    );
    const saved = await nextValue(encryptionSettings, { current, previous }, change('emergency'));
    expect(acceptedKeys(saved.keyset, start)).toHaveLength(3);
  });

  test('with the key a keyset already has adds nothing in an emergency', async () => {
    const previous = await nextValue(encryptionSettings, {}, change('planned'));
    const { key } = primaryOf(previous.keyset);
    const current = parseSecretValue(key.export().toString('base64'), encryptionSettings);
    const saved = await nextValue(encryptionSettings, { current, previous }, change('emergency'));
    expect(saved.keyset.keys).toHaveLength(2);
  });

  test('can be gone back to under the kid its key was adopted with', async () => {
    const restore = await plain();
    const two = await nextValue(encryptionSettings, { current: restore }, change('planned'));
    const activateKid = publishedOf(two.keyset)?.kid ?? '';
    const three = await nextValue(
      encryptionSettings,
      { current: two },
      change('activate', { activateKid }),
    );
    const back = await nextValue(
      encryptionSettings,
      { current: three, labelled: [restore] },
      change('rollback', { restore }),
    );
    expect(primaryOf(back.keyset).adopted).toBe(true);
    const stranger = change('rollback', { restore: await plain() });
    await expect(nextValue(encryptionSettings, { current: three }, stranger)).rejects.toThrow(
      KeysetLostError,
    );
  });
});
