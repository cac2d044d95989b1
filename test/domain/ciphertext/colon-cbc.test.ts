import { Buffer } from 'node:buffer';
import { createCipheriv, createHash, createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  type ColonCbcSettings,
  colonCbc,
  textMatching,
} from '../../../domain/ciphertext/colon-cbc.ts';
import {
  CiphertextRefusedError,
  InvalidFormatSettingsError,
  MalformedCiphertextError,
  ProfileMismatchError,
  SealRefusedError,
  UnknownCiphertextKeyError,
} from '../../../domain/ciphertext/errors.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { keyNumber } from './any-format.ts';

const [right, wrong] = [keyNumber(1), keyNumber(2)];
const keys = new KeyRing([wrong, right]);
const unbound = { profile: 'none' } as const;
const iv = Buffer.alloc(16, 0xa5);
const ssn = textMatching(/\d{3}-\d{2}-\d{4}/);
const settings: ColonCbcSettings = { opensWith: right.kid, isPlaintext: ssn };

function sealed(plaintext: string | Buffer): string {
  const cipher = createCipheriv('aes-256-cbc', right.key, iv);
  const data = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return `${iv.toString('hex')}:${data.toString('hex')}`;
}

describe('AES-CBC without a MAC', () => {
  test('opens under the one key that is named, never under another that is there', () => {
    const value = sealed('078-05-1120');
    const opened = colonCbc(settings).open(value, keys, unbound);
    expect(opened).toEqual({ plaintext: Buffer.from('078-05-1120'), kid: right.kid });
    expect(() => colonCbc(settings).open(value, new KeyRing([wrong]), unbound)).toThrow(
      UnknownCiphertextKeyError,
    );
    expect(() =>
      colonCbc({ ...settings, opensWith: wrong.kid }).open(value, keys, unbound),
    ).toThrow(CiphertextRefusedError);
  });

  test('is accepted under a wrong key once in 256 times, and the check of the plaintext notices', () => {
    const value = sealed('078-05-1120');
    const attempts = 6_000;
    let accepted = 0;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const bytes = createHash('sha256').update(`${attempt}`).digest();
      const ring = new KeyRing([{ kid: 'wrong', key: createSecretKey(bytes) }]);
      const opensUnder = (isPlaintext: ColonCbcSettings['isPlaintext']) => {
        try {
          colonCbc({ opensWith: 'wrong', isPlaintext }).open(value, ring, unbound);
          return true;
        } catch {
          return false;
        }
      };
      accepted += Number(opensUnder(() => true));
      expect(opensUnder(ssn)).toBe(false);
    }
    // 1/256 + 1/65536 + …: 23.5 expected of these keys, which are the same in every run.
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(45);
  });

  test('says the same of wrong padding and of a plaintext that fails its check', () => {
    const answers = new Set<string>();
    const value = sealed('078-05-1120');
    for (let byte = 0; byte < 256; byte += 1) {
      const forged = Buffer.from(value.slice(0, 32), 'hex');
      forged.writeUInt8(byte, 15);
      try {
        colonCbc(settings).open(`${forged.toString('hex')}:${value.slice(33)}`, keys, unbound);
      } catch (error) {
        expect(error).toBeInstanceOf(CiphertextRefusedError);
        answers.add((error as Error).message);
      }
    }
    expect(answers.size).toBe(1);
  });

  test('is not written', () => {
    expect(() => colonCbc(settings).seal(Buffer.from('x'), right, unbound, () => iv)).toThrow(
      SealRefusedError,
    );
  });

  test('is not configured without the key and the check', () => {
    expect(() => colonCbc({ ...settings, opensWith: '' })).toThrow(InvalidFormatSettingsError);
    expect(() => colonCbc({ opensWith: right.kid } as unknown as ColonCbcSettings)).toThrow(
      InvalidFormatSettingsError,
    );
  });

  test('is bound to nothing', () => {
    expect(() =>
      colonCbc(settings).open(sealed('x'), keys, { profile: 'column', column: 'a.b' }),
    ).toThrow(ProfileMismatchError);
  });

  test.each<[string, (value: string) => string]>([
    ['no data', (value) => value.slice(0, 33)],
    ['half a block', (value) => value.slice(0, -16)],
    ['half a byte', (value) => `${value}0`],
    ['a third part', (value) => `${value}:`],
    ['an iv of 12 bytes', (value) => value.slice(8)],
    ['upper case', (value) => value.toUpperCase()],
    ['a newline', (value) => `${value}\n`],
    ['no colon', (value) => value.replace(':', '')],
    ['nothing', () => ''],
  ])('with %s is damaged', (_what, change) => {
    const value = change(sealed('078-05-1120'));
    expect(() => colonCbc(settings).open(value, keys, unbound)).toThrow(MalformedCiphertextError);
  });
});

describe('a check of plaintexts', () => {
  test('wants the whole text, whatever the flags of its pattern', () => {
    expect(ssn(Buffer.from('078-05-1120'))).toBe(true);
    expect(ssn(Buffer.from('078-05-1120\n'))).toBe(false);
    expect(ssn(Buffer.from('x\n078-05-1120'))).toBe(false);
    const sticky = textMatching(/a|b/gmy);
    expect([sticky(Buffer.from('a')), sticky(Buffer.from('a')), sticky(Buffer.from('ab'))]).toEqual(
      [true, true, false],
    );
    expect(sticky(Buffer.from('a\nb'))).toBe(false);
  });

  test('wants UTF-8', () => {
    const anything = textMatching(/[\s\S]*/);
    expect(anything(Buffer.from('Žofie'))).toBe(true);
    expect(anything(Buffer.from([0xff, 0x41]))).toBe(false);
  });

  test('knows nothing beyond 1 MiB', () => {
    const anything = textMatching(/.*/);
    expect(anything(Buffer.alloc(1024 * 1024, 'a'))).toBe(true);
    expect(anything(Buffer.alloc(1024 * 1024 + 1, 'a'))).toBe(false);
  });
});
