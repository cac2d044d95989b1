import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import { MalformedCiphertextError } from '../../../domain/ciphertext/errors.ts';
import { gcmOpen, gcmSeal } from '../../../domain/ciphertext/gcm.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { formatFacts } from '../../../domain/ciphertext/registry.ts';
import { bindingsOf, formatsOf, keyNumber, sealable } from './any-format.ts';

const { key } = keyNumber(1);

test.each([4, 8, 12, 13, 14, 15])(
  'a tag of %d bytes opens nothing, even the right ones',
  (length) => {
    const parts = gcmSeal(key, Buffer.alloc(12, 1), Buffer.from('x'));
    expect(gcmOpen(key, parts)?.toString()).toBe('x');
    const cut = { ...parts, tag: parts.tag.subarray(0, length) };
    expect(() => gcmOpen(key, cut)).toThrow('Invalid authentication tag length');
  },
);

test('what is longer than anything that is sealed is not looked at', () => {
  const long = 'A'.repeat(2 * 64 * 1024 * 1024 + 1025);
  const texts = sealable.filter(({ name }) => formatFacts[name].form === 'text');
  expect(texts.length).toBeGreaterThan(10);
  for (const settings of texts) {
    const [binding] = bindingsOf(settings);
    const open = () => formatsOf(settings).format.open(long, new KeyRing([]), binding);
    expect(open).toThrow(MalformedCiphertextError);
    expect(open).toThrow('at most');
  }
});

test.each([
  'qt1.0123456789abcdef.none.',
  'v1.aesgcm256.01234567.0123456789abcdef.',
  'gAAAA',
  '{"iv":"',
])('a long plaintext that begins with %s and is no ciphertext is sealed all the same', (start) => {
  const plaintext = Buffer.alloc(16 * 1024 * 1024, 'a');
  plaintext.write(start);
  plaintext.write('.', plaintext.length - 1);
  const { format } = formatsOf({ name: 'qt1' });
  const keys = new KeyRing([keyNumber(1)]);
  const [binding] = bindingsOf({ name: 'qt1' });
  const value = format.seal(plaintext, keyNumber(1), binding, (n) => Buffer.alloc(n, 1));
  expect(format.open(value, keys, binding).plaintext.equals(plaintext)).toBe(true);
});
