/** The bytes that bind a ciphertext to its place, and the key that seals there. Normative: docs/ciphertext-formats.md. */
import { Buffer } from 'node:buffer';
import { hkdfSync, type KeyObject } from 'node:crypto';
import { SealRefusedError } from './errors.ts';
import type { Binding, PrimaryKeyPart } from './format.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const loneSurrogate = /\p{Surrogate}/u;

/** lp('qt1') ‖ lp(kid) ‖ lp(profile) [‖ lp(column id)] [‖ lp(primary key part) …] */
export function authenticatedData(kid: string, binding: Binding): Buffer {
  const parts = ['qt1', kid, binding.profile];
  if (binding.profile !== 'none') {
    parts.push(checkedText(binding.column, 'column id'));
  }
  if (binding.profile === 'row') {
    if (binding.row.length === 0) {
      throw new SealRefusedError('Profile row needs the primary key of the row.');
    }
    parts.push(...binding.row.map(canonicalPart));
  }
  return Buffer.concat(parts.map(lengthPrefixed));
}

/** HKDF-SHA-256 (RFC 5869): no salt, info = 'qt1' ‖ kid ‖ column id; the id is empty in profile none. */
export function sealingKey(key: KeyObject, kid: string, binding: Binding): Buffer {
  const column = binding.profile === 'none' ? '' : checkedText(binding.column, 'column id');
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `qt1${kid}${column}`, 32));
}

export function canonicalPart(part: PrimaryKeyPart): string {
  if (typeof part === 'bigint') {
    return part.toString();
  }
  if (typeof part === 'number') {
    if (!Number.isSafeInteger(part)) {
      throw new SealRefusedError('A number in a primary key is no exact integer; pass a bigint.');
    }
    // -0 and 0 are one row.
    return (part + 0).toString();
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
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function checkedText(text: string, what: string): string {
  // Two different lone surrogates have the same UTF-8 replacement: two rows would be one.
  if (text === '' || loneSurrogate.test(text)) {
    throw new SealRefusedError(`The ${what} is empty or not Unicode text.`);
  }
  return text;
}
