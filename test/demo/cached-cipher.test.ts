import { beforeEach, describe, expect, test } from '@jest/globals';
import { CachedCipher } from '../../demo/cached-cipher.ts';
import type { FieldCipher } from '../../demo/data/sealed-columns.ts';
import { UnknownCiphertextKeyError } from '../../domain/ciphertext/errors.ts';

let now: number;
let known: Set<string>;
let cipher: CachedCipher;

/** Opens what names a key that the keyset held when it was read. */
function cipherOf(kids: ReadonlySet<string>): FieldCipher {
  return {
    seal: (_, __, plaintext) => plaintext,
    open(_, __, sealed) {
      if (!kids.has(sealed)) throw new UnknownCiphertextKeyError(sealed);
      return sealed;
    },
  };
}

const open = (kid: string) => cipher.with((keys) => keys.open('patients.name', 1, kid));

beforeEach(() => {
  now = 0;
  known = new Set(['old']);
  cipher = new CachedCipher({
    cipher: async () => cipherOf(new Set(known)),
    now: () => new Date(now),
    cacheSeconds: 300,
  });
});

describe('the keyset of an application', () => {
  test('is read once and used for as long as the configuration allows', async () => {
    await open('old');
    now = 299_999;
    await open('old');
    expect(cipher.reads).toBe(1);
    now = 300_000;
    await open('old');
    expect(cipher.reads).toBe(2);
  });

  test('is read again before that when a value names a key that is not in it', async () => {
    await open('old');
    known.add('new');
    await expect(open('new')).resolves.toBe('new');
    expect(cipher.reads).toBe(2);
  });

  test('is read again once, not for ever, when nobody knows the key', async () => {
    await open('old');
    await expect(open('lost')).rejects.toThrow(UnknownCiphertextKeyError);
    expect(cipher.reads).toBe(2);
  });

  test('is not read again for what fails otherwise', async () => {
    await open('old');
    const refuse = () => {
      throw new RangeError('refused');
    };
    await expect(cipher.with(refuse)).rejects.toThrow('refused');
    expect(cipher.reads).toBe(1);
  });
});
