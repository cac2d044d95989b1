import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { CiphertextError } from '../../../domain/ciphertext/errors.ts';
import type { FormatName } from '../../../domain/ciphertext/format.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { isAnnouncedCiphertext } from '../../../domain/ciphertext/marks.ts';
import { type FormatSettings, formatFacts, formatOf } from '../../../domain/ciphertext/registry.ts';
import {
  anyFormat,
  bindingsOf,
  formatsOf,
  keyNumber,
  sealable,
  sealedAt,
  titled,
} from './any-format.ts';

/** The shapes that overlap, as docs/ciphertext-formats.md names them; every other pair is told apart. */
const overlaps: Partial<Record<FormatName, readonly FormatName[]>> = {
  'qt1-bytes': ['raw-bytes'],
  raw: ['raw'],
  'raw-bytes': ['raw-bytes'],
  'colon-gcm': ['colon-gcm'],
  fernet: ['raw'],
  'n8n-gcm': ['raw'],
};

const key = keyNumber(1);
const keys = new KeyRing([key]);
const cbc: FormatSettings = { name: 'colon-cbc', opensWith: key.kid, isPlaintext: () => true };
const everything = [...sealable, cbc];
const random = (bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, at) => at * 37 + 3));
const plaintexts = ['', 'sixteen bytes ok', 'four words of text+', 'x'.repeat(100)];

function samplesOf(settings: FormatSettings) {
  const { format, facts } = formatsOf(settings);
  const [binding] = bindingsOf(settings);
  return plaintexts.map((plaintext) => ({
    form: facts.form,
    value: format.seal(Buffer.from(plaintext), key, binding, random, { at: sealedAt }),
  }));
}

const others = (settings: FormatSettings, form: 'text' | 'bytes') =>
  everything.filter((other) => other !== settings && formatFacts[other.name].form === form);

describe('a value in one format', () => {
  test.each(titled())(
    '%s is recognised as no other, but for the documented overlaps',
    (_, settings) => {
      const mistaken = new Set<FormatName>();
      for (const { value, form } of samplesOf(settings)) {
        for (const other of others(settings, form)) {
          if (anyFormat(formatOf(other)).recognise(value)) {
            mistaken.add(other.name);
          }
        }
      }
      const named = overlaps[settings.name] ?? [];
      expect([...mistaken].filter((name) => !named.includes(name))).toEqual([]);
    },
  );

  test.each(titled())('%s opens as no other format under the same key', (_, settings) => {
    for (const { value, form } of samplesOf(settings)) {
      for (const other of others(settings, form).filter(({ name }) => name !== settings.name)) {
        const [binding] = bindingsOf(other);
        expect(() => anyFormat(formatOf(other)).open(value, keys, binding)).toThrow(
          CiphertextError,
        );
      }
    }
  });

  test('announces itself exactly where the registry says so', () => {
    for (const settings of everything.filter(({ name }) => name !== 'colon-cbc')) {
      const announced = formatFacts[settings.name].announced && settings.name !== 'prefixed';
      for (const { value } of samplesOf(settings)) {
        expect([settings, isAnnouncedCiphertext(Buffer.from(value as string))]).toEqual([
          settings,
          announced,
        ]);
      }
    }
  });

  test.each(titled())(
    '%s is not sealed in any other format, if it announces itself',
    (_, settings) => {
      const { announced } = formatFacts[settings.name];
      for (const { value } of samplesOf(settings)) {
        for (const target of sealable.filter(() => announced && settings.name !== 'prefixed')) {
          const { format } = formatsOf(target);
          const [binding] = bindingsOf(target);
          expect(() =>
            format.seal(Buffer.from(value as string), key, binding, random, { at: sealedAt }),
          ).toThrow('not sealed twice');
        }
      }
    },
  );
});

test.each([
  'qt1. is how it starts',
  'v1.aesgcm256 is what it is called',
  'gAAAAAAAAAA!',
  'QT\u0001',
  '',
  'https://example.org/a?b=c',
  '078-05-1120',
  '12:34:56',
  '12:34',
  '{"iv":"never"}',
  '{"iv": 12, "tag": null, "data": []}',
  'null',
])('%j is plaintext: no format claims it but by its own mark, and it may be sealed', (text) => {
  const claimed = sealable
    .filter(({ name }) => formatFacts[name].form === 'text')
    .filter((settings) => formatsOf(settings).format.recognise(text))
    .map(({ name }) => name);
  const mark = { q: ['qt1'], g: ['fernet'] }[text[0] ?? ''] ?? [];
  expect(claimed).toEqual(mark);
  for (const settings of sealable) {
    const { format } = formatsOf(settings);
    const [binding] = bindingsOf(settings);
    const value = format.seal(Buffer.from(text), key, binding, random, { at: sealedAt });
    expect(format.open(value, keys, binding).plaintext.toString()).toBe(text);
  }
});
