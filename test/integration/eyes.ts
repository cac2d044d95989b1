/** Whether what lived before a rotation lives on, as the application sees it. */
import { expect } from '@jest/globals';
import { acceptedKeys, primaryOf } from '../../domain/secrets/keyset.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import type { SecretKey, Step, World } from './world.ts';

export interface Moment {
  /** The rotation under way or over; its value may be live already. */
  token: string;
  /** The target was told of the new value, AWSCURRENT was not moved. */
  betweenSetAndFinish: boolean;
}

/** Throws when something that worked when it was made works no longer. */
export type Look = (moment?: Moment) => Promise<void>;
type Eyes = (world: World) => Promise<Look>;

/** A session opened before, and one opened now. */
const jwt: Eyes = async ({ stage: { application } }) => {
  const token = await application.issueToken('usr-0001');
  const kid = await application.verifyToken(token);
  return async () => {
    expect(await application.verifyToken(token)).toBe(kid);
    const signer = await application.verifyToken(await application.issueToken('usr-0002'));
    expect(signer).toBe(primaryOf(await application.keyset('jwt')).kid);
  };
};

/** A field sealed before, and one sealed now; and a reader that has not read the secret again. */
const pii: Eyes = async ({ stage: { application } }) => {
  const before = await application.cipher();
  const sealed = await before.seal('patients.phone', 1, '+1 555 0100');
  const { keys } = await application.keyset('pii');
  return async () => {
    const cipher = await application.cipher();
    expect(cipher.open('patients.phone', 1, sealed)).toBe('+1 555 0100');
    const now = await cipher.seal('patients.ssn', 2, '078-05-1120');
    expect(cipher.open('patients.ssn', 2, now)).toBe('078-05-1120');
    const readable = acceptedKeys(await application.keyset('pii'), new Date(0));
    const kids = new Set(readable.map(({ kid }) => kid));
    expect(keys.filter(({ kid }) => !kids.has(kid))).toEqual([]);
  };
};

/** The credential read before, for a reader that caches it, and the one AWSCURRENT names now. */
const db: Eyes = async ({ stage: { application } }) => {
  const cached = await application.credential('db');
  return async () => {
    for (const login of ['db', cached] as const) {
      const rows = await application.withDatabase(login, (session) =>
        session.query<{ acts: string }>('SELECT current_user::text AS acts'),
      );
      expect(rows).toEqual([{ acts: 'pharmacy_app' }]);
    }
  };
};

/** One password: between setSecret and finishSecret the pending one is it, at any other time AWSCURRENT's. */
const legacyDb: Eyes = async (world) => {
  const { application } = world.stage;
  return async (moment) => {
    const current = await application.credential('legacyDb');
    if (moment?.betweenSetAndFinish !== true) {
      await application.withDatabase(current, (session) => session.query('SELECT 1'));
      return;
    }
    const pending = credentialIn(await world.valueOf('legacyDb', moment.token));
    await application.withDatabase(pending, (session) => session.query('SELECT 1'));
    expect(await application.isRefused(current)).toBe(true);
  };
};

export const eyes: Record<SecretKey, Eyes> = { jwt, pii, db, legacyDb };

export function credentialIn(secretString: string | undefined): Credential {
  const { username, password } = JSON.parse(secretString ?? '{}') as Credential;
  return { username, password };
}

/** Where a fault at `step` leaves a rotation until it is tried again. */
export function momentAfter(token: string, step: Step, when: 'before' | 'after'): Moment {
  const isSet = step === 'testSecret' || (step === 'setSecret' && when === 'after');
  return { token, betweenSetAndFinish: isSet || (step === 'finishSecret' && when === 'before') };
}
