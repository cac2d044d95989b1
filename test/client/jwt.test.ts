import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { jwtVerify as bareVerify, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { KeysetSigner, KeysetVerifier, SecretCache, tokenKeys } from '../../client/index.ts';
import { joseKey, jwtVerify, signJwt } from '../../client/jwt/jose.ts';
import {
  getKey,
  keyNow,
  keyOfDecoded,
  keyOfHeader,
  keyOfToken,
  signToken,
  verifyToken,
} from '../../client/jwt/jsonwebtoken.ts';
import type { TokenKeysOptions } from '../../client/jwt/token-keys.ts';
import { jwtSettings, keyNumber, Rotating } from './keysets.ts';
import { InMemorySource, StandingSystem, turns } from './stand-ins.ts';

let system: StandingSystem;
let rotating: Rotating;

beforeEach(() => {
  system = new StandingSystem();
  rotating = new Rotating(jwtSettings, system.now);
});

/** One process: its own cache of the secret. */
function processOf(source: InMemorySource, keys: TokenKeysOptions = {}) {
  const cache = new SecretCache(source, { parse: tokenKeys(keys), system });
  const options = { issuer: 'shop', audience: 'api', system };
  return {
    source,
    cache,
    signer: new KeysetSigner(cache, { ...options, lifetime: 900 }),
    verifier: new KeysetVerifier(cache, options),
  };
}
const fresh = () => processOf(new InMemorySource(rotating.text));

const segment = (json: object | string) =>
  Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url');
const good = () => ({
  iss: 'shop',
  aud: 'api',
  sub: 'ann',
  exp: Math.floor(system.time / 1000) + 600,
});
/** As an attacker or an older signer would: any header, signed with whatever is at hand. */
function token(header: object | string, key: Buffer, claims: object = good(), hash = 'sha512') {
  const signed = `${segment(header)}.${segment(claims)}`;
  return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`;
}
const refused = (code: string) => ({ code: `ERR_ROTATION_TOKEN_${code}` });

describe('signing and verifying', () => {
  test('a token names the primary key and the one algorithm, and carries its times and names', async () => {
    const { signer, verifier } = fresh();
    const signed = await signer.sign({ sub: 'ann' }, { expiresIn: 60 });
    expect(JSON.parse(Buffer.from(signed.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg: 'HS512',
      kid: rotating.kid('primary'),
      typ: 'JWT',
    });
    const iat = system.time / 1000;
    expect(await verifier.verify(signed)).toEqual({
      sub: 'ann',
      iss: 'shop',
      aud: 'api',
      iat,
      exp: iat + 60,
    });
  });

  test('a thousand tokens are verified without another read of the secret', async () => {
    const { source, signer, verifier } = fresh();
    for (let count = 0; count < 1_000; count += 1) {
      await verifier.verify(await signer.sign({ sub: `user ${count}` }));
    }
    expect(source.reads).toBe(1);
  });

  test('no order of stale and fresh signers and verifiers refuses a token of a planned rotation', async () => {
    // Adjacent versions, as AfterRotation lets them be in use at a time.
    const versions = [rotating.text, rotating.publish().text, rotating.activate().text];
    for (let each = 0; each + 1 < versions.length; each += 1) {
      for (const signing of [each, each + 1]) {
        for (const verifying of [each, each + 1]) {
          const { signer } = processOf(new InMemorySource(versions[signing] ?? ''));
          const { verifier } = processOf(new InMemorySource(versions[verifying] ?? ''));
          await expect(verifier.verify(await signer.sign({ sub: 'ann' }))).resolves.toBeDefined();
        }
      }
    }
  });

  test('an unknown kid is looked for once, found if it is there, and a flood of them reads no more', async () => {
    const { source, verifier } = fresh();
    await verifier.ready();
    const later = processOf(new InMemorySource(rotating.publish().activate().text));
    const signed = await later.signer.sign({});
    await expect(verifier.verify(signed)).rejects.toMatchObject(refused('KEY_UNKNOWN'));
    expect(source.reads).toBe(2);
    source.put(rotating.text);
    system.later(10_000);
    await expect(verifier.verify(signed)).resolves.toBeDefined();
    expect(source.reads).toBe(3);
    system.later(10_000);
    for (let count = 0; count < 200; count += 1) {
      const kid = count.toString(16).padStart(16, '0');
      await expect(
        verifier.verify(token({ alg: 'HS512', kid }, keyNumber(9))),
      ).rejects.toMatchObject(refused('KEY_UNKNOWN'));
    }
    expect(source.reads).toBe(4);
  });

  test('tokens of the old key are accepted until acceptUntil, to the millisecond', async () => {
    const { signer } = fresh();
    const signed = await signer.sign({}, { expiresIn: 900 });
    const { source, verifier } = processOf(new InMemorySource(rotating.publish().activate().text));
    const until = Date.parse(
      rotating.keyset.keys.find(({ state }) => state === 'verifyOnly')?.acceptUntil ?? '',
    );
    const old = token({ alg: 'HS512', kid: rotating.kid('verifyOnly') }, keyNumber(1), {
      ...good(),
      exp: until,
    });
    await expect(verifier.verify(signed)).resolves.toBeDefined();
    system.time = until - 1;
    await expect(verifier.verify(old)).resolves.toBeDefined();
    system.time = until;
    await expect(verifier.verify(old)).rejects.toMatchObject(refused('KEY_EXPIRED'));
    await expect(
      verifier.verify(token({ alg: 'HS512' }, keyNumber(1), { ...good(), exp: until + 600 })),
    ).rejects.toMatchObject(refused('SIGNATURE'));
    expect(source.reads).toBeGreaterThan(0);
  });

  test('a revoked key is refused within the bound the verifier states, also while reads fail', async () => {
    const { source, signer, verifier } = fresh();
    const signed = await signer.sign({});
    const revoked = rotating.kid('primary');
    source.put(rotating.publish().activate().retire(revoked, 'revoked').text);
    expect(verifier.revocationBound).toBe(300_000);
    system.later(verifier.revocationBound - 1);
    source.failing = new Error('network');
    // Within the bound, and reads fail: what is at hand counts.
    await expect(verifier.verify(signed)).resolves.toBeDefined();
    system.later(1);
    await expect(verifier.verify(signed)).rejects.toMatchObject({ name: 'StaleSecretError' });
    source.failing = undefined;
    system.later(30_000);
    await expect(verifier.verify(signed)).rejects.toMatchObject(refused('KEY_REVOKED'));
    expect(processOf(new InMemorySource(rotating.text, false)).verifier.revocationBound).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test.each([
    ['exp', { exp: 1 }],
    ['exp', { exp: 'soon' }],
    ['exp', { exp: undefined }],
    ['nbf', { nbf: 9e9 }],
    ['iat', { iat: null }],
    ['iss', { iss: 'elsewhere' }],
    ['aud', { aud: ['web'] }],
  ])('refuses a well-signed token by its %s (%j)', async (claim, claims) => {
    const { verifier } = fresh();
    const signed = token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(1), {
      ...good(),
      ...claims,
    });
    await expect(verifier.verify(signed)).rejects.toMatchObject({ claim, ...refused('CLAIMS') });
  });

  test('a signer refuses claims it sets itself, and a life longer than a key is kept for', async () => {
    const { signer } = fresh();
    const settings = { code: 'ERR_ROTATION_CLIENT_SETTINGS' };
    await expect(signer.sign({ exp: 1 })).rejects.toMatchObject(settings);
    await expect(signer.sign({ iss: 'me' })).rejects.toMatchObject(settings);
    await expect(signer.sign({}, { expiresIn: 901 })).rejects.toMatchObject(settings);
  });
});

describe('tokens without kid', () => {
  test('are tried with the current key, then with earlier ones; with the published one last', async () => {
    rotating.publish().activate().publish();
    const { verifier } = fresh();
    for (const number of [1, 2, 3]) {
      const { kid } = await verifier.keyFor(token({ alg: 'HS512' }, keyNumber(number)));
      expect(kid).toBe(rotating.kid(['', 'verifyOnly', 'primary', 'published'][number] as string));
    }
    await expect(verifier.verify(token({ alg: 'HS512' }, keyNumber(4)))).rejects.toMatchObject(
      refused('SIGNATURE'),
    );
  });

  test('an expired one stays expired: only a signature leads to the next key', async () => {
    rotating.publish().activate();
    const { verifier } = fresh();
    await expect(
      verifier.verify(token({ alg: 'HS512' }, keyNumber(1), { ...good(), exp: 1 })),
    ).rejects.toMatchObject({ claim: 'exp' });
  });

  test('of a key that is younger than the last read are found by reading again, once', async () => {
    const { source, verifier } = fresh();
    await verifier.ready();
    const signed = token({ alg: 'HS512' }, keyNumber(2));
    source.put(rotating.publish().activate().text);
    system.later(10_000);
    await expect(verifier.verify(signed)).resolves.toBeDefined();
    for (let count = 0; count < 50; count += 1) {
      await expect(verifier.verify(token({ alg: 'HS512' }, keyNumber(9)))).rejects.toThrow();
    }
    expect(source.reads).toBe(2);
  });

  test('are refused where the verifier says so', async () => {
    const { cache } = fresh();
    const strict = new KeysetVerifier(cache, { withoutKid: 'refuse', system });
    await expect(strict.verify(token({ alg: 'HS512' }, keyNumber(1)))).rejects.toMatchObject(
      refused('WITHOUT_KEY'),
    );
  });

  test('are what a secret without a keyset signs and verifies, and its first rotation refuses none of them', async () => {
    const { encoding, alg, bits } = jwtSettings;
    const source = new InMemorySource(keyNumber(7).toString('base64'));
    const { signer, verifier } = processOf(source, { plain: { encoding, alg, bits } });
    const before = await signer.sign({});
    expect(Buffer.from(before.split('.')[0] ?? '', 'base64url').toString()).not.toContain('kid');
    await expect(verifier.verify(before)).resolves.toBeDefined();
    const adopted = new Rotating(jwtSettings, system.now, keyNumber(7));
    source.put(adopted.publish().text);
    system.later(120_000);
    await expect(verifier.verify(before)).resolves.toBeDefined();
    expect((await signer.key()).kid).toBe(adopted.kid('primary'));
  });

  test('regression: the first rotation gives the key a name, and whoever still holds the key without one accepts it', async () => {
    const { encoding, alg, bits } = jwtSettings;
    const plain = { plain: { encoding, alg, bits } };
    const adopted = new Rotating(jwtSettings, system.now, keyNumber(7)).publish();
    const { signer } = processOf(new InMemorySource(adopted.text), plain);
    const named = await signer.sign({});
    const header = JSON.parse(Buffer.from(named.split('.')[0] ?? '', 'base64url').toString());
    expect(header.kid).toBe(adopted.kid('primary'));
    // It cannot read the secret again: its value was injected, or Secrets Manager does not answer.
    const { verifier } = processOf(
      new InMemorySource(keyNumber(7).toString('base64'), false),
      plain,
    );
    await expect(verifier.verify(named)).resolves.toBeDefined();
    expect(verifier.verifyNow(named)).toBeDefined();
    expect((await verifier.keyFor(named)).alg).toBe(alg);
    // The name opens nothing: the signature has to fit.
    const forged = token({ alg, kid: header.kid }, keyNumber(8));
    await expect(verifier.verify(forged)).rejects.toMatchObject(refused('SIGNATURE'));
    // Who can read does so first: it may be a key that came since.
    const source = new InMemorySource(keyNumber(7).toString('base64'));
    const reading = processOf(source, plain);
    await reading.verifier.ready();
    const next = processOf(new InMemorySource(adopted.activate().text), plain);
    source.put(adopted.text);
    await expect(reading.verifier.verify(await next.signer.sign({}))).resolves.toBeDefined();
  });
});

describe('attacks on the header', () => {
  const kid = () => rotating.kid('primary');
  const attacks: [string, () => string, string][] = [
    ['alg none', () => `${segment({ alg: 'none' })}.${segment(good())}.`, 'MALFORMED'],
    [
      'alg none with a signature',
      () => token({ alg: 'none', kid: kid() }, keyNumber(1)),
      'ALGORITHM',
    ],
    ['alg nOnE', () => token({ alg: 'nOnE' }, keyNumber(1)), 'ALGORITHM'],
    [
      'HS256 with the key of HS512',
      () => token({ alg: 'HS256', kid: kid() }, keyNumber(1), good(), 'sha256'),
      'ALGORITHM',
    ],
    ['RS256', () => token({ alg: 'RS256', kid: kid() }, keyNumber(1)), 'ALGORITHM'],
    ['no alg', () => token({ kid: kid() }, keyNumber(1)), 'MALFORMED'],
    ['alg a list', () => token({ alg: ['HS512'], kid: kid() }, keyNumber(1)), 'MALFORMED'],
    [
      'kid __proto__',
      () => token({ alg: 'HS512', kid: '__proto__' }, Buffer.alloc(0)),
      'KEY_UNKNOWN',
    ],
    [
      'kid constructor',
      () => token({ alg: 'HS512', kid: 'constructor' }, keyNumber(1)),
      'KEY_UNKNOWN',
    ],
    [
      'kid a path',
      () => token({ alg: 'HS512', kid: '../../dev/null' }, Buffer.alloc(0)),
      'KEY_UNKNOWN',
    ],
    ['kid SQL', () => token({ alg: 'HS512', kid: "' OR 1=1 --" }, keyNumber(1)), 'KEY_UNKNOWN'],
    ['kid empty', () => token({ alg: 'HS512', kid: '' }, keyNumber(1)), 'KEY_UNKNOWN'],
    ['kid a list', () => token({ alg: 'HS512', kid: [kid()] }, keyNumber(1)), 'MALFORMED'],
    ['kid null', () => token({ alg: 'HS512', kid: null }, keyNumber(1)), 'MALFORMED'],
    [
      'kid in capitals',
      () => token({ alg: 'HS512', kid: kid().toUpperCase() }, keyNumber(1)),
      'KEY_UNKNOWN',
    ],
    [
      'kid twice',
      () => token(`{"alg":"HS512","kid":"0000000000000000","kid":"${kid()}"}`, keyNumber(1)),
      'MALFORMED',
    ],
    [
      'alg twice',
      () => token(`{"alg":"none","alg":"HS512","kid":"${kid()}"}`, keyNumber(1)),
      'MALFORMED',
    ],
    [
      '__proto__ with a kid',
      () => token(`{"alg":"HS512","__proto__":{"kid":"${kid()}"}}`, keyNumber(9)),
      'MALFORMED',
    ],
    [
      'jwk',
      () => token({ alg: 'HS512', jwk: { kty: 'oct', k: '' } }, Buffer.alloc(0)),
      'MALFORMED',
    ],
    [
      'jku',
      () => token({ alg: 'HS512', kid: kid(), jku: 'https://evil.example' }, keyNumber(1)),
      'MALFORMED',
    ],
    [
      'x5u',
      () => token({ alg: 'HS512', kid: kid(), x5u: 'https://evil.example' }, keyNumber(1)),
      'MALFORMED',
    ],
    ['x5c', () => token({ alg: 'HS512', kid: kid(), x5c: ['MII'] }, keyNumber(1)), 'MALFORMED'],
    [
      'crit',
      () => token({ alg: 'HS512', kid: kid(), crit: ['exp'], exp: 1 }, keyNumber(1)),
      'MALFORMED',
    ],
    ['b64', () => token({ alg: 'HS512', kid: kid(), b64: false }, keyNumber(1)), 'MALFORMED'],
    ['no JSON', () => token('alg=HS512', keyNumber(1)), 'MALFORMED'],
    [
      'a byte order mark',
      () => token(`\ufeff{"alg":"HS512","kid":"${kid()}"}`, keyNumber(1)),
      'MALFORMED',
    ],
    [
      'a padded header',
      () => {
        const signed = `${segment({ alg: 'HS512', kid: kid() })}=.${segment(good())}`;
        return `${signed}.${createHmac('sha512', keyNumber(1)).update(signed).digest('base64url')}`;
      },
      'MALFORMED',
    ],
    [
      'a long header',
      () => token({ alg: 'HS512', kid: kid(), x: 'x'.repeat(2_000) }, keyNumber(1)),
      'MALFORMED',
    ],
    ['an empty key', () => token({ alg: 'HS512', kid: kid() }, Buffer.alloc(0)), 'SIGNATURE'],
    [
      'the new kid, the old key',
      () => token({ alg: 'HS512', kid: kid() }, keyNumber(8)),
      'SIGNATURE',
    ],
    [
      'the key as its text',
      () => token({ alg: 'HS512', kid: kid() }, Buffer.from(keyNumber(1).toString('base64'))),
      'SIGNATURE',
    ],
    ['two parts', () => `${segment({ alg: 'HS512' })}.${segment(good())}`, 'MALFORMED'],
    ['four parts', () => `${token({ alg: 'HS512' }, keyNumber(1))}.x`, 'MALFORMED'],
    [
      'a padded signature',
      () => `${token({ alg: 'HS512', kid: kid() }, keyNumber(1))}==`,
      'SIGNATURE',
    ],
    ['nothing', () => '', 'MALFORMED'],
    ['no text', () => 7 as unknown as string, 'MALFORMED'],
  ];

  test.each(attacks)('%s is refused, and reads nothing', async (_name, attack, code) => {
    const { source, verifier } = fresh();
    await verifier.ready();
    // A read would be allowed by now.
    system.later(60_000);
    const sent = attack();
    const error = await verifier.verify(sent).catch((caught) => caught);
    expect(error).toMatchObject(refused(code));
    expect(source.reads).toBe(1);
    // Logs may hold the error; a token is a credential.
    if (typeof sent === 'string' && sent.length > 20) {
      expect(`${error.message}${error.stack}`).not.toContain(sent.slice(0, 20));
    }
  });

  test('a key shorter than the hash is refused when the secret is read, not when it is used', async () => {
    const text = rotating.text.replaceAll(
      keyNumber(1).toString('base64'),
      keyNumber(1, 63).toString('base64'),
    );
    await expect(processOf(new InMemorySource(text)).verifier.ready()).rejects.toMatchObject({
      code: 'ERR_ROTATION_SECRET_UNAVAILABLE',
      message: expect.stringContaining('63 bytes, HS512 needs 64'),
    });
  });
});

describe('without waiting', () => {
  test('signs and verifies with what is at hand; an unknown key is refused, and known to the next', async () => {
    const { source, signer, verifier } = fresh();
    expect(() => signer.signNow({})).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_SECRET_NOT_READY' }),
    );
    await signer.ready();
    expect(verifier.verifyNow(signer.signNow({ sub: 'ann' }))).toMatchObject({ sub: 'ann' });
    const later = processOf(new InMemorySource(rotating.publish().activate().text));
    const signed = await later.signer.sign({});
    source.put(rotating.text);
    system.later(10_000);
    expect(() => verifier.verifyNow(signed)).toThrow(
      expect.objectContaining(refused('KEY_UNKNOWN')),
    );
    await turns();
    expect(verifier.verifyNow(signed)).toBeDefined();
  });
});

describe('beside other libraries', () => {
  const now = () => ({ currentDate: system.now(), issuer: 'shop' });

  test('jose verifies what is signed here, here is verified what jose signs, with the key that is named', async () => {
    const { signer, verifier } = fresh();
    const ours = await signer.sign({ sub: 'ann' });
    expect((await jwtVerify(ours, verifier, now())).payload).toMatchObject({ sub: 'ann' });
    expect((await bareVerify(ours, joseKey(verifier), now())).payload).toMatchObject({
      sub: 'ann',
    });
    const theirs = await signJwt(new SignJWT(good()), signer);
    expect(await verifier.verify(theirs)).toMatchObject({ sub: 'ann' });
    const [header] = theirs.split('.');
    expect(Buffer.from(header ?? '', 'base64url').toString()).toContain(rotating.kid('primary'));
  });

  test('jose checks the claims, and finds the old key of a token without kid', async () => {
    rotating.publish().activate();
    const { verifier } = fresh();
    const legacy = token({ alg: 'HS512' }, keyNumber(1));
    await expect(jwtVerify(legacy, verifier, now())).resolves.toBeDefined();
    await expect(bareVerify(legacy, joseKey(verifier), now())).resolves.toBeDefined();
    const wrong = token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(2), { iss: 'x' });
    await expect(jwtVerify(wrong, verifier, now())).rejects.toMatchObject({
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    });
    const forged = token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(9));
    await expect(jwtVerify(forged, verifier, now())).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  test('jose is not asked for a token with another algorithm or a kid that nobody has', async () => {
    const { verifier } = fresh();
    const other = token(
      { alg: 'HS256', kid: rotating.kid('primary') },
      keyNumber(1),
      good(),
      'sha256',
    );
    await expect(jwtVerify(other, verifier)).rejects.toMatchObject(refused('ALGORITHM'));
    await expect(bareVerify(other, joseKey(verifier))).rejects.toMatchObject(refused('ALGORITHM'));
  });

  test('jsonwebtoken signs and verifies with the key that is named, waiting and not', async () => {
    rotating.publish().activate();
    const { signer, verifier } = fresh();
    const clock = { clockTimestamp: system.time / 1000 };
    const theirs = await signToken(good(), signer);
    expect(await verifier.verify(theirs)).toMatchObject({ sub: 'ann' });
    expect(await verifyToken(theirs, verifier, clock)).toMatchObject({ sub: 'ann' });
    const { key, algorithm } = keyNow(verifier, theirs);
    expect(jsonwebtoken.verify(theirs, key, { algorithms: [algorithm], ...clock })).toMatchObject({
      sub: 'ann',
    });
    const legacy = token({ alg: 'HS512' }, keyNumber(1));
    for (const each of [theirs, legacy]) {
      const claims = await new Promise((resolve, reject) =>
        jsonwebtoken.verify(
          each,
          keyOfHeader(verifier, each),
          { algorithms: ['HS512'], ...clock },
          (error, verified) => (error ? reject(error) : resolve(verified)),
        ),
      );
      expect(claims).toMatchObject({ sub: 'ann' });
    }
  });

  test('a key function that is given the header alone finds the key by kid, and takes no token without one', async () => {
    const { verifier } = fresh();
    const clock = { clockTimestamp: system.time / 1000, algorithms: ['HS512' as const] };
    const asked = (sent: string) =>
      new Promise((resolve) =>
        jsonwebtoken.verify(sent, getKey(verifier), clock, (error, claims) =>
          resolve(error ?? claims),
        ),
      );
    const kid = rotating.kid('primary');
    const signed = token({ alg: 'HS512', kid }, keyNumber(1));
    expect(await asked(signed)).toMatchObject({ sub: 'ann' });
    const decoded = jsonwebtoken.decode(signed, { complete: true });
    expect(await keyOfDecoded(verifier)({}, decoded ?? undefined)).toEqual(keyNumber(1));
    for (const [header, why] of [
      [{ alg: 'HS512' }, /has no kid/],
      [{ alg: 'HS512', kid: 'constructor' }, /No key of the keyset/],
      [{ alg: 'HS256', kid }, /not signed with HS512/],
      [{ alg: 'HS512', kid, jku: 'https://evil.example' }, /has jku/],
    ] as const) {
      expect(await asked(token(header, keyNumber(1)))).toMatchObject({
        message: expect.stringMatching(why),
      });
    }
    await expect(keyOfDecoded(verifier)({}, undefined)).rejects.toMatchObject(
      refused('WITHOUT_KEY'),
    );
  });

  test('a key function for passport-jwt gives the bytes of the key, or the reason', async () => {
    const { verifier } = fresh();
    const provider = keyOfToken(verifier);
    const asked = (sent: string) =>
      new Promise((resolve) => provider({}, sent, (error, key) => resolve(error ?? key)));
    expect(
      await asked(token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(1))),
    ).toEqual(keyNumber(1));
    expect(await asked('x')).toMatchObject(refused('MALFORMED'));
  });
});
