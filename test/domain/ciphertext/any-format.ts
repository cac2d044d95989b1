/** One format of either form, for tests that go through all of them. */
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import type {
  Binding,
  BytesFormat,
  CiphertextFormat,
  TextFormat,
} from '../../../domain/ciphertext/format.ts';
import { CipherKey } from '../../../domain/ciphertext/keys.ts';
import { type FormatSettings, formatFacts, formatOf } from '../../../domain/ciphertext/registry.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';

export type AnyFormat = CiphertextFormat<string | Buffer>;

/** Values go back into the format they came from, so that their form needs no telling apart. */
export function anyFormat(format: TextFormat | BytesFormat): AnyFormat {
  return format as unknown as AnyFormat;
}

/** A key that is the same in every run. */
export function keyNumber(number: number): CipherKey {
  const bytes = Buffer.alloc(32, number);
  return new CipherKey({ kid: kidOf(bytes), key: createSecretKey(bytes) });
}

const members = { iv: 'iv', tag: 'tag', data: 'data' };
const encodings = [
  'base64',
  'base64-unpadded',
  'base64url',
  'base64url-padded',
  'hex',
  'hex-upper',
] as const;

/** Every format that seals, in each of its variants. */
export const sealable: readonly FormatSettings[] = [
  { name: 'qt1' },
  { name: 'qt1-bytes' },
  ...encodings.map((encoding): FormatSettings => ({ name: 'raw', encoding })),
  { name: 'raw', encoding: 'base64', nonceBytes: 16 },
  { name: 'raw-bytes' },
  { name: 'raw-bytes', nonceBytes: 16 },
  { name: 'colon-gcm', order: 'iv:tag:data' },
  { name: 'colon-gcm', order: 'iv:data:tag', nonceBytes: 16 },
  { name: 'colon-gcm', order: 'iv:data:tag', encoding: { iv: 'hex', tag: 'hex', data: 'base64' } },
  { name: 'json-gcm', members },
  {
    name: 'json-gcm',
    members: { iv: 'n', data: 'c' },
    fixed: { alg: 'A256GCM', v: 1 },
    nonceBytes: 16,
  },
  { name: 'fernet' },
  { name: 'cloak' },
  { name: 'prefixed', prefix: 'enc:v2:', keyId: { of: 'kid', digits: 8 } },
  {
    name: 'prefixed',
    prefix: 'v3|',
    keyId: { of: 'sha256', keyAs: 'base64', digits: 16 },
    encoding: 'base64url',
  },
  { name: 'n8n-gcm' },
];

export const titled = (list: readonly FormatSettings[] = sealable) =>
  list.map((settings) => [JSON.stringify(settings), settings] as const);

export const sealedAt = new Date('2026-05-17T17:00:02.000Z');

const unbound: Binding = { profile: 'none' };
const column: Binding = { profile: 'column', column: 'patients.name' };
const row: Binding = { profile: 'row', column: 'patients.ssn', row: [42n, 'Ä b'] };

/** What a format can be bound to. */
export function bindingsOf(settings: FormatSettings): readonly [Binding, ...Binding[]] {
  return settings.name === 'qt1' || settings.name === 'qt1-bytes'
    ? [row, column, unbound]
    : [unbound];
}

export function formatsOf(settings: FormatSettings) {
  return { format: anyFormat(formatOf(settings)), facts: formatFacts[settings.name] };
}
