import { describe, expect, test } from '@jest/globals';
import { textLength } from '../../../domain/secrets/encoding.ts';
import {
  acceptedKeys,
  disabledKids,
  keysetToJson,
  parseKeyset,
  primaryOf,
} from '../../../domain/secrets/keyset.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import {
  type Json,
  maximumValueBytes,
  parseJsonDocument,
} from '../../../domain/secrets/strict-json.ts';

const restore =
  ' Nothing was changed: correct the value of this version, or restore it from AWSPREVIOUS or a dated version.';
const instant = '2026-01-05T03:00:01.000Z';
// The same in every run: titles name their kids.
const bytes = [Buffer.alloc(32, 'one key'), Buffer.alloc(32, 'another key')] as const;

// biome-ignore lint/suspicious/noExplicitAny: what is wrong with a document is any JSON
type Loose = any;

/** A keyset of two keys as it is stored. */
const stored = (): Loose => ({
  version: 1,
  alg: 'A256GCM',
  encoding: 'base64',
  basedOn: '00000000-0000-4000-8000-000000000001',
  rotation: { intent: 'planned', token: 't1' },
  keys: [
    {
      kid: kidOf(bytes[0]),
      k: bytes[0].toString('base64'),
      state: 'primary',
      createdAt: instant,
      primarySince: instant,
    },
    {
      kid: kidOf(bytes[1]),
      k: bytes[1].toString('base64'),
      state: 'decryptOnly',
      createdAt: instant,
    },
  ],
});

function parsed(change: (keyset: Loose, keys: [Loose, Loose]) => void) {
  const keyset = stored();
  change(keyset, keyset.keys);
  const { members } = parseJsonDocument(JSON.stringify({ keyset }));
  return parseKeyset(members.get('keyset')?.value as Json);
}
const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no refusal';
};

