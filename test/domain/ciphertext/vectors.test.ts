import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { authenticatedData, sealingKey } from '../../../domain/ciphertext/binding.ts';
import { CiphertextError } from '../../../domain/ciphertext/errors.ts';
import { formatNames } from '../../../domain/ciphertext/format.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { formatFacts } from '../../../domain/ciphertext/registry.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import { anyFormat } from './any-format.ts';
import {
  documentedBlocks,
  documentedFormat,
  documentedValue,
  keyOf,
  page,
} from './documented-vectors.ts';

const blocks = documentedBlocks();
const vectors = blocks.flatMap((block) =>
  block.vectors.map((vector) => ({
    title: `${vector.format.name}, ${vector.name}`,
    block,
    vector,
  })),
);
const refusals = blocks.flatMap((block) =>
  block.refused.map((vector) => ({
    title: `${vector.format.name}, ${vector.name}`,
    block,
    vector,
  })),
);

describe('docs/ciphertext-formats.md', () => {
  test('has vectors and refusals of every format', () => {
    expect(new Set(vectors.map(({ vector }) => vector.format.name))).toEqual(new Set(formatNames));
    expect(new Set(refusals.map(({ vector }) => vector.format.name))).toEqual(new Set(formatNames));
    for (const { key, kid } of blocks) {
      expect(kidOf(Buffer.from(key, 'hex'))).toBe(kid);
    }
  });

  test.each(vectors)('$title: opens to the documented plaintext', ({ block, vector }) => {
    const { form } = formatFacts[vector.format.name];
    const value = documentedValue(form, vector.ciphertext);
    const format = anyFormat(documentedFormat(vector.format));
    const keys = new KeyRing([keyOf(block, vector)]);
    expect(format.recognise(value)).toBe(true);
    expect(format.open(value, keys, vector.binding ?? { profile: 'none' })).toEqual({
      plaintext: Buffer.from(vector.plaintext),
      kid: block.kid,
    });
  });

  test.each(vectors.filter(({ vector }) => vector.random !== undefined))(
    '$title: seals to the documented bytes',
    ({ block, vector }) => {
      const { form } = formatFacts[vector.format.name];
      const { random = '', at, binding = { profile: 'none' } } = vector;
      const sealed = anyFormat(documentedFormat(vector.format)).seal(
        Buffer.from(vector.plaintext),
        keyOf(block, vector),
        binding,
        () => Buffer.from(random, 'hex'),
        at === undefined ? {} : { at: new Date(at) },
      );
      expect(sealed).toEqual(documentedValue(form, vector.ciphertext));
    },
  );

  test.each(vectors.filter(({ vector }) => vector.sealingKey !== undefined))(
    '$title: key and associated data are the documented ones',
    ({ block, vector: { binding = { profile: 'none' }, ...vector } }) => {
      const key = keyOf(block);
      expect(sealingKey(key, binding).export().toString('hex')).toBe(vector.sealingKey);
      expect(authenticatedData(key, binding).toString('hex')).toBe(vector.authenticatedData);
    },
  );

  test.each(refusals)('$title: is refused as documented', ({ block, vector }) => {
    const { form } = formatFacts[vector.format.name];
    const value = documentedValue(form, vector.ciphertext);
    let code = 'opened';
    try {
      const format = anyFormat(documentedFormat(vector.format));
      format.open(value, new KeyRing([keyOf(block)]), vector.binding ?? { profile: 'none' });
    } catch (error) {
      code = error instanceof CiphertextError ? error.code : String(error);
    }
    expect(code).toBe(vector.error);
  });

  const hasCryptography = spawnSync('python3', ['-c', 'import cryptography']).status === 0;
  if (!hasCryptography) {
    console.warn(
      'python3 has no module cryptography: the vectors are not opened by another program.',
    );
  }
  (hasCryptography ? test : test.skip)('is opened by another program, written from it', () => {
    const script = fileURLToPath(new URL('open_vectors.py', import.meta.url));
    const { stdout, stderr } = spawnSync('python3', [script, fileURLToPath(page)], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toBe(`${vectors.length} opened\n`);
  });
});
