/**
 * The value of a user-managed secret: one line of text, or a JSON object one member of which is the credential. It
 * is stored as its owners wrote it.
 *
 * What is stored already is read leniently: owners wrote it before there was an inbox. What comes out of the inbox
 * is refused for everything that a paste does to it, because nobody but the vendor could tell the difference.
 */
import { scryptSync } from 'node:crypto';
import type { MaterialId } from '../../domain/events/control-records.ts';
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import { InvalidInboxValueError } from './errors.ts';

export interface UserManagedValue {
  /** As it is stored. */
  readonly document: string;
  /** What is tested; absent: an earlier document that does not have it. */
  readonly credential?: string | undefined;
}

/** Shorter, it is no credential; longer, servers refuse it as a header (RFC 9110, 5.4). */
const [shortest, longest] = [8, 4_096];
/** It becomes part of a header: visible ASCII, spaces inside only (RFC 9110, 5.5). */
const printable = /^[\x20-\x7e]*$/;

/** Any stored text. @param field the member that is the credential; absent: the text itself */
export function readValue(document: string, field: string | undefined): UserManagedValue {
  const credential = field === undefined ? document : memberOf(document, field);
  return { document, ...(isUsable(credential) && { credential }) };
}

/** @throws InvalidInboxValueError */
export function parseInboxValue(document: string, field: string | undefined): UserManagedValue {
  const of = field === undefined ? '' : ` in the member "${field}"`;
  if (field === undefined && /^\s*[{[]/.test(document)) {
    throw new InvalidInboxValueError(
      'is a JSON document',
      'the value alone: this secret is configured without a field. The console writes JSON from its "Key/value" form, take "Plaintext"',
    );
  }
  const credential = field === undefined ? document : memberOf(document, field);
  if (credential === undefined) {
    throw new InvalidInboxValueError(
      `is no JSON object with one text${of}`,
      `{"${field}": "…"}, every member once`,
    );
  }
  if (credential.trim() !== credential) {
    throw new InvalidInboxValueError(
      `begins or ends with white space${of}, as a pasted line does`,
      'the value alone, without a line break (printf %s, not echo)',
    );
  }
  if (credential.length < shortest || credential.length > longest) {
    throw new InvalidInboxValueError(
      `has ${credential.length} characters${of}`,
      `${shortest} to ${longest}`,
    );
  }
  if (!printable.test(credential)) {
    throw new InvalidInboxValueError(
      `holds a character${of} that no HTTP header takes`,
      'one line of printable ASCII',
    );
  }
  return { document, credential };
}

const isUsable = (credential: string | undefined): credential is string =>
  credential !== undefined &&
  credential.length > 0 &&
  credential.length <= longest &&
  printable.test(credential);

function memberOf(document: string, field: string): string | undefined {
  try {
    // For its refusals: a member twice would be the last one in one reader and the first in another.
    parseJsonDocument(document);
    const member = (JSON.parse(document) as Record<string, unknown>)[field];
    return typeof member === 'string' ? member : undefined;
  } catch {
    return undefined;
  }
}

const purpose = 'quarterturn user-managed material v1';

/**
 * An id that tells two values apart and not what they are. A person may have chosen the value, so a fast hash would
 * let everybody who reads a report try guesses at billions a second: scrypt (RFC 7914; N = 2^15, r = 8: 32 MiB and
 * about 80 ms a guess), salted with the secret's name, and 64 bits of the result.
 */
export const fingerprint =
  (secretName: string) =>
  (credential: string): MaterialId => {
    const digest = scryptSync(credential, `${purpose}\0${secretName}`, 8, {
      N: 2 ** 15,
      r: 8,
      p: 1,
      maxmem: 64 * 1024 * 1024,
    });
    return `value:${digest.toString('hex')}`;
  };
