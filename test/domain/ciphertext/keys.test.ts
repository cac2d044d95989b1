import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  CiphertextRefusedError,
  InvalidFormatSettingsError,
  SealRefusedError,
} from '../../../domain/ciphertext/errors.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { maximumPlaintextBytes } from '../../../domain/ciphertext/limits.ts';
import { qt1 } from '../../../domain/ciphertext/qt1.ts';
import { type FormatSettings, formatFacts, formatOf } from '../../../domain/ciphertext/registry.ts';
import { anyFormat, bindingsOf, formatsOf, keyNumber, sealedAt, titled } from './any-format.ts';

const random = (bytes: number) => Buffer.alloc(bytes, 7);

describe('a key', () => {
  test('is derived from once for each column, and forgets the oldest beyond a thousand', () => {
    let calls = 0;
    const derive = (_key: CipherKey, detail: string) => {
      calls += 1;
      return { detail };
    };
    const key = keyNumber(1);
    expect(key.derived(derive, 'a')).toBe(key.derived(derive, 'a'));
    expect(calls).toBe(1);
    expect(key.derived((_, detail) => detail, 'a')).toBe('a');
    for (let column = 0; column < 1_000; column += 1) {
      key.derived(derive, `column ${column}`);
    }
    expect(calls).toBe(1_001);
    key.derived(derive, 'a');
    expect(calls).toBe(1_002);
  });

  test('of the same kid with other bytes shares nothing with the first', () => {
    const [one, two] = [keyNumber(1), keyNumber(2)];
    const impostor = new CipherKey({ kid: one.kid, key: two.key });
    const binding = { profile: 'column', column: 'a.b' } as const;
    const value = qt1.seal(Buffer.from('x'), one, binding, random);
    expect(qt1.open(value, new KeyRing([one]), binding).plaintext.toString()).toBe('x');
    expect(() => qt1.open(value, new KeyRing([impostor]), binding)).toThrow(CiphertextRefusedError);
  });

  test('does not show its bytes', () => {
    const key = keyNumber(0x41);
    qt1.seal(Buffer.from('x'), key, { profile: 'none' }, random);
    expect(JSON.stringify(key)).not.toMatch(/65|AAAA|4141/);
  });
});

describe('a key of another size', () => {
  const long = new CipherKey({ kid: 'f'.repeat(16), key: createSecretKey(Buffer.alloc(43, 'k')) });
  const right = keyNumber(1);

  test.each(titled())(
    '%s: seals only where it is derived from, and is no obstacle',
    (_, settings) => {
      const { format } = formatsOf(settings);
      const [binding] = bindingsOf(settings);
      const options = { at: sealedAt };
      const isOwn = settings.name.startsWith('qt1');
      const seal = () => format.seal(Buffer.from('x'), long, binding, random, options);
      if (isOwn) {
        expect(format.open(seal(), new KeyRing([long]), binding).kid).toBe(long.kid);
      } else {
        expect(seal).toThrow(SealRefusedError);
      }
      const value = format.seal(Buffer.from('x'), right, binding, random, options);
      expect(format.open(value, new KeyRing([long, right]), binding).kid).toBe(right.kid);
    },
  );
});

test('two keys with one fingerprint are both asked', () => {
  const settings: FormatSettings = {
    name: 'prefixed',
    prefix: 'e:',
    keyId: { of: 'kid', digits: 8 },
  };
  const format = anyFormat(formatOf(settings));
  const twins = [1, 2, 3].map(
    (number) => new CipherKey({ kid: `aaaaaaaa0000000${number}`, key: keyNumber(number).key }),
  );
  const value = format.seal(
    Buffer.from('x'),
    twins[1] ?? keyNumber(1),
    { profile: 'none' },
    random,
  );
  expect(format.open(value, new KeyRing(twins), { profile: 'none' }).kid).toBe('aaaaaaaa00000002');
});

test('a plaintext beyond 64 MiB is not sealed', () => {
  const large = { byteLength: maximumPlaintextBytes + 1 } as Uint8Array;
  for (const [, settings] of titled().filter(([, { name }]) => name.startsWith('qt1'))) {
    const { format } = formatsOf(settings);
    expect(() => format.seal(large, keyNumber(1), { profile: 'none' }, random)).toThrow('67108864');
  }
});

test('a Fernet token is not made without a time, or with one it cannot write', () => {
  const format = anyFormat(formatOf({ name: 'fernet' }));
  for (const at of [undefined, new Date(Number.NaN), new Date(-1), new Date('2600-01-01')]) {
    const options = at === undefined ? {} : { at };
    expect(() =>
      format.seal(Buffer.from('x'), keyNumber(1), { profile: 'none' }, random, options),
    ).toThrow(SealRefusedError);
  }
});

describe('settings that could be mistaken for another format are refused', () => {
  const keyId = { of: 'kid', digits: 8 } as const;
  test.each<FormatSettings>([
    { name: 'prefixed', prefix: '', keyId },
    { name: 'prefixed', prefix: ':', keyId },
    { name: 'prefixed', prefix: 'enc', keyId },
    { name: 'prefixed', prefix: 'en c:', keyId },
    { name: 'prefixed', prefix: 'qt1.', keyId },
    { name: 'prefixed', prefix: 'qt1.x:', keyId },
    { name: 'prefixed', prefix: 'v1.aesgcm256.', keyId },
    { name: 'prefixed', prefix: `${'e'.repeat(32)}:`, keyId },
    { name: 'json-gcm', members: { iv: 'a', tag: 'a', data: 'b' } },
    { name: 'json-gcm', members: { iv: 'a', data: 'b' }, fixed: { b: 1 } },
    { name: 'json-gcm', members: { iv: '', data: 'b' } },
    { name: 'json-gcm', members: { iv: 'a"', data: 'b' } },
  ])('%j', (settings) => {
    expect(() => formatOf(settings)).toThrow(InvalidFormatSettingsError);
  });

  test('but a prefix may begin like the start of a mark, whose values it leaves alone', () => {
    const format = anyFormat(formatOf({ name: 'prefixed', prefix: 'v1.', keyId }));
    const cloak = anyFormat(formatOf({ name: 'cloak' }));
    const value = cloak.seal(Buffer.from('x'), keyNumber(1), { profile: 'none' }, random);
    expect([format.recognise(value), cloak.recognise(value)]).toEqual([false, true]);
  });
});

test('only a format that names its key may be preserved, and only an authenticated one written', () => {
  for (const [name, facts] of Object.entries(formatFacts)) {
    expect([name, facts.rotation === 'preserve']).toEqual([name, facts.naming === 'kid']);
    expect([name, facts.maySeal]).toEqual([name, facts.rotation !== 'maintenanceOnly']);
  }
});
