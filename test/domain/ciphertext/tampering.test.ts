import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CiphertextError } from '../../../domain/ciphertext/errors.ts';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import {
  type AnyFormat,
  bindingsOf,
  formatsOf,
  keyNumber,
  sealedAt,
  titled,
} from './any-format.ts';

const key = keyNumber(1);
const keys = new KeyRing([key, keyNumber(2)]);
const plaintext = Buffer.from('four words of text');
/** A nonce with every bit pattern a damaged decoder might lose. */
const random = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, at) => at * 37));

function sealed(settings: Parameters<typeof formatsOf>[0]) {
  const { format } = formatsOf(settings);
  const [binding] = bindingsOf(settings);
  const value = format.seal(plaintext, key, binding, random, { at: sealedAt });
  return { format, binding, value, facts: formatsOf(settings).facts };
}

/** What became of a changed value: the code of its error, or what it opened to. */
function outcome(
  format: AnyFormat,
  value: string | Buffer,
  binding: Parameters<AnyFormat['open']>[2],
) {
  try {
    return `opened to ${format.open(value, keys, binding).plaintext.toString('hex')}`;
  } catch (error) {
    if (!(error instanceof CiphertextError)) {
      throw error;
    }
    return error;
  }
}

const changed = <T extends string | Buffer>(value: T, change: (bytes: Buffer) => Buffer): T => {
  const bytes = change(Buffer.from(value as string, 'latin1'));
  return (typeof value === 'string' ? bytes.toString('latin1') : bytes) as T;
};

describe.each(titled())('%s', (_title, settings) => {
  test('opens nowhere after any single bit of it was flipped', () => {
    const { format, binding, value } = sealed(settings);
    for (let bit = 0; bit < value.length * 8; bit += 1) {
      const flipped = changed(value, (bytes) => {
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        return bytes;
      });
      const result = outcome(format, flipped, binding);
      if (!(result instanceof CiphertextError) && !isSameJson(value, flipped)) {
        throw new Error(`bit ${bit} flipped, ${result}`);
      }
    }
  });

  test('opens nowhere after any part of its end was cut off', () => {
    const { format, binding, value } = sealed(settings);
    for (let length = 0; length < value.length; length += 1) {
      expect(outcome(format, value.slice(0, length), binding)).toBeInstanceOf(CiphertextError);
    }
  });

  test('opens nowhere with anything before or behind it', () => {
    const { format, binding, value } = sealed(settings);
    const extras = [
      '\n',
      '\0',
      '=',
      '==',
      'A',
      'AAAA',
      '0',
      '00',
      '.',
      ':',
      ' x',
      '\u00e9',
      'qt1.',
    ];
    for (const extra of extras) {
      const behind = changed(value, (bytes) =>
        Buffer.concat([bytes, Buffer.from(extra, 'latin1')]),
      );
      const before = changed(value, (bytes) =>
        Buffer.concat([Buffer.from(extra, 'latin1'), bytes]),
      );
      for (const other of [behind, before]) {
        const result = outcome(format, other, binding);
        if (!(result instanceof CiphertextError) && !isSameJson(value, other)) {
          throw new Error(`with ${JSON.stringify(extra)}: ${result}`);
        }
      }
    }
  });

  test('opens nowhere with characters changed, added or taken away anywhere', () => {
    const { format, binding, value } = sealed(settings);
    const characters = fc.constantFrom(...'AZaz09+/-_=.:| "\n{}\\');
    fc.assert(
      fc.property(fc.nat(value.length), fc.nat(2), characters, (at, taken, character) => {
        const other = changed(value, (bytes) =>
          Buffer.concat([
            bytes.subarray(0, at),
            Buffer.from(character),
            bytes.subarray(at + taken),
          ]),
        );
        fc.pre(Buffer.compare(Buffer.from(other as string), Buffer.from(value as string)) !== 0);
        const result = outcome(format, other, binding);
        return result instanceof CiphertextError || isSameJson(value, other);
      }),
      { numRuns: 400 },
    );
  });

  test('stays recognised when it is damaged behind its mark', () => {
    const { format, value, facts } = sealed(settings);
    expect(format.recognise(value.slice(0, -1))).toBe(facts.announced || isLenient(settings.name));
    expect(format.recognise(facts.form === 'text' ? 'plain text' : Buffer.from('plain'))).toBe(
      false,
    );
  });

  test('says nothing of what it holds or is, whatever is wrong with it', () => {
    const { format, binding, value } = sealed(settings);
    const middle = value.length - 20;
    const messages = new Set<string>();
    for (let at = middle; at < value.length - 4; at += 1) {
      const other = changed(value, (bytes) => {
        bytes.write(bytes.toString('latin1', at, at + 1) === 'a' ? 'b' : 'a', at, 'latin1');
        return bytes;
      });
      const result = outcome(format, other, binding) as CiphertextError;
      expect(result.cause).toBeUndefined();
      expect(JSON.stringify({ ...result })).not.toMatch(/four|words/);
      messages.add(`${result.code} ${result.message}`);
    }
    // Readable without a key, or not: these are all the answers there are.
    expect(messages.size).toBeLessThanOrEqual(2);
    for (const message of messages) {
      expect(message).not.toContain(value.toString('latin1' as never).slice(middle, middle + 8));
    }
  });
});

/** White space between the members of an object is not part of the value (RFC 8259 section 2). */
function isSameJson(value: string | Buffer, other: string | Buffer): boolean {
  try {
    return JSON.stringify(JSON.parse(String(other))) === value;
  } catch {
    return false;
  }
}

const isLenient = (name: string) => ['colon-gcm', 'raw-bytes'].includes(name);
