import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SecretValueError } from '../../../domain/secrets/errors.ts';
import { isTombstone, type KeyState, transitionsOf } from '../../../domain/secrets/key-states.ts';
import { kindOf, primaryOf, publishedOf } from '../../../domain/secrets/keyset.ts';
import {
  type Change,
  type NextValueSettings,
  nextValue,
} from '../../../domain/secrets/next-value.ts';
import {
  type KeysetValue,
  parseSecretValue,
  serializeSecretValue,
} from '../../../domain/secrets/secret-value.ts';
import { at, change, encryptionSettings, jwtSettings } from './rotations.ts';

/** One request of a rotation: intent, which older version a rollback names, how long after the last. */
const requests = fc.array(
  fc.record({
    intent: fc.constantFrom('planned', 'activate', 'activate', 'rollback', 'emergency' as const),
    back: fc.nat({ max: 6 }),
    seconds: fc.constantFrom(1, 600, 4000),
    /** The rotation stops before promotion; its value stays behind under a pin. */
    pinned: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

interface History {
  /** Promoted values, newest first: AWSCURRENT, AWSPREVIOUS, dated ones. */
  promoted: KeysetValue[];
  pins: KeysetValue[];
}

/** May a key go from one state to another in one rotation, possibly by way of others? */
function reachable(
  from: KeyState,
  to: KeyState,
  table: Partial<Record<KeyState, readonly KeyState[]>>,
): boolean {
  return (
    from === to || (table[from] ?? []).some((next) => next === to || table[next]?.includes(to))
  );
}

function check(before: KeysetValue, after: KeysetValue, intent: Change['intent']): void {
  const table = transitionsOf[kindOf(after.keyset)];
  const states = after.keyset.keys.map(({ state }) => state);
  expect(states.filter((state) => state === 'primary')).toHaveLength(1);
  for (const old of before.keyset.keys) {
    const now = after.keyset.keys.find(({ kid }) => kid === old.kid);
    expect(now).toBeDefined();
    if (now === undefined) {
      return;
    }
    const backward = intent === 'rollback' && now.state === 'primary';
    expect(
      backward || old.state === now.state || !(now.state === 'primary' && intent !== 'activate'),
    ).toBe(true);
    expect(reachable(old.state, now.state, table)).toBe(true);
    expect(isTombstone(old.state) && now.state !== old.state).toBe(false);
    expect(old.neverPrimary === true && now.state === 'primary').toBe(false);
    expect(now.key !== undefined || isTombstone(now.state)).toBe(true);
    // Rows need every encryption key; only pruning, which is no intent of these, removes one.
    expect(kindOf(after.keyset) === 'encryption' && now.key === undefined).toBe(false);
  }
}

async function run(
  settings: NextValueSettings,
  list: typeof requests extends fc.Arbitrary<infer T> ? T : never,
) {
  const history: History = {
    promoted: [await nextValue(settings, {}, change('planned'))],
    pins: [],
  };
  const leaked = new Set<string>();
  let clock = 0;
  let done = 0;
  for (const { intent, back, seconds, pinned } of list) {
    clock += seconds;
    const [current, previous, ...labelled] = history.promoted as [KeysetValue, ...KeysetValue[]];
    const restore = history.promoted[back] ?? current;
    const activateKid = publishedOf(current.keyset)?.kid;
    const request = change(intent, {
      now: at(clock),
      rotatedBefore: true,
      ...(intent === 'rollback' ? { restore } : {}),
      ...(activateKid === undefined ? {} : { activateKid }),
    });
    let next: KeysetValue;
    try {
      const held = {
        current,
        ...(previous && { previous }),
        labelled: [...history.pins, ...labelled],
      };
      next = await nextValue(settings, held, request);
    } catch (error) {
      expect(error).toBeInstanceOf(SecretValueError);
      continue;
    }
    done += 1;
    check(current, next, intent);
    expect(leaked).not.toContain(primaryOf(next.keyset).kid);
    const text = serializeSecretValue(next, settings);
    expect(serializeSecretValue(parseSecretValue(text, settings), settings)).toBe(text);
    if (intent === 'emergency') {
      // Whatever a value held, in use or only published, counts as leaked.
      for (const { keyset } of [...history.promoted, ...history.pins]) {
        for (const { kid } of keyset.keys) {
          leaked.add(kid);
        }
      }
      const kids = new Set(next.keyset.keys.map(({ kid }) => kid));
      expect([...leaked].filter((kid) => !kids.has(kid))).toEqual([]);
    }
    if (pinned && intent === 'planned') {
      history.pins = [next];
    } else {
      history.promoted.unshift(next);
    }
  }
  return done;
}

describe.each([
  ['jwt', jwtSettings],
  ['encryption', encryptionSettings],
])('any sequence of rotations of a %s keyset', (_kind, settings) => {
  test('keeps one primary, loses no key, moves states forward, and never returns to a leaked key', async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(requests, async (list) => {
        done += await run(settings, list);
      }),
      { numRuns: 150 },
    );
    // Most requests are refused for a reason; enough of them must have been carried out.
    expect(done).toBeGreaterThan(300);
  });
});
