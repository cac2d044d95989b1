/** Material of the tests of keysets: settings, an instant, and a random source that counts. */
import { createHash } from 'node:crypto';
import type { Change, NextValueSettings } from '../../../domain/secrets/next-value.ts';

export const jwtSettings: NextValueSettings = {
  field: 'JWT_SECRET',
  alg: 'HS512',
  bits: 512,
  encoding: 'base64',
  acceptForSeconds: 3600,
};

export const encryptionSettings: NextValueSettings = {
  field: 'ENCRYPTION_KEY',
  alg: 'A256GCM',
  bits: 256,
  encoding: 'base64',
};

export const start = new Date('2026-05-17T17:00:02.000Z');

export function at(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000);
}

let drawn = 0;

/** Different bytes on each call, the same in each run. */
export async function counting(bytes: number): Promise<Buffer> {
  drawn += 1;
  const blocks: Buffer[] = [];
  for (let block = 0; block * 64 < bytes; block += 1) {
    blocks.push(createHash('sha512').update(`${drawn}:${block}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

export function change(intent: Change['intent'], more: Partial<Change> = {}): Change {
  return {
    intent,
    compromised: new Set(),
    rotatedBefore: false,
    provenance: { intent, token: '00000000-0000-0000-0000-000000000001', attributed: true },
    now: start,
    random: counting,
    ...more,
  };
}
