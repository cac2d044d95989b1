/**
 * SCRAM-SHA-256 verifiers (RFC 5802 section 3, RFC 7677; stored form: PostgreSQL manual, pg_authid).
 *
 * The server takes a verifier as it is only when it parses as one; anything else, one character short
 * or in another base64, it accepts silently *as the password itself*. Hence the exact pattern before a
 * statement is built, and a real login afterwards.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** More would be refused by drivers (node-postgres stops at 100,000), fewer are weak. */
const iterations = 4096;

const verifierPattern =
  /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/;
/** 24 random bytes in base64url: 192 bits, safe in a URL. */
const generatedPasswordPattern = /^[A-Za-z0-9_-]{32}$/;
/** For printable ASCII, SASLprep (RFC 4013) is the identity; drivers disagree about everything else. */
const printableAscii = /^[\x20-\x7e]{1,1024}$/;
/** Stored forms: as a "password" the server would keep them as the verifier they look like. */
const looksStored = /^(md5[0-9a-f]{32}$|SCRAM-SHA-256\$)/i;

export class UnusablePasswordError extends Error {
  override readonly name = 'UnusablePasswordError';
  readonly code = 'ERR_ROTATION_UNUSABLE_PASSWORD';
  constructor(found: string, expected: string) {
    super(`The password ${found}; expected ${expected}.`);
  }
}

export class MalformedVerifierError extends Error {
  override readonly name = 'MalformedVerifierError';
  readonly code = 'ERR_ROTATION_MALFORMED_VERIFIER';
  constructor() {
    super(
      'Not a SCRAM-SHA-256 verifier with 4096 iterations and a 16-byte salt: nothing was sent, because ' +
        'the server would have taken the text as the password.',
    );
  }
}

export function isGeneratedPassword(password: string): boolean {
  return generatedPasswordPattern.test(password);
}

/** A password of any origin that every driver and the server understand in the same way. */
export function assertUsablePassword(password: string): void {
  if (!printableAscii.test(password)) {
    throw new UnusablePasswordError(
      'is empty, longer than 1024 characters or holds other characters than printable ASCII',
      '1 to 1024 printable ASCII characters; set such a password by hand before adopting it',
    );
  }
  if (looksStored.test(password)) {
    throw new UnusablePasswordError(
      'has the form of a stored md5 or SCRAM verifier',
      'the password itself',
    );
  }
}

/** Computes the verifier of a password. 16-byte salt; about 1 ms. @throws UnusablePasswordError */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  assertUsablePassword(password);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  const verifier = `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
  assertVerifier(verifier);
  return verifier;
}

/** The verifier of a password that nobody knows and nobody keeps. */
export function discardedVerifier(): string {
  return scramVerifier(randomBytes(24).toString('base64url'));
}

/** Must stand before every statement that holds a verifier. @throws MalformedVerifierError */
export function assertVerifier(verifier: string): void {
  if (!verifierPattern.test(verifier)) {
    throw new MalformedVerifierError();
  }
}
