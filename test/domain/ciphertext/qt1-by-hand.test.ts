import { createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { authenticatedData, canonicalPart } from '../../../domain/ciphertext/binding.ts';
import type { Binding, PrimaryKeyPart } from '../../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { parseQt1, qt1 } from '../../../domain/ciphertext/qt1.ts';
import { parseQt1Bytes, qt1Bytes } from '../../../domain/ciphertext/qt1-bytes.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';

const bytes = randomBytes(32);
const kid = kidOf(bytes);
const key = new CipherKey({ kid, key: createSecretKey(bytes) });
const keys = new KeyRing([key]);
const text = 'Lindenhof 4';
const refused = (message: string | RegExp) =>
  expect.objectContaining({
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });

/** As docs/ciphertext-formats.md has it, with nothing of the code that is tested. */
function openByHand(value: string, profile: string, column: string, row: string[]): string {
  const [, , , body = ''] = value.split('.');
  const raw = Buffer.from(body, 'base64url');
  const sealing = hkdfSync('sha256', bytes, Buffer.alloc(0), `qt1${kid}${column}`, 32);
  const prefixed = (part: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    return Buffer.concat([length, Buffer.from(part)]);
  };
  const bound = ['qt1', kid, profile, ...(profile === 'none' ? [] : [column]), ...row];
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(sealing), raw.subarray(0, 12));
  decipher.setAAD(Buffer.concat(bound.map(prefixed)));
  decipher.setAuthTag(raw.subarray(-16));
  return Buffer.concat([decipher.update(raw.subarray(12, -16)), decipher.final()]).toString();
}

describe('a value of qt1', () => {
  const id = '0D9F2C41-aa07-4be6-8d1a-77c0de55e1b0';
  test.each<[Binding, string, string[]]>([
    [{ profile: 'none' }, '', []],
    [{ profile: 'column', column: 'patients.ssn' }, 'patients.ssn', []],
    [
      { profile: 'row', column: 'a.ü', row: [7, -0, 8n, 'Ä', { uuid: id }] },
      'a.ü',
      ['7', '0', '8', 'Ä', id.toLowerCase()],
    ],
  ])('is opened by hand, from the documented bytes: %j', (binding, column, row) => {
    const value = qt1.seal(Buffer.from(text), key, binding, randomBytes);
    expect(value.startsWith(`qt1.${kid}.${binding.profile}.`)).toBe(true);
    expect(openByHand(value, binding.profile, column, row)).toBe(text);
  });

  test('says which key it is under, in both forms, to readers and to SQL', () => {
    const sealed = qt1.seal(Buffer.from(text), key, { profile: 'none' }, randomBytes);
    const inBytes = qt1Bytes.seal(Buffer.from(text), key, { profile: 'none' }, randomBytes);
    expect([qt1.name, qt1.form, qt1Bytes.name, qt1Bytes.form]).toEqual([
      'qt1',
      'text',
      'qt1-bytes',
      'bytes',
    ]);
    expect([qt1.naming?.idOf(key), qt1Bytes.naming?.idOf(key)]).toEqual([kid, kid]);
    expect(qt1.naming?.idIn(sealed)).toBe(kid);
    expect(qt1.naming?.idIn(` ${sealed}`)).toBeUndefined();
    expect(qt1Bytes.naming?.idIn(inBytes)).toBe(kid);
    expect(new RegExp(qt1.naming?.idPattern ?? '-').exec(sealed)?.[1]).toBe(kid);
    expect(new RegExp(qt1.naming?.idPattern ?? '-').test(`x${sealed}`)).toBe(false);
    const hex = inBytes.toString('hex');
    expect(new RegExp(qt1Bytes.naming?.idPattern ?? '-').exec(hex)?.[1]).toBe(kid);
  });

  test('names its key as soon as its head is there, whatever is missing behind it', () => {
    const head = qt1Bytes.naming?.startOf(key, 'column') as Buffer;
    expect(head).toHaveLength(12);
    expect(qt1Bytes.naming?.idIn(head)).toBe(kid);
    expect(qt1Bytes.naming?.idIn(head.subarray(0, 11))).toBeUndefined();
  });
});

