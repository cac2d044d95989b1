import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { KidCollisionError, SecretValueError } from '../../../domain/secrets/errors.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import { nextValue } from '../../../domain/secrets/next-value.ts';
import {
  type KeysetValue,
  parseSecretValue,
  readKeyset,
  serializeSecretValue,
} from '../../../domain/secrets/secret-value.ts';
import { change, counting, encryptionSettings as settings } from './rotations.ts';

type Entry = Record<string, unknown>;
type Document = { ENCRYPTION_KEY: string; keyset: { keys: Entry[] } & Record<string, unknown> };

async function published(): Promise<KeysetValue> {
  const current = await nextValue(settings, {}, change('planned'));
  return nextValue(settings, { current }, change('planned'));
}

/** A valid document, changed by hand. */
async function edited(edit: (document: Document, keys: [Entry, Entry]) => void): Promise<string> {
  const document: Document = JSON.parse(serializeSecretValue(await published(), settings));
  edit(document, document.keyset.keys as [Entry, Entry]);
  return JSON.stringify(document);
}

function refusal(text: string): Error {
  try {
    parseSecretValue(text, settings);
  } catch (error) {
    return error as Error;
  }
  throw new Error('was accepted');
}

describe('a stored value', () => {
  test('round-trips, with the primary key in the flat field', async () => {
    const value = await published();
    const text = serializeSecretValue(value, settings);
    expect(serializeSecretValue(parseSecretValue(text, settings), settings)).toBe(text);
    const document: Document = JSON.parse(text);
    const primary = document.keyset.keys.find(({ state }) => state === 'primary');
    expect(document.ENCRYPTION_KEY).toBe(primary?.k);
    expect(primary?.kid).toBe(kidOf(Buffer.from(document.ENCRYPTION_KEY, 'base64')));
    expect(readKeyset(text, 'ENCRYPTION_KEY').keys).toHaveLength(2);
  });

  test('members of the application survive byte for byte', async () => {
    const key = (await counting(32)).toString('base64');
    const others = '"port":5432.0,"big":12345678901234567890,"nested":{"a" : [1, "\\u00e9"]}';
    const current = parseSecretValue(`{"ENCRYPTION_KEY":"${key}",${others}}`, settings);
    const text = serializeSecretValue(
      await nextValue(settings, { current }, change('planned')),
      settings,
    );
    expect(text.startsWith(`{"ENCRYPTION_KEY":"${key}",${others},"keyset":`)).toBe(true);
  });

  test('a parsed value prints no key', async () => {
    const text = serializeSecretValue(await published(), settings);
    const { ENCRYPTION_KEY: key } = JSON.parse(text);
    const printed = inspect(parseSecretValue(text, settings), { depth: 10, showHidden: true });
    expect(printed).not.toContain(key);
    expect(printed).not.toContain(Buffer.from(key, 'base64').toString('hex').slice(0, 8));
  });

  const k = 'aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=';
  test.each([
    ['nothing', ''],
    ['a word', 'hunter2'],
    ['JSON null', 'null'],
    ['a list', '[]'],
    ['a JSON string', '"hunter2"'],
    ['a number', '1'],
    ['an empty object', '{}'],
    ['the marker of a new secret', '{"quarterturn":"uninitialised"}'],
    ['truncated JSON', `{"ENCRYPTION_KEY":"hunter2`],
    ['text after the document', `{"ENCRYPTION_KEY":"${k}"}hunter2`],
    ['a missing comma', `{"ENCRYPTION_KEY":"${k}" "hunter2":1}`],
    ['a trailing comma', `{"ENCRYPTION_KEY":"${k}",}`],
    ['a comma too many', `{,"ENCRYPTION_KEY":"${k}"}`],
    ['a number that is none', `{"ENCRYPTION_KEY":"${k}","n":01}`],
    ['a control character', `{"ENCRYPTION_KEY":"${k}","n":"hunter2\n"}`],
    ['an unknown escape', `{"ENCRYPTION_KEY":"${k}","n":"\\x"}`],
    ['a byte order mark', `\ufeff{"ENCRYPTION_KEY":"${k}"}`],
    ['a member that is there twice', `{"ENCRYPTION_KEY":"${k}","ENCRYPTION_KEY":"${k}"}`],
    ['a member twice by escape', `{"ENCRYPTION_KEY":"${k}","a":1,"\\u0061":2}`],
    ['a nested member twice', `{"ENCRYPTION_KEY":"${k}","n":{"a":1,"a":1}}`],
    ['__proto__', `{"ENCRYPTION_KEY":"${k}","__proto__":{"hunter2":1}}`],
    ['__proto__ by escape', `{"ENCRYPTION_KEY":"${k}","\\u005f_proto__":1}`],
    ['a lone surrogate', `{"ENCRYPTION_KEY":"${k}","n":"\\ud800"}`],
    ['a lone surrogate, not escaped', `{"ENCRYPTION_KEY":"${k}","n":"\udc00"}`],
    ['65,537 bytes', `{"ENCRYPTION_KEY":"${k}","n":"${'x'.repeat(65_537 - 70)}"}`.padEnd(65_537)],
    ['nesting without end', `{"ENCRYPTION_KEY":"${k}","n":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['a key that is no text', '{"ENCRYPTION_KEY":1}'],
    ['a key of 31 bytes', `{"ENCRYPTION_KEY":"${Buffer.alloc(31, 7).toString('base64')}"}`],
    ['a key of 33 bytes', Buffer.alloc(33, 7).toString('base64')],
    ['base64url for base64', Buffer.alloc(32, 255).toString('base64url')],
    ['a keyset that is no object', `{"ENCRYPTION_KEY":"${k}","keyset":[]}`],
    ['a keyset that is null', `{"ENCRYPTION_KEY":"${k}","keyset":null}`],
  ])('%s is refused by a typed error that does not echo it', (_what, text) => {
    const error = refusal(text);
    expect(error).toBeInstanceOf(SecretValueError);
    expect(inspect(error, { depth: 10 }).split('\n    at ')[0]).not.toMatch(/hunter2|aHVudGVy/);
    expect(error.cause).toBeUndefined();
  });

  test('65,536 bytes are accepted', async () => {
    const key = (await counting(32)).toString('base64');
    const text = `{"ENCRYPTION_KEY":"${key}","n":"x"}`;
    expect(parseSecretValue(text.padEnd(65_536), settings).shape).toBe('plain');
  });
});

describe('a keyset is refused', () => {
  test.each<[string, string, (document: Document, keys: [Entry, Entry]) => void]>([
    [
      'of another version',
      'version is not 1',
      (d) => {
        d.keyset.version = 2;
      },
    ],
    [
      'with an unknown member',
      'does not know',
      (d) => {
        d.keyset.extra = 1;
      },
    ],
    [
      'with an unknown member in a key',
      'keys[1]',
      (_d, [, k2]) => {
        k2.extra = 1;
      },
    ],
    [
      'of an unknown algorithm',
      'keyset.alg',
      (d) => {
        d.keyset.alg = 'none';
      },
    ],
    [
      'of another kind',
      'configured is A256GCM',
      (d) => {
        d.keyset.alg = 'HS256';
      },
    ],
    [
      'in another encoding',
      'canonical hex',
      (d) => {
        d.keyset.encoding = 'hex';
      },
    ],
    [
      'without provenance',
      'rotation',
      (d) => {
        d.keyset.rotation = undefined;
      },
    ],
    [
      'without a primary',
      '0 primary keys',
      (_d, [, k2]) => {
        k2.state = 'decryptOnly';
      },
    ],
    [
      'with two primaries',
      '2 primary keys',
      (_d, [k1]) => {
        k1.state = 'primary';
        k1.primarySince = k1.createdAt;
      },
    ],
    [
      'with keys that are no list',
      'not a list',
      (d) => {
        (d.keyset as Record<string, unknown>).keys = {};
      },
    ],
    [
      'with a kid that is a path',
      '16 lower-case hex',
      (_d, [k1]) => {
        k1.kid = '../../etc/passwd';
      },
    ],
    [
      'with __proto__ as kid',
      '16 lower-case hex',
      (_d, [k1]) => {
        k1.kid = '__proto__';
      },
    ],
    [
      'with a damaged key',
      'does not belong',
      (_d, [k1, k2]) => {
        k1.k = k2.k;
      },
    ],
    [
      'with a key that is adopted and there twice',
      'same key as',
      (_d, [k1, k2]) => {
        k1.k = k2.k;
        k1.adopted = true;
      },
    ],
    [
      'with a short key',
      'needs 32',
      (_d, [k1]) => {
        k1.k = Buffer.alloc(31, 9).toString('base64');
      },
    ],
    [
      'with a long key',
      'needs 32',
      (_d, [k1]) => {
        k1.k = Buffer.alloc(33, 9).toString('base64');
      },
    ],
    [
      'with a tombstone that has its key',
      'remove k',
      (_d, [k1]) => {
        k1.state = 'pruned';
        k1.prunedAt = k1.createdAt;
      },
    ],
    [
      'without a key',
      'has no key',
      (_d, [k1]) => {
        k1.k = undefined;
      },
    ],
    [
      'with a state of the other kind',
      'state',
      (_d, [k1]) => {
        k1.state = 'verifyOnly';
      },
    ],
    [
      'with a state named constructor',
      'state',
      (_d, [k1]) => {
        k1.state = 'constructor';
      },
    ],
    [
      'with a date that is none',
      'instant',
      (_d, [k1]) => {
        k1.createdAt = '2026-02-30T00:00:00.000Z';
      },
    ],
    [
      'with adopted: false',
      'leave it out',
      (_d, [k1]) => {
        k1.adopted = false;
      },
    ],
    [
      'with a primary that leaked',
      'neverPrimary',
      (_d, [, k2]) => {
        k2.neverPrimary = true;
      },
    ],
    [
      'with another key in the flat field',
      'not the primary key',
      (d, [k1]) => {
        d.ENCRYPTION_KEY = k1.k as string;
      },
    ],
  ])('%s', async (_what, message, edit) => {
    const error = refusal(await edited(edit));
    expect(error).toBeInstanceOf(SecretValueError);
    expect(error.message).toContain(message);
  });

  test('with a kid that is there twice, tombstones included', async () => {
    const text = await edited((document, [first]) => {
      const { kid, createdAt } = first;
      document.keyset.keys.push({ kid, createdAt, state: 'pruned', prunedAt: createdAt });
    });
    expect(refusal(text)).toBeInstanceOf(KidCollisionError);
  });

  test('with two keys that await activation', async () => {
    const other = await counting(32);
    const text = await edited((document, [first]) => {
      document.keyset.keys.push({ ...first, kid: kidOf(other), k: other.toString('base64') });
    });
    expect(refusal(text).message).toContain('more than one published key');
  });

  test('when the configuration says another encoding', async () => {
    const text = serializeSecretValue(await published(), settings);
    expect(() => parseSecretValue(text, { ...settings, encoding: 'hex' })).toThrow('never changes');
  });

  test('by a reader that is told the wrong field', async () => {
    const text = serializeSecretValue(await published(), settings);
    expect(() => readKeyset(text, 'OTHER')).toThrow('OTHER is not the primary key');
    expect(() => readKeyset('{"quarterturn":"uninitialised"}', 'OTHER')).toThrow('uninitialised');
  });
});