describe('a keyset is refused by words that name the place and no content', () => {
  const second = 'keyset.keys[1]';
  test.each<[string, (keyset: Loose, keys: [Loose, Loose]) => void]>([
    [
      'keyset.version is not 1; update Quarterturn and @quarterturn/client first.',
      (keyset) => {
        keyset.version = 2;
      },
    ],
    [
      `keyset has a member that version 1 does not know.${restore}`,
      (keyset) => {
        keyset.more = 'hunter2';
      },
    ],
    [
      `keyset.basedOn is not a version id.${restore}`,
      (keyset) => {
        keyset.basedOn = '';
      },
    ],
    [
      `keyset.basedOn is not a version id.${restore}`,
      (keyset) => {
        keyset.basedOn = 7;
      },
    ],
    [
      `keyset.keys is not a list.${restore}`,
      (keyset) => {
        keyset.keys = {};
      },
    ],
    [
      `keyset.encoding is not one of base64, base64url, hex, text.${restore}`,
      (keyset) => {
        keyset.encoding = 'base32';
      },
    ],
    [
      `keyset.rotation is not an object.${restore}`,
      (keyset) => {
        keyset.rotation = 'planned';
      },
    ],
    [
      `keyset.rotation holds something else than text, numbers and booleans.${restore}`,
      (keyset) => {
        keyset.rotation.more = ['hunter2'];
      },
    ],
    [
      `keyset.rotation lacks intent or token.${restore}`,
      (keyset) => {
        keyset.rotation.token = 7;
      },
    ],
    [
      `keyset.rotation lacks intent or token.${restore}`,
      (keyset) => {
        delete keyset.rotation.intent;
      },
    ],
    [
      `${second} is not an object.${restore}`,
      (_, keys) => {
        keys[1] = 'hunter2';
      },
    ],
    [
      `${second} has a member that version 1 does not know.${restore}`,
      (_, keys) => {
        keys[1].more = 'hunter2';
      },
    ],
    ...['A'.repeat(16), '0'.repeat(15), '0'.repeat(17), ['0'.repeat(16)], 7, undefined].map(
      (kid): [string, (keyset: Loose, keys: [Loose, Loose]) => void] => [
        `${second}.kid is not 16 lower-case hex digits.${restore}`,
        (_, keys) => {
          keys[1].kid = kid;
        },
      ],
    ),
    [
      `${second}.state is not one of published, primary, decryptOnly, disabled, pruned.${restore}`,
      (_, keys) => {
        keys[1].state = 'verifyOnly';
      },
    ],
    ...['2026-01-05', '2026-01-05T03:00:01Z', 'soon', [instant], null, 7].map(
      (createdAt): [string, (keyset: Loose, keys: [Loose, Loose]) => void] => [
        `${second}.createdAt is not an instant like 2026-05-17T17:00:02.000Z.${restore}`,
        (_, keys) => {
          keys[1].createdAt = createdAt;
        },
      ],
    ),
    [
      `${second} (decryptOnly) lacks createdAt.${restore}`,
      (_, keys) => {
        delete keys[1].createdAt;
      },
    ],
    [
      `${second} (disabled) lacks disabledAt.${restore}`,
      (_, keys) => {
        keys[1].state = 'disabled';
      },
    ],
    [
      `keyset.keys[0] (primary) lacks primarySince.${restore}`,
      (_, keys) => {
        delete keys[0].primarySince;
      },
    ],
    [
      `${second} (revoked) lacks revokedAt.${restore}`,
      (keyset, keys) => {
        keyset.alg = 'HS256';
        keys[1].state = 'revoked';
      },
    ],
    [
      `${second} (verifyOnly) lacks acceptUntil.${restore}`,
      (keyset, keys) => {
        keyset.alg = 'HS256';
        keys[1].state = 'verifyOnly';
      },
    ],
    [
      `${second} (pruned) lacks prunedAt.${restore}`,
      (_, keys) => {
        keys[1].state = 'pruned';
      },
    ],
    [
      `${second} (decryptOnly) has acceptUntil, which belongs to verifyOnly.${restore}`,
      (_, keys) => {
        keys[1].acceptUntil = instant;
      },
    ],
    ...['adopted', 'neverPrimary'].map(
      (flag): [string, (keyset: Loose, keys: [Loose, Loose]) => void] => [
        `${second}.${flag} is not true; leave it out instead.${restore}`,
        (_, keys) => {
          keys[1][flag] = false;
        },
      ],
    ),
    [
      `keyset.keys[0] (primary) is marked neverPrimary.${restore}`,
      (_, keys) => {
        keys[0].neverPrimary = true;
      },
    ],
    [
      `${second} (published) is marked neverPrimary.${restore}`,
      (_, keys) => {
        Object.assign(keys[1], { state: 'published', neverPrimary: true });
      },
    ],
    [
      `${second} is pruned but still has its key; remove k.${restore}`,
      (_, keys) => {
        Object.assign(keys[1], { state: 'pruned', prunedAt: instant });
      },
    ],
    [
      `${second} (decryptOnly) has no key.${restore}`,
      (_, keys) => {
        delete keys[1].k;
      },
    ],
    ...[31, 33].map((length): [string, (keyset: Loose, keys: [Loose, Loose]) => void] => [
      `${second} has ${length} bytes, A256GCM needs 32.${restore}`,
      (_, keys) => {
        keys[1].k = Buffer.alloc(length, 7).toString('base64');
      },
    ]),
    [
      `${second}: kid 00000000000000aa does not belong to this key: it is damaged or was exchanged.${restore}`,
      (_, keys) => {
        keys[1].kid = '00000000000000aa';
      },
    ],
    [
      `The keyset has 0 primary keys, expected exactly one.${restore}`,
      (_, keys) => {
        keys[0].state = 'decryptOnly';
      },
    ],
    [
      `The keyset has 2 primary keys, expected exactly one.${restore}`,
      (_, keys) => {
        Object.assign(keys[1], { state: 'primary', primarySince: instant });
      },
    ],
    [
      `kid ${kidOf(bytes[0])} is in the keyset twice; a kid is never reused. Restore the value of the version before.`,
      (_, keys) => {
        keys[1] = { ...keys[0], state: 'decryptOnly' };
      },
    ],
    [
      `kid 00000000000000aa holds the same key as another kid.${restore}`,
      (_, keys) => {
        Object.assign(keys[1], { kid: '00000000000000aa', adopted: true, k: keys[0].k });
      },
    ],
  ])('%s', (message, change) => {
    expect(messageOf(() => parsed(change))).toBe(message);
  });

  test.each([
    ['A256GCM', 'pruned', 'prunedAt'],
    ['HS256', 'revoked', 'revokedAt'],
  ])(
    'and of %s a key that is %s reads with its date, and without its bytes',
    (alg, state, date) => {
      const keyset = parsed((it, keys) => {
        const { k: _gone, ...rest } = keys[1];
        it.alg = alg;
        it.keys = [keys[0], { ...rest, state, [date]: instant }];
      });
      const kid = kidOf(bytes[1]);
      expect(keyset.keys[1]).toEqual({ kid, state, createdAt: instant, [date]: instant });
    },
  );

  test('and as it is stored it reads, and is written again as it was', () => {
    const keyset = parsed(() => undefined);
    expect(JSON.parse(JSON.stringify(keysetToJson(keyset)))).toEqual(stored());
    expect(parsed((it) => delete it.basedOn)).not.toHaveProperty('basedOn');
  });
});

