import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { databaseLoad } from './database-load.ts';
import {
  authenticationTimeout,
  multiUserEmergency,
  singleUserEmergency,
} from './emergency-database.ts';
import { revokedToken } from './emergency-jwt.ts';
import { fieldLoad } from './fields-load.ts';
import { form } from './form.ts';
import { jwtLoad } from './jwt-load.ts';
import { jwtTally, type Shown, summary } from './summary.ts';
import { type Tally, together } from './tally.ts';

const isFull = form.name === 'full';
const limit = isFull ? 1_200_000 : 120_000;

const shown: Shown = { databases: [], ended: [] };
let pharmacy: Pharmacy;

beforeAll(async () => {
  pharmacy = await startPharmacy({
    settings: { max_connections: '200', authentication_timeout: `${authenticationTimeout}ms` },
  });
}, 60_000);
afterAll(async () => {
  await pharmacy?.server.stop();
  console.log(summary(shown));
});

/** Of each kind: code → how often. */
const failuresOf = (tallies: readonly Tally[]) =>
  Object.fromEntries(
    tallies
      .filter(({ failed }) => failed > 0)
      .map(({ name, failures }) => [name, Object.fromEntries(failures)]),
  );
const withoutFailure = (tallies: readonly Tally[]) =>
  tallies.filter(({ failed }) => failed === 0).map(({ name }) => name);

describe('while the database password rotates', () => {
  test.each(['multiUser', 'singleUser'] as const)(
    '%s: no new login fails, no open session ends; who follows the rotation in no way, or halfway, is refused',
    async (scheme) => {
      const load = await databaseLoad(pharmacy, scheme, form);
      shown.databases.push(load);
      expect(failuresOf([...load.library, load.sessions])).toEqual({});
      expect(together('', load.library).attempts).toBeGreaterThanOrEqual(isFull ? 10_000 : 50);
      expect(load.sessions.attempts).toBeGreaterThanOrEqual(load.rotations * 5);
      expect(load.meanwhile.attempts).toBeGreaterThanOrEqual(load.rotations * 5);
      expect(withoutFailure(load.naive)).toEqual([]);
    },
    limit,
  );
});

describe('while the signing secret rotates', () => {
  test(
    'no token is refused, whoever signed it and whoever verifies it, with whatever they hold by then',
    async () => {
      const load = await jwtLoad(form);
      shown.jwt = load;
      expect(failuresOf([load.verifications, load.withoutKid, load.lastSecond])).toEqual({});
      expect(load.missingOrders).toEqual([]);
      // Of the key that was adopted: with its name, and before it had one.
      expect(load.kids).toBe(form.jwtRotations + 2);
      expect(jwtTally(load).attempts).toBeGreaterThanOrEqual(isFull ? 100_000 : 1_000);
      expect(load.lastSecond.attempts).toBeGreaterThan(0);
      expect(withoutFailure(load.naive)).toEqual([]);
    },
    limit,
  );
});

describe('while the field-encryption key rotates', () => {
  test(
    'every value opens for every reader, whoever wrote it, and all of them with the last keyset',
    async () => {
      const load = await fieldLoad(form);
      shown.fields = load;
      expect(failuresOf([load.decrypts, load.encrypts, load.inTheEnd])).toEqual({});
      expect(load.missingOrders).toEqual([]);
      expect(load.kids).toBeGreaterThan(2);
      expect(load.decrypts.attempts).toBeGreaterThanOrEqual(isFull ? 100_000 : 3_000);
      expect(load.inTheEnd.attempts).toBeGreaterThan(form.opensPerLook);
      expect(withoutFailure(load.naive)).toEqual([]);
    },
    limit,
  );
});

describe('in an emergency', () => {
  test('a revoked token is refused within the bound each verifier states, and a new one is accepted at once', async () => {
    const revoked = await revokedToken();
    shown.revoked = revoked;
    for (const { measured, bound } of revoked.bounds) {
      expect(bound).toBe(300_000);
      expect(measured).toBeLessThanOrEqual(bound);
    }
    // Who can read needs no more than maxAge; who cannot uses all of its bound, and nothing beyond it.
    const [cut = 0, ...reading] = revoked.bounds.map(({ measured }) => measured).reverse();
    expect(Math.max(...reading)).toBeLessThanOrEqual(120_000);
    expect(cut).toBeGreaterThan(290_000);
    expect(revoked.refusals).toEqual([
      'ERR_ROTATION_SECRET_STALE',
      'ERR_ROTATION_TOKEN_KEY_REVOKED',
    ]);
    expect(revoked.newToken).toBe('accepted');
    expect(revoked.injected).toEqual({
      bound: Number.POSITIVE_INFINITY,
      refusesAfterRestart: true,
    });
  });

  test('singleUser: sessions end, nobody logs in, and the application is let in again within the bound', async () => {
    const ended = await singleUserEmergency(pharmacy);
    shown.ended.push(ended);
    expect(ended.lost).toEqual(['57P01', '57P01', '57P01']);
    expect(ended.refusedMeanwhile).toBeGreaterThan(10);
    expect(ended.pendingLetIn).toBe(true);
    for (const { measured, bound } of ended.bounds) expect(measured).toBeLessThanOrEqual(bound);
    // It asked at the worst moment: the next read was a cooldown away.
    expect(ended.bounds.at(-1)?.measured).toBeGreaterThanOrEqual(10_000);
  });

  test('multiUser: the other role is promoted, the leaked one ends, the application is let in within the bound', async () => {
    const ended = await multiUserEmergency(pharmacy);
    shown.ended.push(ended);
    expect(ended.lost).toEqual(['57P01']);
    for (const { measured, bound } of ended.bounds) expect(measured).toBeLessThanOrEqual(bound);
    expect(ended.bounds.at(-1)?.measured).toBeGreaterThanOrEqual(9_000);
  });
});
