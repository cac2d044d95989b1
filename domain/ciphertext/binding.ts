/** The bytes that bind a ciphertext to its place, and the key that seals there. Normative: docs/ciphertext-formats.md. */
import { Buffer } from 'node:buffer';
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { SealRefusedError } from './errors.ts';
import type { Binding, PrimaryKeyPart } from './format.ts';
import type { CipherKey } from './keys.ts';

const sealingKeyBytes = 32;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const loneSurrogate = /\p{Surrogate}/u;

/** lp('qt1') ‖ lp(kid) ‖ lp(profile) [‖ lp(column id)] [‖ lp(primary key part) …] */
export function authenticatedData(key: CipherKey, binding: Binding): Buffer {
  const { profile } = binding;
  if (profile === 'none') {
    return key.derived(unboundStart);
  }
  if (profile === 'column') {
    return key.derived(columnStart, binding.column);
  }
  if (binding.row.length === 0) {
    throw new SealRefusedError('Profile row needs the primary key of the row.');
  }
  const start = key.derived(rowStart, binding.column);
  return Buffer.concat([start, ...binding.row.map((part) => lengthPrefixed(canonicalPart(part)))]);
}

/** HKDF-SHA-256 (RFC 5869): no salt, info = 'qt1' ‖ kid ‖ column id; the id is empty in profile none. */
export function sealingKey(key: CipherKey, binding: Binding): KeyObject {
  const column = binding.profile === 'none' ? '' : checkedText(binding.column, 'column id');
  return key.derived(derivedKey, column);
}

function derivedKey({ kid, key }: CipherKey, column: string): KeyObject {
  const bytes = Buffer.from(
    hkdfSync('sha256', key, Buffer.alloc(0), `qt1${kid}${column}`, sealingKeyBytes),
  );
  const derived = createSecretKey(bytes);
  bytes.fill(0);
  return derived;
}

const unboundStart = ({ kid }: CipherKey) => joined(['qt1', kid, 'none']);
const columnStart = ({ kid }: CipherKey, column: string) =>
  joined(['qt1', kid, 'column', checkedText(column, 'column id')]);
const rowStart = ({ kid }: CipherKey, column: string) =>
  joined(['qt1', kid, 'row', checkedText(column, 'column id')]);

const joined = (parts: readonly string[]) => Buffer.concat(parts.map(lengthPrefixed));

export function canonicalPart(part: PrimaryKeyPart): string {
  if (typeof part === 'bigint') {
    return part.toString();
  }
  if (typeof part === 'number') {
    if (!Number.isSafeInteger(part)) {
      throw new SealRefusedError('A number in a primary key is no exact integer; pass a bigint.');
    }
    // -0 and 0 are one row: both are written "0" (ECMAScript, Number::toString).
    return part.toString();
  }
  if (typeof part === 'string') {
    return checkedText(part, 'primary key');
  }
  const lower = part.uuid.toLowerCase();
  if (!uuid.test(lower)) {
    throw new SealRefusedError('A uuid in a primary key is not written as 8-4-4-4-12 hex digits.');
  }
  return lower;
}

/** 4 bytes of length, big endian, then the UTF-8 bytes. */
function lengthPrefixed(text: string): Buffer {
  const length = Buffer.byteLength(text, 'utf8');
  const bytes = Buffer.allocUnsafe(4 + length);
  bytes.writeUInt32BE(length);
  bytes.write(text, 4, 'utf8');
  return bytes;
}

function checkedText(text: string, what: string): string {
  // Two different lone surrogates have the same UTF-8 replacement: two rows would be one.
  if (text === '' || loneSurrogate.test(text)) {
    throw new SealRefusedError(`The ${what} is empty or not Unicode text.`);
  }
  return text;
}