describe('what is no value of qt1 is refused, and not repeated', () => {
  const value = qt1.seal(Buffer.from(text), key, { profile: 'none' }, randomBytes);
  const notText = 'The value is not qt1.<kid>.<profile>.<base64url>, canonical and complete.';

  test.each([
    ['something before it', ` ${value}`],
    ['nothing behind its head', `qt1.${kid}.none.`],
    ['no head', value.slice(value.lastIndexOf('.') + 1)],
    ['a head and no base64url', `qt1.${kid}.none.***`],
    ['a tag cut short', `qt1.${kid}.none.${Buffer.alloc(27).toString('base64url')}`],
    ['an empty text', ''],
  ])('text with %s', (_what, broken) => {
    expect(() => parseQt1(broken)).toThrow(refused(notText));
    expect(() => qt1.open(broken, keys, { profile: 'none' })).toThrow(refused(notText));
  });

  test.each([
    ['no mark', Buffer.alloc(40)],
    ['a profile nobody knows', Buffer.from('51540103'.padEnd(80, '0'), 'hex')],
    ['too little behind its head', Buffer.from('51540100'.padEnd(78, '0'), 'hex')],
  ])('bytes with %s', (_what, broken) => {
    expect(() => parseQt1Bytes(broken)).toThrow(
      refused('The value is not 51 54 01 ‖ profile ‖ kid ‖ nonce ‖ ciphertext ‖ tag, complete.'),
    );
  });

  test('one of another column, or in another profile', () => {
    const column = (name: string): Binding => ({ profile: 'column', column: name });
    const sealed = qt1.seal(Buffer.from(text), key, column('a'), randomBytes);
    expect(() => qt1.open(sealed, keys, column('b'))).toThrow(
      refused(
        `The ciphertext does not open under key ${kid}: it was changed, or belongs to another column or row.`,
      ),
    );
    expect(() => qt1.open(sealed, keys, { profile: 'none' })).toThrow(
      refused('The ciphertext has profile column, this column is configured with none.'),
    );
  });
});

describe('a place that says nothing binds nothing', () => {
  const sealAt = (binding: Binding) => () => qt1.seal(Buffer.from(text), key, binding, randomBytes);

  test.each(['', '\ud800'])('a column id like %j', (column) => {
    const message = 'The column id is empty or not Unicode text.';
    for (const binding of [
      { profile: 'column', column },
      { profile: 'row', column, row: [1] },
    ] satisfies Binding[]) {
      expect(sealAt(binding)).toThrow(refused(message));
      expect(() => authenticatedData(key, binding)).toThrow(refused(message));
    }
  });

  test.each<[PrimaryKeyPart, string]>([
    ['', 'The primary key is empty or not Unicode text.'],
    ['\udfff', 'The primary key is empty or not Unicode text.'],
    [1.5, 'A number in a primary key is no exact integer; pass a bigint.'],
    [2 ** 53, 'A number in a primary key is no exact integer; pass a bigint.'],
    ...['x', 'x0d9f2c41-aa07-4be6-8d1a-77c0de55e1b0', '0d9f2c41-aa07-4be6-8d1a-77c0de55e1b0x'].map(
      (uuid): [PrimaryKeyPart, string] => [
        { uuid },
        'A uuid in a primary key is not written as 8-4-4-4-12 hex digits.',
      ],
    ),
  ])('a part of a primary key like %j', (part, message) => {
    expect(() => canonicalPart(part)).toThrow(refused(message));
    expect(sealAt({ profile: 'row', column: 'a', row: [part] })).toThrow(refused(message));
  });

  test('no primary key at all', () => {
    expect(sealAt({ profile: 'row', column: 'a', row: [] })).toThrow(
      refused('Profile row needs the primary key of the row.'),
    );
  });
});
