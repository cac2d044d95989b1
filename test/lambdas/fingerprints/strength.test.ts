import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  filterBits,
  fingerprintOf,
  leastWindowBits,
  packSextets,
  sextetsOfBytes,
} from '../../../domain/secrets/scan-windows.ts';
import { ownersValues } from '../../../lambdas/fingerprints/owners-values.ts';
import { strengthOf, strengthOfBytes } from '../../../lambdas/fingerprints/strength.ts';
import { symbolsOfBytes, symbolsOfText, windowsOf } from '../../../lambdas/fingerprints/windows.ts';

const random = (seed: string) => createHash('sha512').update(seed).digest();
const key = random('scan').subarray(0, 32);

describe('a value that can be guessed has no fingerprint', () => {
  test.each([
    ['short', 'Xk29fL0qPz7Rw4Tn8Vb', /114|bits/],
    ['words', 'correct-horse-battery-staple-2024', /words/],
    ['words with digits', 'WinterInTheMountains2026!Please', /words/],
    ['an example', 'change-me-to-something-long-and-secret', /example/],
    ['a pattern', 'abcdefgh'.repeat(6), /pattern/],
    ['a UUID', '3f1c6a52-9b7e-4d08-8a41-5e2b9c0d7f63', /UUID/],
    ['digits', '93847561029384756102938475', /bits/],
    [
      'an encoded text',
      Buffer.from('admin:winter-2026-holidays').toString('base64'),
      /encoded text/,
    ],
    ['two words', 'one two', /single word/],
  ])('%s', (_, text, reason) => {
    const strength = strengthOf(text);
    expect(strength.strong ? 'strong' : strength.reason).toMatch(reason);
  });

  test('while of a thousand random ones of every alphabet none is taken for a weak one', () => {
    const weak: string[] = [];
    for (let index = 0; index < 250; index += 1) {
      const bytes = random(`r${index}`);
      const texts = [
        bytes.subarray(0, 24).toString('base64url'),
        bytes.subarray(0, 32).toString('hex'),
        bytes.toString('base64'),
        bytes
          .toString('base64')
          .replaceAll(/[^A-Za-z0-9]/g, '')
          .slice(0, 40),
      ];
      weak.push(...texts.filter((text) => !strengthOf(text).strong));
    }
    expect(weak).toEqual([]);
  });

  test('of key bytes that somebody else made, either', () => {
    expect(strengthOfBytes(random('k').subarray(0, 32)).strong).toBe(true);
    for (const bytes of [
      Buffer.alloc(32, 7),
      Buffer.from('development-secret-key-0123456789'),
      random('s').subarray(0, 15),
    ]) {
      expect(strengthOfBytes(bytes).strong).toBe(false);
    }
  });
});

describe('no window that is handed out', () => {
  test('has fewer than 80 bits left when its filter is known', () => {
    expect(leastWindowBits - filterBits).toBe(80);
    const texts = [
      '0123456789',
      'abcdefghijklmnopqrstuvwxyz0123456789',
      'ABCDEFabcdef0123456789-_',
    ].map((alphabet) =>
      [...random(alphabet)].map((byte) => alphabet[byte % alphabet.length]).join(''),
    );
    for (const text of texts) {
      const bits = Math.log2(new Set(text).size);
      for (const { length } of windowsOf(symbolsOfText(text, bits), key)) {
        expect(length * bits).toBeGreaterThanOrEqual(leastWindowBits);
      }
    }
  });

  test('overlaps another: what one tells, no other does', () => {
    const bytes = random('o').subarray(0, 32);
    const [first, last] = windowsOf(symbolsOfBytes(bytes), key);
    expect([first?.part, last?.part]).toEqual(['first', 'last']);
    expect(last?.fingerprint).toBe(
      fingerprintOf(key, 'sextet', 16, bytes.subarray(18, 30)).toString('base64url'),
    );
  });

  test('is of a half where a half would be too little: 24 hexadecimal digits are one window', () => {
    const text = random('h').toString('hex').slice(0, 32);
    expect(
      windowsOf(symbolsOfText(text, 4), key).map(({ part, length }) => [part, length]),
    ).toEqual([['whole', 24]]);
  });

  test('tells more by another key: the filter stays the same', () => {
    const value = symbolsOfBytes(random('f').subarray(0, 32));
    const [one, other] = [key, random('other').subarray(0, 32)].map((each) =>
      windowsOf(value, each),
    );
    expect(one?.map(({ filter }) => filter)).toEqual(other?.map(({ filter }) => filter));
    expect(one?.map(({ fingerprint }) => fingerprint)).not.toEqual(
      other?.map(({ fingerprint }) => fingerprint),
    );
  });
});

test('sextets are those of base64', () => {
  const bytes = random('sextets').subarray(0, 24);
  expect(packSextets(sextetsOfBytes(bytes), 0, 32)).toEqual(bytes);
});

describe('of what owners put', () => {
  const token = random('t')
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, 36);
  const found = (value: object | string) =>
    ownersValues(typeof value === 'string' ? value : JSON.stringify(value)).map(
      ({ what, symbols, reason }) => [
        what,
        symbols === undefined ? reason : Buffer.from(symbols.symbols).length,
      ],
    );

  test('the token is taken without what its vendor begins all of them with', () => {
    expect(found({ token: `sk_live_${token}` })).toEqual([['member "token"', 36]]);
    expect(found(`ghp_${token}`)).toEqual([['the value', 36]]);
  });

  test('members that are public are not looked for, and weak ones are named', () => {
    expect(
      found({
        host: 'database-1.abcdefghijkl0123456789.eu-west-1.rds.amazonaws.com',
        username: 'application',
        password: 'hunter2',
        clientId: token,
      }),
    ).toEqual([['member "password"', expect.stringContaining('bits')]]);
  });

  test('of an address it is the password, or the secret part of the path', () => {
    expect(
      found({ url: `postgresql://app:${token}@db.example.com:5432/app?sslmode=verify-full` }),
    ).toEqual([['member "url"', 36]]);
    expect(found({ webhook: `https://hooks.example.com/services/T0001/${token}` })).toEqual([
      ['member "webhook"', 36],
    ]);
  });

  test('of a private key it is its secret number, of whatever kind; an encrypted one is named', () => {
    for (const pair of [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ed25519'),
    ]) {
      const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      expect(found({ privateKey: pem })).toEqual([['private key in member "privateKey"', 40]]);
      const locked = pair.privateKey.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'x',
      });
      expect(found({ privateKey: String(locked) })).toEqual([
        ['private key in member "privateKey"', expect.stringContaining('encrypted')],
      ]);
    }
  });
});
