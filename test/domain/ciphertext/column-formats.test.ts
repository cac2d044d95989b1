import { expect, test } from '@jest/globals';
import { columnFormats } from '../../../domain/ciphertext/column-formats.ts';
import { formatNames } from '../../../domain/ciphertext/format.ts';
import { formatFacts } from '../../../domain/ciphertext/registry.ts';
import {
  acceptedFormatNames,
  acceptedFormatSchema,
  bindingFormats,
  bytesFormats,
  writtenFormatSchema,
} from '../../../domain/config/format-schema.ts';
import { sealable, titled } from './any-format.ts';

test('the configuration knows every format there is, and what it says of them is so', () => {
  expect(new Set(acceptedFormatNames)).toEqual(new Set(formatNames));
  for (const name of formatNames) {
    const { form, rotation } = formatFacts[name];
    expect(bytesFormats.has(name)).toBe(form === 'bytes');
    expect(bindingFormats.has(name)).toBe(name.startsWith('qt1'));
    const settings = sealable.find((one) => one.name === name) ?? { name };
    const written = [name, settings].some((one) => writtenFormatSchema.safeParse(one).success);
    expect([name, written]).toEqual([name, rotation === 'preserve']);
  }
});

/** They set the size of new nonces, and a column of older values is not written in them. */
const onlySealing = new Set(['colon-gcm', 'json-gcm']);

test.each(titled())('%s can be configured as it is implemented', (_title, settings) => {
  const { nonceBytes, ...rest } = settings as typeof settings & { nonceBytes?: number };
  const asRead = onlySealing.has(settings.name) || nonceBytes === undefined ? rest : settings;
  const parsed = acceptedFormatSchema.parse(asRead);
  expect(parsed).toEqual(asRead);
  expect(columnFormats({ format: 'qt1', accepts: [parsed] }).accepts).toHaveLength(1);
});

test('formats that say what they are are asked before those that only look like it, AES-CBC last', () => {
  const { accepts, marks } = columnFormats({
    format: 'qt1',
    accepts: [
      { name: 'colon-cbc', opensWith: 'adopted', plaintext: '\\d+' },
      { name: 'raw', encoding: 'base64' },
      { name: 'fernet' },
    ],
  });
  expect(accepts.map(({ name }) => name)).toEqual(['fernet', 'raw', 'colon-cbc']);
  expect(marks).toBeUndefined();
  expect(columnFormats({ format: 'cloak', accepts: [{ name: 'fernet' }] }).marks).toEqual([
    'v1.aesgcm256.',
    'gAAAA',
  ]);
});
