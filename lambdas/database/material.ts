/**
 * The id of a credential, for records and reports: `<role>:<16 hex digits>`.
 *
 * A fast hash of a generated password (192 random bits) tells nothing about it. One of an adopted
 * password, which a person may have chosen, would let everybody who reads a report try guesses offline
 * at billions a second; such a password goes through scrypt (RFC 7914; N = 2^15, r = 8: 32 MiB and about
 * 80 ms a guess), and 64 bits of the result.
 */
import { createHash, scryptSync } from 'node:crypto';
import type { MaterialId } from '../../domain/events/control-records.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { isGeneratedPassword } from '../../doors/postgres/scram.ts';

const purpose = 'quarterturn material v1';
const bytes = 8;

export function credentialMaterial({ username, password }: Credential): MaterialId {
  const digest = isGeneratedPassword(password)
    ? createHash('sha256')
        .update(purpose)
        .update(lengthPrefixed(username))
        .update(lengthPrefixed(password))
        .digest()
        .subarray(0, bytes)
    : scryptSync(password, Buffer.concat([Buffer.from(purpose), lengthPrefixed(username)]), bytes, {
        N: 2 ** 15,
        r: 8,
        p: 1,
        maxmem: 64 * 1024 * 1024,
      });
  return `${username}:${digest.toString('hex')}`;
}

/** Four bytes of length, big-endian, then UTF-8: "ab" + "c" never equals "a" + "bc". */
function lengthPrefixed(text: string): Buffer {
  const utf8 = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(utf8.length);
  return Buffer.concat([length, utf8]);
}
