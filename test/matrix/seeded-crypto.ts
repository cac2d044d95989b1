/**
 * Salts that are the same in every schedule, and each pbkdf2 computed once: a verifier costs a millisecond, and
 * thousands of schedules compute the same few. For `jest.unstable_mockModule('node:crypto', …)` before anything is imported.
 */
import type * as crypto from 'node:crypto';
import { createRequire } from 'node:module';

// The module itself, not what the test has put in its place.
const actual = createRequire(import.meta.url)('node:crypto') as typeof crypto;

const derived = new Map<string, Buffer>();
let drawn = 0;

/** At the start of a schedule: what was made before it, its preparation, has salts of its own. */
export function drawSaltsAnew(): void {
  drawn = 1_000;
}

export function seededCrypto(): Record<string, unknown> {
  const pbkdf2Sync = (
    password: string,
    salt: Buffer,
    iterations: number,
    bytes: number,
    digest: string,
  ): Buffer => {
    const key = [password, salt.toString('base64'), iterations, bytes, digest].join(' ');
    const known = derived.get(key) ?? actual.pbkdf2Sync(password, salt, iterations, bytes, digest);
    derived.set(key, known);
    return known;
  };
  const randomBytes = (count: number): Buffer => {
    drawn += 1;
    const bytes = actual.createHash('sha512').update(`salt ${drawn}`).digest();
    return Buffer.concat([bytes, bytes]).subarray(0, count);
  };
  return { ...actual, pbkdf2Sync, randomBytes, default: { ...actual, pbkdf2Sync, randomBytes } };
}
