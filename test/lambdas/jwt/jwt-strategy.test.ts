import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { jwtVerify, SignJWT } from 'jose';
import {
  acceptedKeys,
  type Keyset,
  primaryOf,
  publishedOf,
} from '../../../domain/secrets/keyset.ts';
import { JwtProbeFailedError } from '../../../lambdas/jwt/errors.ts';
import { JwtStrategy, type JwtValue } from '../../../lambdas/jwt/jwt-strategy.ts';
import { signProbe } from '../../../lambdas/jwt/probe-token.ts';
import type { Rotation } from '../../../lambdas/rotation/strategy.ts';
import { rotate, rotation } from '../rotation-in-memory.ts';

const strategy = new JwtStrategy({
  field: 'JWT_SECRET',
  bits: 512,
  encoding: 'base64',
  acceptForSeconds: 3600,
});
const { now } = rotation('planned');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

function keysetOf(value: JwtValue): Keyset {
  if (value.shape !== 'keyset') {
    throw new Error('plain');
  }
  return value.keyset;
}

/** What an application does, with jose: signs with the primary key. */
async function login(value: JwtValue, at = now): Promise<string> {
  const { kid, key } = primaryOf(keysetOf(value));
  return new SignJWT({ sub: 'jane' })
    .setProtectedHeader({ alg: keysetOf(value).alg, kid })
    .setIssuedAt(at)
    .setExpirationTime(later(3000))
    .sign(key);
}

/** What an application does, with jose: verifies by kid, algorithm pinned. */
async function verify(token: string, value: JwtValue, at = now): Promise<string | undefined> {
  const keyset = keysetOf(value);
  const { payload } = await jwtVerify(
    token,
    ({ kid }) => {
      const entry = acceptedKeys(keyset, at).find((accepted) => accepted.kid === kid);
      if (entry === undefined) {
        throw new Error('unknown kid');
      }
      return entry.key;
    },
    { algorithms: [keyset.alg], currentDate: at },
  );
  return payload.sub;
}

async function firstValue(): Promise<JwtValue> {
  return rotate(strategy, {}, rotation('planned'));
}

async function activated(
  current: JwtValue,
  more: Partial<Rotation<JwtValue>> = {},
): Promise<JwtValue> {
  const activateKid = publishedOf(keysetOf(current))?.kid ?? '';
  return rotate(strategy, { current }, rotation('activate', { activateKid, ...more }));
}

describe('a rotation of a JWT secret', () => {
  test('logs nobody out: every token verifies at every reader, whichever version either side has', async () => {
    const one = await firstValue();
    const two = await rotate(strategy, { current: one }, rotation('planned'));
    const three = await activated(two);
    for (const [signer, verifier] of [
      [one, two],
      [two, one],
      [two, three],
      [three, two],
    ] as const) {
      expect(await verify(await login(signer), verifier)).toBe('jane');
    }
    expect(primaryOf(keysetOf(two)).kid).toBe(primaryOf(keysetOf(one)).kid);
    expect(primaryOf(keysetOf(three)).kid).toBe(publishedOf(keysetOf(two))?.kid);
  });

  test('accepts old tokens until acceptFor has passed, and not a second longer', async () => {
    const two = await rotate(strategy, { current: await firstValue() }, rotation('planned'));
    const token = await login(two);
    const three = await activated(two);
    expect(await verify(token, three, later(2999))).toBe('jane');
    const longer = await login(two);
    await expect(verify(longer, three, later(3600))).rejects.toThrow();
    expect(acceptedKeys(keysetOf(three), later(3599))).toHaveLength(2);
    expect(acceptedKeys(keysetOf(three), later(3600))).toHaveLength(1);
  });

  test('goes back before and after activation without refusing a token', async () => {
    const one = await firstValue();
    const two = await rotate(strategy, { current: one }, rotation('planned'));
    const withdrawn = await rotate(
      strategy,
      { current: two, previous: one },
      rotation('rollback', { restore: one }),
    );
    expect(await verify(await login(withdrawn), one)).toBe('jane');
    const three = await activated(two);
    const back = await rotate(
      strategy,
      { current: three, previous: two },
      rotation('rollback', { restore: two }),
    );
    expect(await verify(await login(three), back)).toBe('jane');
    expect(await verify(await login(back), three)).toBe('jane');
    expect(primaryOf(keysetOf(back)).kid).toBe(primaryOf(keysetOf(one)).kid);
  });

  test('in an emergency refuses every earlier token, of all versions there were', async () => {
    const one = await firstValue();
    const two = await rotate(strategy, { current: one }, rotation('planned'));
    const three = await activated(two);
    const lost = await firstValue();
    const tokens = await Promise.all([one, three, lost].map((value) => login(value)));
    const after = await rotate(
      strategy,
      { current: lost, previous: one, labelled: [three] },
      rotation('emergency'),
    );
    for (const token of tokens) {
      await expect(verify(token, after)).rejects.toThrow('unknown kid');
    }
    expect(await verify(await login(after), after)).toBe('jane');
    expect(strategy.serialize(after).match(/"k":/g)).toHaveLength(1);
  });

  test('names its material by kid: primary, all that verify, and the published one', async () => {
    const two = await rotate(strategy, { current: await firstValue() }, rotation('planned'));
    const [published, primary] = keysetOf(two).keys.map(({ kid }) => kid);
    expect(strategy.material(two)).toEqual({ primary, published, all: [published, primary] });
    const after = await rotate(strategy, { current: two }, rotation('emergency'));
    expect(strategy.material(after)).toEqual({
      primary: primaryOf(keysetOf(after)).kid,
      all: [primaryOf(keysetOf(after)).kid],
    });
  });

  test.each([
    [256, 'base64', 'HS256'],
    [384, 'hex', 'HS384'],
    [512, 'base64url', 'HS512'],
    [512, 'text', 'HS512'],
    [256, 'text', 'HS256'],
  ] as const)('of %d bits in %s signs with %s', async (bits, encoding, alg) => {
    const sized = new JwtStrategy({ field: 'JWT_SECRET', bits, encoding, acceptForSeconds: 60 });
    const value = await rotate(sized, {}, rotation('planned'));
    expect(keysetOf(value).alg).toBe(alg);
    expect(await verify(await login(value), value)).toBe('jane');
  });

  test.each([128, 255])('of %d bits is a configuration error', (bits) => {
    const settings = { field: 'S', bits, encoding: 'hex', acceptForSeconds: 60 } as const;
    expect(() => new JwtStrategy(settings)).toThrow('at least 256 bits');
  });
});

