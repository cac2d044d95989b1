/** The key functions beside the libraries they are for, through HTTP: @fastify/jwt and passport-jwt. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import fastifyJwt from '@fastify/jwt';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import fastify from 'fastify';
import jsonwebtoken from 'jsonwebtoken';
import { KeysetSigner, KeysetVerifier, SecretCache, tokenKeys } from '../../client/index.ts';
import { keyOfDecoded, keyOfToken } from '../../client/jwt/jsonwebtoken.ts';
import { jwtSettings, keyNumber, Rotating } from './keysets.ts';
import { InMemorySource, StandingSystem } from './stand-ins.ts';

// They have no types of their own.
const require = createRequire(import.meta.url);
const { Passport } = require('passport');
const { ExtractJwt, Strategy } = require('passport-jwt');

/** What a protected route answers. */
type Ask = (token: string) => Promise<{ status: number; sub?: string; code?: string }>;

let system: StandingSystem;
let rotating: Rotating;
let source: InMemorySource;
const servers: { close(): unknown }[] = [];

beforeEach(() => {
  system = new StandingSystem();
  rotating = new Rotating(jwtSettings, system.now);
  source = new InMemorySource(rotating.text);
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

/** Of the service under test; its libraries have the time of the machine, so that tokens live long here. */
const verifier = () =>
  new KeysetVerifier(new SecretCache(source, { parse: tokenKeys(), system }), { system });

function token(header: object, key: Buffer, hash = 'sha512', claims: object = {}) {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const input = `${part(header)}.${part({ sub: 'ann', exp: 9e9, ...claims })}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

async function fastifyService(): Promise<Ask> {
  const server = fastify();
  servers.push(server);
  await server.register(fastifyJwt, {
    secret: { public: keyOfDecoded(verifier()) },
    decode: { complete: true },
    verify: { algorithms: ['HS512'] },
  });
  server.get('/me', async (request) => request.jwtVerify());
  return asking(await server.listen({ port: 0, host: '127.0.0.1' }));
}

/** `fastify.jwt.verify`, for tokens that do not come with a request. */
async function fastifyItself(): Promise<Ask> {
  const server = fastify();
  servers.push(server);
  await server.register(fastifyJwt, {
    secret: { public: keyOfDecoded(verifier()) },
    verify: { algorithms: ['HS512'] },
  });
  // It rejects with errors of fast-jwt, which have no status; answering is up to the application.
  server.get('/me', async ({ headers }, reply) => {
    try {
      return await server.jwt.verify<object>(headers.authorization?.slice(7) ?? '');
    } catch {
      return reply.code(401).send({});
    }
  });
  return asking(await server.listen({ port: 0, host: '127.0.0.1' }));
}

async function passportService(): Promise<Ask> {
  const passport = new Passport();
  passport.use(
    new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: keyOfToken(verifier()),
        algorithms: ['HS512'],
      },
      (claims: object, done: (error: null, user: object) => void) => done(null, claims),
    ),
  );
  const app = express();
  app.get('/me', passport.authenticate('jwt', { session: false }), (request, response) => {
    response.json((request as unknown as { user: object }).user);
  });
  const server: Server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return asking(`http://127.0.0.1:${port}`);
}

function asking(origin: string): Ask {
  return async (sent) => {
    const headers = { authorization: `Bearer ${sent}`, connection: 'close' };
    const answer = await fetch(`${origin}/me`, { headers });
    const text = await answer.text();
    return { status: answer.status, ...(text.startsWith('{') && JSON.parse(text)) };
  };
}

describe.each([
  ['@fastify/jwt, request.jwtVerify', fastifyService],
  ['@fastify/jwt, fastify.jwt.verify', fastifyItself],
  ['passport-jwt', passportService],
] as const)('%s', (name, serve) => {
  const headerAlone = name.includes('fastify.jwt.verify');

  test('accepts tokens of the old key and of the new one; revoked keys, forgeries and expired tokens are a 401', async () => {
    const [first, old] = [rotating.kid('primary'), keyNumber(1)];
    source.put(rotating.publish().activate().text);
    const ask = await serve();
    const kid = rotating.kid('primary');
    expect(await ask(token({ alg: 'HS512', kid: first }, old))).toMatchObject({ sub: 'ann' });
    expect(await ask(token({ alg: 'HS512', kid }, keyNumber(2)))).toMatchObject({ sub: 'ann' });
    const ours = new KeysetSigner(new SecretCache(source, { parse: tokenKeys() }), {
      lifetime: 60,
    });
    expect(await ask(await ours.sign({ sub: 'bob' }))).toMatchObject({ sub: 'bob' });

    source.put(rotating.retire(first, 'revoked').text);
    system.later(120_000);
    const refused: [string, string][] = [
      ['revoked', token({ alg: 'HS512', kid: first }, old)],
      ['forged', token({ alg: 'HS512', kid }, old)],
      ['another HMAC', token({ alg: 'HS256', kid }, keyNumber(2), 'sha256')],
      ['another name of the HMAC', token({ alg: 'HS256', kid }, keyNumber(2))],
      ['none', token({ alg: 'none', kid }, keyNumber(2)).replace(/[^.]*$/, '')],
      ['expired', token({ alg: 'HS512', kid }, keyNumber(2), 'sha512', { exp: 1 })],
    ];
    for (const [what, sent] of refused) {
      const { status } = await ask(sent);
      expect({ what, status }).toEqual({ what, status: 401 });
    }
  });

  test('an unknown kid makes the secret be read once, and a flood of them no more', async () => {
    const ask = await serve();
    await ask(token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(1)));
    source.put(rotating.publish().activate().text);
    system.later(10_000);
    const sent = token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(2));
    expect(await ask(sent)).toMatchObject({ status: 200, sub: 'ann' });
    expect(source.reads).toBe(2);
    for (let made = 0; made < 20; made += 1) {
      const kid = made.toString(16).padStart(16, '0');
      expect(await ask(token({ alg: 'HS512', kid }, keyNumber(9)))).toMatchObject({ status: 401 });
    }
    expect(source.reads).toBe(2);
  });

  test('a token without kid is tried with the keys where the whole token is at hand, and refused elsewhere', async () => {
    source.put(rotating.publish().activate().text);
    const ask = await serve();
    const sent = token({ alg: 'HS512' }, keyNumber(1));
    expect(await ask(sent)).toMatchObject(headerAlone ? { status: 401 } : { sub: 'ann' });
    expect(await ask(token({ alg: 'HS512' }, keyNumber(9)))).toMatchObject({ status: 401 });
  });

  test('a key of one byte signs nothing that is accepted, though the library alone would take it', async () => {
    const [short, kid] = [Buffer.of(7), rotating.kid('primary')];
    const sent = token({ alg: 'HS512', kid }, short);
    expect(jsonwebtoken.verify(sent, short, { algorithms: ['HS512'] })).toMatchObject({
      sub: 'ann',
    });
    source.put(rotating.text.replaceAll(keyNumber(1).toString('base64'), short.toString('base64')));
    const ask = await serve();
    // The others make a 401 of whatever their key function says.
    const status = name.endsWith('request.jwtVerify') ? 503 : 401;
    expect((await ask(sent)).status).toBe(status);
    source.failing = new Error('network');
    expect((await ask(sent)).status).toBe(status);
  });
});

test('@fastify/jwt without `complete` is told what is missing, and takes no key by what a payload says', async () => {
  const server = fastify();
  servers.push(server);
  await server.register(fastifyJwt, { secret: { public: keyOfDecoded(verifier()) } });
  server.get('/me', async (request) => request.jwtVerify());
  const ask = asking(await server.listen({ port: 0, host: '127.0.0.1' }));
  const sent = token({ alg: 'HS512', kid: rotating.kid('primary') }, keyNumber(1));
  expect(await ask(sent)).toMatchObject({
    status: 500,
    code: 'ERR_ROTATION_CLIENT_SETTINGS',
    message: expect.stringContaining('complete: true'),
  });
});
