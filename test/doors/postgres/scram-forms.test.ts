import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  assertUsablePassword,
  assertVerifier,
  discardedVerifier,
  isGeneratedPassword,
  scramVerifier,
} from '../../../doors/postgres/scram.ts';

const form =
  /^SCRAM-SHA-256\$4096:([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/;

/** As the server does with what a client proves (RFC 5802, section 3). */
function accepts(verifier: string, password: string): boolean {
  const [, salt = '', stored = '', server = ''] = form.exec(verifier) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), 4096, 32, 'sha256');
  const mac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const hashed = createHash('sha256').update(mac('Client Key')).digest('base64');
  return stored === hashed && server === mac('Server Key').toString('base64');
}

describe('a verifier', () => {
  // RFC 7677, section 3.
  test('is the one of the RFC for its salt', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    expect(scramVerifier('pencil', salt)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  test('has a new salt each time, and is of its password alone', () => {
    const [one, two] = [scramVerifier('pencil'), scramVerifier('pencil')];
    expect(one).not.toBe(two);
    expect(accepts(one, 'pencil') && accepts(two, 'pencil')).toBe(true);
    expect(accepts(one, 'pencil2')).toBe(false);
  });

  test('with a salt of another length is never handed out', () => {
    for (const bytes of [0, 8, 15, 17, 32]) {
      expect(() => scramVerifier('pencil', Buffer.alloc(bytes))).toThrow(
        expect.objectContaining({
          name: 'MalformedVerifierError',
          message: expect.stringMatching(/nothing was sent.*taken the text as the password/),
        }),
      );
    }
  });

  test('that is discarded is of no password anybody has, and never the same', () => {
    const [one, two] = [discardedVerifier(), discardedVerifier()];
    expect(() => assertVerifier(one)).not.toThrow();
    expect(one).not.toBe(two);
    expect(accepts(one, '')).toBe(false);
  });

  test.each([
    ['something before it', (text: string) => `x${text}`],
    ['something after it', (text: string) => `${text}x`],
    ['a line after it', (text: string) => `${text}\n`],
    ['two salts', (text: string) => text.replace('$4096:', '$4096:AAAA')],
    ['a character no base64 has', (text: string) => text.replace(/.==\$/, '-==$')],
    ['a short stored key', (text: string) => text.replace(/\$.([^$]{43}):/, '$$$1:')],
    ['a short server key', (text: string) => text.replace(/:.([^:]{43})$/, ':$1')],
    ['a quote in a stored key', (text: string) => text.replace(/\$.([^$]{43}):/, "$$'$1:")],
    ['a quote in a server key', (text: string) => text.replace(/:.([^:]{43})$/, ":'$1")],
  ])('is refused with %s', (_what, broken) => {
    const verifier = scramVerifier('pencil');
    expect(() => assertVerifier(verifier)).not.toThrow();
    expect(broken(verifier)).not.toBe(verifier);
    expect(() => assertVerifier(broken(verifier))).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_MALFORMED_VERIFIER' }),
    );
  });
});

describe('a password', () => {
  test.each([' ', '~', 'x'.repeat(1024), 'md5', `md5${'0'.repeat(31)}`, `xmd5${'0'.repeat(32)}`])(
    'of printable ASCII is taken: %j',
    (password) => {
      expect(() => assertUsablePassword(password)).not.toThrow();
    },
  );

  test.each([`md5${'0'.repeat(33)}`, 'SCRAM-SHA-256', 'x SCRAM-SHA-256$'])(
    'that only resembles a stored one is taken: %j',
    (password) => {
      expect(() => assertUsablePassword(password)).not.toThrow();
    },
  );

  test.each(['', '\u001f', '\u007f', 'é', 'x'.repeat(1025), 'a\nb', 'ab\n'])(
    'of anything else is refused, and not repeated: %j',
    (password) => {
      expect(() => assertUsablePassword(password)).toThrow(
        expect.objectContaining({
          code: 'ERR_ROTATION_UNUSABLE_PASSWORD',
          message:
            'The password is empty, longer than 1024 characters or holds other characters than printable ASCII; expected 1 to 1024 printable ASCII characters; set such a password by hand before adopting it.',
        }),
      );
    },
  );

  test.each([
    `md5${'0af'.repeat(10)}00`,
    `MD5${'A'.repeat(32)}`,
    'SCRAM-SHA-256$x',
    'scram-sha-256$',
  ])('in the form of a stored one is refused: %j', (password) => {
    expect(() => scramVerifier(password)).toThrow(
      expect.objectContaining({
        name: 'UnusablePasswordError',
        message:
          'The password has the form of a stored md5 or SCRAM verifier; expected the password itself.',
      }),
    );
  });

  test('is a generated one by exactly 32 characters of base64url', () => {
    expect(isGeneratedPassword('A'.repeat(30).concat('-_'))).toBe(true);
    for (const other of [31, 33].map((length) => 'A'.repeat(length))) {
      expect(isGeneratedPassword(other)).toBe(false);
    }
    for (const character of ['+', '/', '=', ' ', '\n']) {
      expect(isGeneratedPassword('A'.repeat(31).concat(character))).toBe(false);
    }
  });
});