describe('testSecret of a JWT secret', () => {
  test('tests the current value when there is no pending one, and nothing when there is none', async () => {
    const current = await firstValue();
    const request = rotation<JwtValue>('planned');
    await strategy.testSecret({ current }, request);
    expect(request.facts).toEqual([
      {
        fact: 'jwtKeysProbed',
        detail: { primary: primaryOf(keysetOf(current)).kid, accepted: 1, refused: 3 },
      },
    ]);
    await strategy.testSecret({}, rotation('planned'));
    const key = Buffer.from(await rotation('planned').random(64)).toString('base64');
    await strategy.testSecret({ current: strategy.parse(key) }, rotation('planned'));
  });

  test('fails when a rotation would log people out', async () => {
    const request = rotation<JwtValue>('planned');
    const versions = { current: await firstValue(), pending: await firstValue() };
    await expect(strategy.testSecret(versions, request)).rejects.toThrow('would be logged out');
  });

  test('fails when readers of AWSCURRENT do not know the new primary', async () => {
    const one = await firstValue();
    const three = await activated(await rotate(strategy, { current: one }, rotation('planned')));
    const request = rotation<JwtValue>('activate');
    const skipped = strategy.testSecret({ current: one, pending: three }, request);
    await expect(skipped).rejects.toThrow('not published long enough');
  });

  test('fails when an emergency left the leaked key accepted', async () => {
    const one = await firstValue();
    const pending = await activated(await rotate(strategy, { current: one }, rotation('planned')));
    const request = rotation<JwtValue>('emergency');
    await expect(strategy.testSecret({ current: one, pending }, request)).rejects.toThrow(
      'still verifies',
    );
  });

  test('of an emergency tells which keys nobody accepts any more, and fails where one is still accepted', async () => {
    const one = await firstValue();
    const two = await rotate(strategy, { current: one }, rotation('planned'));
    const request = rotation<JwtValue>('emergency');
    const pending = await rotate(strategy, { current: two }, request);
    request.facts.length = 0;
    await strategy.testSecret({ current: two, pending }, request);
    const kids = keysetOf(two).keys.map(({ kid }) => kid);
    expect(request.facts.at(-1)).toEqual({
      fact: 'oldKeysRevoked',
      detail: { count: 2, kids: kids.join(' ') },
    });
    // Without the value it replaces nothing hands over, and the keys before are looked at all the same.
    await expect(strategy.testSecret({ pending: two }, request)).rejects.toThrow(
      /is not revoked, expected every earlier one to be/,
    );
    await strategy.testSecret({ pending: one }, request);
    expect(request.facts.filter(({ fact }) => fact === 'oldKeysRevoked')).toHaveLength(1);
  });

  test('fails when the primary is recorded as compromised', async () => {
    const pending = await firstValue();
    const compromised = new Set([primaryOf(keysetOf(pending)).kid]);
    await expect(
      strategy.testSecret({ pending }, rotation('planned', { compromised })),
    ).rejects.toThrow(JwtProbeFailedError);
  });

  test('repeated after the old key has run out still succeeds', async () => {
    const two = await rotate(strategy, { current: await firstValue() }, rotation('planned'));
    const three = await activated(two);
    await strategy.testSecret(
      { current: two, pending: three },
      rotation('activate', { now: later(9999) }),
    );
  });

  test('signs tokens that name nobody and live 60 seconds', async () => {
    const { key } = primaryOf(keysetOf(await firstValue()));
    const probe = signProbe({ alg: 'HS512' }, key, now);
    const { payload } = await jwtVerify(probe, key, { currentDate: later(59) });
    expect(payload).toMatchObject({ sub: 'urn:quarterturn:probe:nobody' });
    await expect(jwtVerify(probe, key, { currentDate: later(60) })).rejects.toThrow('exp');
  });

  test('says no key in error, evidence or printed value', async () => {
    const pending = await firstValue();
    const key = primaryOf(keysetOf(pending)).key.export();
    const request = rotation<JwtValue>('planned');
    const failed = strategy.testSecret({ current: await firstValue(), pending }, request);
    const error = await failed.catch((caught) => caught);
    const printed = inspect([error, request.facts, pending], { depth: 10 });
    expect(printed).not.toContain(key.toString('base64').slice(0, 12));
    expect(printed).not.toContain(key.toString('hex').slice(0, 12));
  });
});