describe('the keys a reader may use', () => {
  const states = (now: string, change: (keyset: Loose, keys: [Loose, Loose]) => void) =>
    acceptedKeys(parsed(change), new Date(now)).map(({ state }) => state);

  test('are all that open, the primary first, and none that is disabled', () => {
    const turned = (keyset: Loose) => keyset.keys.reverse();
    expect(states(instant, turned)).toEqual(['primary', 'decryptOnly']);
    const disabled = (_: Loose, keys: [Loose, Loose]) =>
      Object.assign(keys[1], { state: 'disabled', disabledAt: instant });
    expect(states(instant, disabled)).toEqual(['primary']);
  });

  test('keep their order behind the primary', () => {
    const third = Buffer.alloc(32, 'a third key');
    const among = (place: number) => (keyset: Loose, keys: [Loose, Loose]) => {
      const old = { ...keys[1], kid: kidOf(third), k: third.toString('base64') };
      keyset.keys = [keys[1], old].toSpliced(place, 0, keys[0]);
    };
    for (const place of [0, 1, 2]) {
      const accepted = acceptedKeys(parsed(among(place)), new Date(instant));
      expect(accepted.map(({ kid }) => kid)).toEqual([...bytes, third].map(kidOf));
    }
  });

  test('are beside those that are refused, which are known by name', () => {
    const disabled = (_: Loose, keys: [Loose, Loose]) =>
      Object.assign(keys[1], { state: 'disabled', disabledAt: instant });
    expect(disabledKids(parsed(disabled))).toEqual([kidOf(bytes[1])]);
    expect(disabledKids(parsed(() => undefined))).toEqual([]);
  });

  test('have one primary, with its bytes, or there is nothing to work with', () => {
    const keyset = parsed(() => undefined);
    expect(primaryOf(keyset)).toEqual(keyset.keys[0]);
    const { key: _none, ...bare } = primaryOf(keyset);
    for (const keys of [[], keyset.keys.slice(1), [bare]]) {
      expect(messageOf(() => primaryOf({ ...keyset, keys }))).toBe(
        `The keyset has no primary key.${restore}`,
      );
    }
  });

  test('may be text: 256 bits of it are 43 characters, more bytes than a key of AES has', () => {
    const text = 'x'.repeat(textLength(256));
    const longer = (keyset: Loose, keys: [Loose, Loose]) => {
      keyset.encoding = 'text';
      keyset.keys = [{ ...keys[0], kid: kidOf(Buffer.from(text)), k: text }];
    };
    expect(primaryOf(parsed(longer)).key.export().toString()).toBe(text);
  });

  test('verify until the instant that is written, and not at it', () => {
    const jwt = (keyset: Loose, keys: [Loose, Loose]) => {
      keyset.alg = 'HS256';
      Object.assign(keys[1], { state: 'verifyOnly', acceptUntil: instant });
    };
    expect(states('2026-01-05T03:00:00.999Z', jwt)).toEqual(['primary', 'verifyOnly']);
    expect(states(instant, jwt)).toEqual(['primary']);
  });
});

