import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPart } from '../../../domain/ciphertext/binding.ts';
import {
  CiphertextError,
  CiphertextRefusedError,
  MalformedCiphertextError,
  ProfileMismatchError,
  SealRefusedError,
  UnknownCiphertextKeyError,
} from '../../../domain/ciphertext/errors.ts';
import type { Binding } from '../../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { qt1 } from '../../../domain/ciphertext/qt1.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';

const bytes = randomBytes(32);
const key = createSecretKey(bytes);
const kid = kidOf(bytes);
const cipherKey = new CipherKey({ kid, key });
const keys = new KeyRing([cipherKey]);
const row: Binding = { profile: 'row', column: 'patients.ssn', row: [42] };
const column: Binding = { profile: 'column', column: 'patients.ssn' };
const sealed = (text: string, binding: Binding): string =>
  qt1.seal(Buffer.from(text), cipherKey, binding, randomBytes);
const opened = (text: string, binding: Binding): string =>
  qt1.open(text, keys, binding).plaintext.toString();

describe('a qt1 ciphertext', () => {
  const bindings = fc.oneof(
    fc.constant<Binding>({ profile: 'none' }),
    fc
      .constantFrom('a.b', 'patients.name')
      .map((id): Binding => ({ profile: 'column', column: id })),
    fc
      .array(
        fc.oneof(
          fc.bigInt(),
          fc.integer(),
          fc.string({ minLength: 1 }),
          fc.uuid().map((uuid) => ({ uuid })),
        ),
        {
          minLength: 1,
          maxLength: 3,
        },
      )
      .map((parts): Binding => ({ profile: 'row', column: 'a.b', row: parts })),
  );

  test('opens to what was sealed, whatever it is and wherever it stands', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bindings, (plaintext, binding) => {
        const text = qt1.seal(plaintext, cipherKey, binding, randomBytes);
        expect(qt1.recognise(text)).toBe(true);
        expect(qt1.open(text, keys, binding)).toEqual({ plaintext: Buffer.from(plaintext), kid });
      }),
    );
  });

  test('differs on every seal of the same plaintext', () => {
    const texts = new Set(Array.from({ length: 500 }, () => sealed('same', column)));
    expect(texts.size).toBe(500);
  });

  test.each<[string, Binding]>([
    ['another column', { profile: 'column', column: 'patients.name' }],
    ['another row', { ...row, row: [43] }],
    ['the same digits in another split of the key', { ...row, row: [4, 2] }],
  ])('does not open in %s', (_where, elsewhere) => {
    const home = elsewhere.profile === 'row' ? row : column;
    expect(opened(sealed('x', home), home)).toBe('x');
    expect(() => opened(sealed('x', home), elsewhere)).toThrow(CiphertextRefusedError);
  });

  test('is refused when its profile is not the configured one, also if only the word is changed', () => {
    const none = sealed('x', { profile: 'none' });
    expect(() => opened(none, row)).toThrow(ProfileMismatchError);
    expect(() => opened(none.replace('.none.', '.row.'), row)).toThrow(CiphertextRefusedError);
    expect(() => opened(sealed('x', row), column)).toThrow(ProfileMismatchError);
  });

  test('is refused under a kid nobody holds, without trying another key', () => {
    const text = sealed('x', column).replace(kid, '0123456789abcdef');
    expect(() => opened(text, column)).toThrow(UnknownCiphertextKeyError);
    expect(() => qt1.open(text, new KeyRing([{ kid: '0123456789abcdef', key }]), column)).toThrow(
      CiphertextRefusedError,
    );
  });

  test('opens nowhere after any single bit of nonce, ciphertext or tag was flipped', () => {
    const text = sealed('four', column);
    const body = Buffer.from(text.split('.')[3] ?? '', 'base64url');
    for (let bit = 0; bit < body.length * 8; bit += 1) {
      const flipped = Buffer.from(body);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const forged = `qt1.${kid}.column.${flipped.toString('base64url')}`;
      expect(() => opened(forged, column)).toThrow(CiphertextRefusedError);
    }
  });

  test.each([4, 8, 12, 15])('with its tag cut to %d bytes does not open', (length) => {
    const body = Buffer.from(sealed('a longer plaintext', column).split('.')[3] ?? '', 'base64url');
    const cut = `qt1.${kid}.column.${body.subarray(0, body.length - 16 + length).toString('base64url')}`;
    expect(() => opened(cut, column)).toThrow(CiphertextError);
  });

  test.each<[string, (text: string) => string]>([
    ['nothing behind the prefix', () => 'qt1.'],
    ['no body', (text) => text.slice(0, text.lastIndexOf('.') + 1)],
    ['a body of 27 bytes', () => `qt1.${kid}.column.${Buffer.alloc(27).toString('base64url')}`],
    ['padding', (text) => `${text}=`],
    ['a trailing newline', (text) => `${text}\n`],
    ['a leading space', (text) => ` ${text}`],
    ['trailing garbage', (text) => `${text}.x`],
    ['bits beyond the last byte', () => `qt1.${kid}.column.${'A'.repeat(38)}B`],
    ['the standard alphabet', () => `qt1.${kid}.column.${'+'.repeat(40)}`],
    ['an upper-case kid', (text) => text.replace(kid, kid.toUpperCase().replace(/^[0-9]/, 'A'))],
    ['a kid that is a path', (text) => text.replace(kid, '../../etc/passwd')],
    ['an unknown profile', (text) => text.replace('column', 'table')],
  ])('with %s is damaged, not plaintext', (_what, change) => {
    const text = change(sealed('x', column));
    expect(() => opened(text, column)).toThrow(MalformedCiphertextError);
  });

  test('is not sealed again, unless the caller says that its plaintexts look like this', () => {
    const inner = sealed('x', column);
    expect(() => sealed(inner, column)).toThrow(SealRefusedError);
    const outer = qt1.seal(Buffer.from(inner), cipherKey, column, randomBytes, { nested: true });
    expect(opened(outer, column)).toBe(inner);
    expect(opened(sealed('qt1.is how it starts', column), column)).toBe('qt1.is how it starts');
  });

  test('is refused with a message that holds neither text', () => {
    const text = sealed('hunter2', column);
    try {
      opened(text, { profile: 'column', column: 'a.b' });
      throw new Error('opened');
    } catch (error) {
      expect(error).toBeInstanceOf(CiphertextRefusedError);
      expect(inspect(error, { depth: 10 })).not.toContain(text.split('.')[3]);
      expect((error as Error).cause).toBeUndefined();
    }
  });

  test('is not made with a nonce of another length', () => {
    expect(() => qt1.seal(Buffer.from('x'), cipherKey, column, () => randomBytes(8))).toThrow(
      '8 bytes',
    );
  });
});

describe('a part of a primary key', () => {
  test.each([
    [-42, '-42'],
    [-0, '0'],
    [2n ** 63n - 1n, '9223372036854775807'],
    ['Ä b', 'Ä b'],
    ['007', '007'],
    [{ uuid: '0190F6E4-7B2A-7C3D-8E4F-5A6B7C8D9E0F' }, '0190f6e4-7b2a-7c3d-8e4f-5a6b7c8d9e0f'],
  ])('%p is written as %p', (part, text) => {
    expect(canonicalPart(part)).toBe(text);
  });

  test.each([1.5, 2 ** 53, Number.NaN, '', '\ud800', { uuid: '0190f6e47b2a7c3d8e4f5a6b7c8d9e0f' }])(
    '%p is refused',
    (part) => {
      expect(() => canonicalPart(part)).toThrow(SealRefusedError);
    },
  );

  test('is needed in profile row', () => {
    expect(() => sealed('x', { ...row, row: [] })).toThrow('needs the primary key');
  });
});
