import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CiphertextRefusedError,
  ProfileMismatchError,
  SealRefusedError,
  UnknownCiphertextKeyError,
} from '../../../domain/ciphertext/errors.ts';
import type { Binding } from '../../../domain/ciphertext/format.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { bindingsOf, formatsOf, keyNumber, sealable, sealedAt, titled } from './any-format.ts';

const [first, second, third] = [keyNumber(1), keyNumber(2), keyNumber(3)];
const all = new KeyRing([first, second, third]);
const options = { at: sealedAt };

describe.each(titled())('%s', (_title, settings) => {
  const { format, facts } = formatsOf(settings);
  const bindings = bindingsOf(settings);
  const [home] = bindings;

  test('opens to what was sealed, bound as it may be, and says under which key', () => {
    const plaintexts = fc.oneof(
      { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 65_536, size: 'max' }) },
    );
    const keys = fc.constantFrom(first, second, third);
    fc.assert(
      fc.property(plaintexts, fc.constantFrom(...bindings), keys, (plaintext, binding, key) => {
        const value = format.seal(plaintext, key, binding, randomBytes, options);
        expect(typeof value === 'string' ? 'text' : 'bytes').toBe(facts.form);
        expect(format.recognise(value)).toBe(true);
        const opened = format.open(value, all, binding);
        expect(opened.kid).toBe(key.kid);
        expect(opened.plaintext.equals(plaintext)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('holds nothing at all, and 64 KB', () => {
    for (const size of [0, 1, 15, 16, 17, 65_535, 65_536]) {
      const plaintext = Buffer.alloc(size, 'é');
      const value = format.seal(plaintext, first, home, randomBytes, options);
      expect(format.open(value, all, home).plaintext.equals(plaintext)).toBe(true);
    }
  });

  test('differs on every seal of the same plaintext', () => {
    const values = Array.from({ length: 100 }, () =>
      format
        .seal(Buffer.from('same'), first, home, randomBytes, options)
        .toString('latin1' as never),
    );
    expect(new Set(values).size).toBe(100);
  });

  test('does not open without its key', () => {
    const value = format.seal(Buffer.from('x'), first, home, randomBytes, options);
    expect(() => format.open(value, new KeyRing([second, third]), home)).toThrow(
      facts.naming === 'kid' ? UnknownCiphertextKeyError : CiphertextRefusedError,
    );
    expect(() => format.open(value, new KeyRing([]), home)).toThrow(
      facts.naming === 'kid' ? UnknownCiphertextKeyError : CiphertextRefusedError,
    );
  });

  test('does not open with another key in the place of its own', () => {
    const value = format.seal(Buffer.from('x'), first, home, randomBytes, options);
    const impostor = new KeyRing([{ kid: first.kid, key: second.key }]);
    const expected =
      facts.naming === 'kid' &&
      format.naming?.idOf(impostor.all[0] ?? first) !== format.naming?.idOf(first)
        ? UnknownCiphertextKeyError
        : CiphertextRefusedError;
    expect(() => format.open(value, impostor, home)).toThrow(expected);
  });

  test('is refused where another profile is configured', () => {
    const profiles = ['none', 'column', 'row'] as const;
    for (const binding of bindings) {
      const value = format.seal(Buffer.from('x'), first, binding, randomBytes, options);
      for (const profile of profiles.filter((other) => other !== binding.profile)) {
        const elsewhere = { profile, column: 'patients.ssn', row: [42n, 'Ä b'] };
        expect(() => format.open(value, all, elsewhere)).toThrow(ProfileMismatchError);
      }
    }
  });

  test('does not open in another column or row', () => {
    const [row] = bindings.filter(({ profile }) => profile === 'row');
    const [column] = bindings.filter(({ profile }) => profile === 'column');
    expect([row?.profile, column?.profile]).toEqual(
      settings.name.startsWith('qt1') ? ['row', 'column'] : [undefined, undefined],
    );
    for (const binding of [row, column]) {
      const elsewhere: Binding[] = [];
      if (binding?.profile === 'row') {
        elsewhere.push(
          { ...binding, column: 'patients.phone' },
          { ...binding, row: [43n, 'Ä b'] },
          { ...binding, row: [42n] },
          { ...binding, row: ['Ä b', 42n] },
        );
      } else if (binding?.profile === 'column') {
        elsewhere.push({ ...binding, column: 'patients.phone' });
      }
      for (const other of elsewhere) {
        const value = format.seal(Buffer.from('x'), first, binding ?? home, randomBytes, options);
        expect(() => format.open(value, all, other)).toThrow(CiphertextRefusedError);
      }
    }
  });

  test('is not sealed a second time, unless that is declared', () => {
    const inner = format.seal(Buffer.from('x'), first, home, randomBytes, options);
    const bytes = Buffer.from(inner as string);
    expect(() => format.seal(bytes, first, home, randomBytes, options)).toThrow(SealRefusedError);
    const outer = format.seal(bytes, first, home, randomBytes, { ...options, nested: true });
    expect(format.open(outer, all, home).plaintext).toEqual(bytes);
  });

  test('is not made with fewer random bytes than it needs', () => {
    expect(() => format.seal(Buffer.from('x'), first, home, () => randomBytes(8), options)).toThrow(
      'gave 8 bytes',
    );
  });

  test('says how its values under a key begin, where they name it', () => {
    const { naming } = format;
    expect(naming !== undefined).toBe(facts.naming === 'kid');
    for (const binding of naming === undefined ? [] : bindings) {
      const value = format.seal(Buffer.from('x'), first, binding, randomBytes, options);
      const [own, other] = [first, second].map(
        (key) => naming?.startOf(key, binding.profile) ?? '',
      );
      expect(Buffer.from(value as string).indexOf(own as string)).toBe(0);
      expect(Buffer.from(value as string).indexOf(other as string)).toBe(-1);
      expect(naming?.idIn(value)).toBe(naming?.idOf(first));
      expect(naming?.idIn(value.slice(0, 5))).toBeUndefined();
    }
  });
});

test('every format that may be written goes through these tests', () => {
  const names = new Set(sealable.map(({ name }) => name));
  expect(names.size).toBe(10);
  expect(names.has('colon-cbc')).toBe(false);
});