describe('JSON that is not exactly one object is refused, and never quoted', () => {
  const broken = `The value is not well-formed JSON (RFC 8259).${restore}`;
  test.each<[string, string]>([
    [
      '\ufeff{}',
      `The value starts with a byte order mark; store it without (RFC 8259 section 8.1).${restore}`,
    ],
    [`{"a":"${'x'.repeat(maximumValueBytes)}"}`, `The value is longer than 65536 bytes.${restore}`],
    ['[]', `The value is JSON but not an object; expected one.${restore}`],
    ['"hunter2"', `The value is JSON but not an object; expected one.${restore}`],
    [
      '{"a":1,"a":2}',
      `A JSON member is there twice (RFC 8259 section 4); keep one of the two.${restore}`,
    ],
    ['{"__proto__":1}', `A JSON member is named "__proto__"; remove it.${restore}`],
    ['{"a":"\\ud800"}', `The value contains half a surrogate pair: not Unicode text.${restore}`],
    [
      `{"a":${'['.repeat(33)}${']'.repeat(33)}}`,
      `The value is nested deeper than 32 levels.${restore}`,
    ],
    ['', `The value is JSON but not an object; expected one.${restore}`],
    ['{', broken],
    ['{} {}', broken],
    ['{"a" 1}', broken],
    ['{"a",1}', broken],
    ['{"a"{1}', broken],
    ['{"a":1:"b":2}', broken],
    ['{"a":[1:2]}', broken],
    ['{"a":1 "b":2}', broken],
    ['{"a":1,}', broken],
    ['{,"a":1}', broken],
    ['{1:1}', broken],
    ['{"a":}', broken],
    ['{"a":]}', broken],
    ['{"a":[1 2]}', broken],
    ['{"a":[1,]}', broken],
    ['{"a":[,1]}', broken],
    ['{"a":01}', broken],
    ['{"a":1.}', broken],
    ['{"a":"\t"}', broken],
    ['{"a":tru}', broken],
    ['{"a":"}"', broken],
    ['{"a":"]"', broken],
    ['{"a":["]"}', broken],
    ['hunter2', broken],
  ])('%j', (source, message) => {
    expect(messageOf(() => parseJsonDocument(source))).toBe(message);
  });

  test('and what is one is read as it stands, with the text of each member', () => {
    const source = ' {\n "a" : [ 1 , "]" , {} , [] ] ,\t"b":"}","c":{ "d":-1.5e3 },"e":null }\r\n';
    const { members } = parseJsonDocument(source);
    expect([...members]).toEqual([
      ['a', { value: [1, ']', new Map(), []], source: '[ 1 , "]" , {} , [] ]' }],
      ['b', { value: '}', source: '"}"' }],
      ['c', { value: new Map([['d', -1500]]), source: '{ "d":-1.5e3 }' }],
      ['e', { value: null, source: 'null' }],
    ]);
    const deep = `{"a":${'['.repeat(32)}${']'.repeat(32)}}`;
    expect(parseJsonDocument(deep).members.size).toBe(1);
    const longest = `{"a":"${'x'.repeat(maximumValueBytes - 8)}"}`;
    expect(parseJsonDocument(longest).members.size).toBe(1);
  });
});
