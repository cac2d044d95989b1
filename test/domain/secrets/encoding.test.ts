import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeKey,
  defaultCharset,
  encodeKey,
  keyFromRandom,
  randomBytesNeeded,
  textLength,
} from '../../../domain/secrets/encoding.ts';
import { InvalidSecretValueError, TransitionRefusedError } from '../../../domain/secrets/errors.ts';
import { counting } from './rotations.ts';

const bits = 256;
const canonical = Buffer.from(
  '00112233445566778899aabbccddeefffbfefd0102030405060708090a0b0c0d',
  'hex',
);

describe('decoding a key', () => {
  test.each(['base64', 'base64url', 'hex'] as const)('%s round-trips every key', (encoding) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const key = Buffer.from(bytes);
        expect(decodeKey(encodeKey(key, encoding), { encoding, bits })).toEqual(key);
      }),
    );
  });

  test.each([
    ['a trailing newline', 'base64', `${canonical.toString('base64')}\n`],
    ['missing padding', 'base64', canonical.toString('base64').replace('=', '')],
    ['base64url for base64', 'base64', canonical.toString('base64url')],
    ['base64 for base64url', 'base64url', canonical.toString('base64')],
    ['bits beyond the last byte', 'base64', canonical.toString('base64').replace('0=', '1=')],
    ['garbage that Node ignores', 'base64', `*${canonical.toString('base64')}`],
    ['upper-case hex', 'hex', canonical.toString('hex').toUpperCase()],
    ['hex cut by a bad character', 'hex', `${canonical.toString('hex')}zz`],
    ['31 bytes', 'hex', canonical.subarray(1).toString('hex')],
    ['33 bytes', 'hex', `${canonical.toString('hex')}00`],
    ['nothing', 'hex', ''],
    ['a space in text', 'text', `${'a'.repeat(60)} b`],
    ['text outside the charset', 'text', `${'a'.repeat(60)}!`],
    ['text too short', 'text', 'a'.repeat(42)],
  ] as const)('refuses %s', (_what, encoding, text) => {
    expect(() => decodeKey(text, { encoding, bits })).toThrow(InvalidSecretValueError);
  });

  test.each([
    ['base64', 'base64 (RFC 4648 section 4, padded)'],
    ['base64url', 'base64url (RFC 4648 section 5, unpadded)'],
    ['hex', 'hex (lower case)'],
  ] as const)('says what %s is, and nothing of the key', (encoding, what) => {
    expect(() => decodeKey('hunter2!', { encoding, bits })).toThrow(
      new InvalidSecretValueError(
        `The key is not canonical ${what}; no newline, no other alphabet.`,
      ),
    );
  });

  test('says how many bits were found, and how many are expected', () => {
    const check = 'check the configured size and encoding.';
    expect(() => decodeKey('00', { encoding: 'hex', bits })).toThrow(
      new InvalidSecretValueError(`The key has 8 bits, expected 256; ${check}`),
    );
    expect(() => decodeKey('x'.repeat(42), { encoding: 'text', bits })).toThrow(
      new InvalidSecretValueError(`The key has 252 bits, expected at least 256; ${check}`),
    );
  });

  test('the bits of a text key are floor(length × log2(charset)), at least as configured', () => {
    expect(textLength(256)).toBe(43);
    expect(decodeKey('x'.repeat(43), { encoding: 'text', bits: 256 })).toHaveLength(43);
    expect(textLength(256, '0123456789')).toBe(78);
  });

  test('a charset with a repeated character is refused', () => {
    const format = { encoding: 'text', bits: 64, charset: '01234567899' } as const;
    expect(() => decodeKey('0'.repeat(40), format)).toThrow('distinct printable');
  });
});

describe('making a key of random bytes', () => {
  test.each([defaultCharset, '0123456789', 'abcdefghijklmnopqrstuvwxyz'])(
    'picks the characters of %s equally often',
    async (charset) => {
      const format = { encoding: 'text', bits: 512, charset } as const;
      const counts = new Map<string, number>();
      for (let run = 0; run < 300; run += 1) {
        const key = keyFromRandom(await counting(randomBytesNeeded(format)), format).toString();
        expect(decodeKey(key, format).toString()).toBe(key);
        for (const character of key) {
          counts.set(character, (counts.get(character) ?? 0) + 1);
        }
      }
      const mean = (300 * textLength(512, charset)) / charset.length;
      expect(counts.size).toBe(charset.length);
      for (const count of counts.values()) {
        // Six standard deviations: a modulo bias of 256 % 10 would be far outside for the digits.
        expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
      }
    },
  );

  test('throws away the bytes beyond the last whole round of the charset, from the first on', () => {
    const format = { encoding: 'text', bits: 3, charset: '0123456789' } as const;
    // 250 characters are whole rounds of ten; one character is wanted, four bytes are asked for.
    expect(keyFromRandom(Buffer.from([250, 255, 249, 0]), format).toString()).toBe('9');
    expect(keyFromRandom(Buffer.from([255, 251, 250, 10]), format).toString()).toBe('0');
    expect(() => keyFromRandom(Buffer.from([250, 251, 254, 255]), format)).toThrow(
      new TransitionRefusedError('Too few of the random bytes were usable; try again.'),
    );
  });

  test('wants exactly the random bytes it asked for', () => {
    expect(() => keyFromRandom(Buffer.alloc(31), { encoding: 'hex', bits: 256 })).toThrow(
      '32 random bytes',
    );
  });
});
