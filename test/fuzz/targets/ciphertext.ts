/** Ciphertexts in every format, in each of its variants: opening, and finding the name of the key. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { columnFormats } from '../../../domain/ciphertext/column-formats.ts';
import type { Binding, RandomBytes } from '../../../domain/ciphertext/format.ts';
import { splitGcm } from '../../../domain/ciphertext/gcm.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { checkPlaintext } from '../../../domain/ciphertext/limits.ts';
import { isAnnouncedCiphertext } from '../../../domain/ciphertext/marks.ts';
import { parseQt1 } from '../../../domain/ciphertext/qt1.ts';
import { parseQt1Bytes } from '../../../domain/ciphertext/qt1-bytes.ts';
import { type FormatSettings, formatFacts } from '../../../domain/ciphertext/registry.ts';
import { decodeBytes, encodeBytes } from '../../../domain/ciphertext/text-encodings.ts';
import {
  bindingsOf,
  formatsOf,
  keyNumber,
  sealable,
  sealedAt,
} from '../../domain/ciphertext/any-format.ts';
import { bytes, texts } from '../mutations.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';

const [key, other] = [keyNumber(1), keyNumber(2)];
const keys = new KeyRing([key, other]);
/** The same in every run. */
const random: RandomBytes = (count) =>
  createHash('shake256', { outputLength: count }).update('fuzz').digest();
const plaintext = Buffer.from('Ada Lovelace, born on 10 December 1815');
const options = { at: sealedAt };
const cuts = ['.', ':', '|', '=', '-', '_', 'qt1.', '0'.repeat(16), 'gAAAAA'];

/** What is sealed, changed, opens as nothing, or as what was sealed: never as something else. */
function opening(settings: FormatSettings): Target<never> {
  const { format, facts } = formatsOf(settings);
  const [binding] = bindingsOf(settings);
  const sealed = [key, other].map((one) => format.seal(plaintext, one, binding, random, options));
  return target<string | Buffer>({
    name: `domain/ciphertext: open ${JSON.stringify(settings)}`,
    inputs: (canary) =>
      facts.form === 'text'
        ? texts(sealed as string[], canary, cuts)
        : bytes(sealed as Buffer[], canary),
    run(value) {
      format.recognise(value);
      format.naming?.idIn(value);
      return format.open(value, keys, binding);
    },
    holds: (answer) => agree((answer as { plaintext: Buffer }).plaintext.equals(plaintext), true),
    accepts: sealed[0] as string,
    refuses: facts.form === 'text' ? 'x' : Buffer.from('x'),
  });
}

const column: Binding = { profile: 'column', column: 'patients.name' };
const colonCbc = { name: 'colon-cbc', opensWith: key.kid, plaintext: '[a-z]{1,64}' } as const;
const formats = columnFormats({
  format: 'qt1',
  accepts: [{ name: 'fernet' }, { name: 'cloak' }, { name: 'raw', encoding: 'base64' }, colonCbc],
});
const stored = sealable
  .filter(({ name }) => formatFacts[name].form === 'text')
  .map((settings) => {
    const { format } = formatsOf(settings);
    return format.seal(
      plaintext,
      key,
      settings.name === 'qt1' ? column : { profile: 'none' },
      random,
      options,
    ) as string;
  });
const { format: qt1 } = formatsOf({ name: 'qt1' });
const { format: qt1Bytes } = formatsOf({ name: 'qt1-bytes' });
const text = qt1.seal(plaintext, key, column, random) as string;
const sealedBytes = qt1Bytes.seal(plaintext, key, column, random) as Buffer;

export const ciphertextTargets: readonly Target<never>[] = [
  ...sealable.map(opening),
  target({
    name: 'domain/ciphertext/column-formats.ts: open, kidOf, recognise',
    inputs: (canary) => texts(stored, canary, cuts),
    run: (value) => [
      formats.recognise(value),
      formats.kidOf(value, keys),
      formats.open(value, keys, column),
    ],
    refuses: 'x',
  }),
  target({
    name: 'domain/ciphertext/qt1.ts: parseQt1',
    inputs: (canary) => texts([text], canary, cuts),
    run: parseQt1,
    accepts: text,
    refuses: 'qt1.',
  }),
  target({
    name: 'domain/ciphertext/qt1-bytes.ts: parseQt1Bytes',
    inputs: (canary) => bytes([sealedBytes], canary),
    run: parseQt1Bytes,
    accepts: sealedBytes,
    refuses: Buffer.alloc(0),
  }),
  target({
    name: 'domain/ciphertext/gcm.ts: splitGcm',
    inputs: (canary) => bytes([Buffer.alloc(28), Buffer.alloc(60, 7)], canary),
    run: (value) => splitGcm(value, 12),
    holds(answer, value) {
      const parts = answer as ReturnType<typeof splitGcm>;
      if (parts === undefined) return;
      agree(Buffer.concat([parts.nonce, parts.ciphertext, parts.tag]).equals(value), true);
    },
  }),
  target({
    name: 'domain/ciphertext/limits.ts and marks.ts: checkPlaintext, isAnnouncedCiphertext',
    inputs: (canary) => bytes([plaintext, Buffer.from(text), sealedBytes], canary),
    run: (value) => [isAnnouncedCiphertext(value), checkPlaintext(value, {})],
    accepts: plaintext,
    refuses: Buffer.from(text),
  }),
  target({
    name: 'domain/ciphertext/text-encodings.ts: decodeBytes',
    inputs: (canary) =>
      fc.tuple(
        texts([plaintext.toString('base64'), plaintext.toString('hex')], canary, ['=', 'A', '\n']),
        fc.constantFrom(
          'base64',
          'base64-unpadded',
          'base64url',
          'base64url-padded',
          'hex',
          'hex-upper',
        ),
      ),
    run: ([value, encoding]) => decodeBytes(value, encoding),
    // One text for the same bytes: what is not canonical is refused.
    holds(answer, [value, encoding]) {
      if (answer !== undefined) agree(encodeBytes(answer as Buffer, encoding), value);
    },
  }),
];
