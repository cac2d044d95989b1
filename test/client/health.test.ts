import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import express from 'express';
import fastify from 'fastify';
import { fastifyHealth } from '../../client/health/fastify.ts';
import {
  databaseCheck,
  fieldCheck,
  type HealthHandlerOptions,
  healthHandler,
  healthReport,
  tokenCheck,
} from '../../client/health/http.ts';
import {
  FieldCipher,
  fieldKeys,
  KeysetSigner,
  KeysetVerifier,
  SecretCache,
  tokenKeys,
} from '../../client/index.ts';
import { databaseCredential } from '../../client/postgres/database-credential.ts';
import { encryptionSettings, jwtSettings, keyNumber, Rotating } from './keysets.ts';
import { InMemorySource, StandingSystem } from './stand-ins.ts';

let system: StandingSystem;
let fields: Rotating;
let tokens: Rotating;
let sources: Record<'fields' | 'tokens' | 'database', InMemorySource>;
let answers: { queries: number; error?: Error; silent?: boolean };
const stops: (() => unknown)[] = [];

beforeEach(() => {
  system = new StandingSystem();
  fields = new Rotating(encryptionSettings, system.now);
  tokens = new Rotating(jwtSettings, system.now).publish();
  sources = {
    fields: new InMemorySource(fields.text),
    tokens: new InMemorySource(tokens.text),
    database: new InMemorySource('{"username":"shop_a","password":"swordfish"}'),
  };
  answers = { queries: 0 };
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function handler(options: HealthHandlerOptions = {}) {
  const fieldCache = new SecretCache(sources.fields, { parse: fieldKeys(), system });
  const tokenCache = new SecretCache(sources.tokens, { parse: tokenKeys(), system });
  const databaseCache = new SecretCache(sources.database, { parse: databaseCredential(), system });
  const cipher = new FieldCipher(fieldCache, { 'patients.ssn': { profile: 'row' } }, { system });
  const signer = new KeysetSigner(tokenCache, { lifetime: 900, issuer: 'shop', system });
  const verifier = new KeysetVerifier(tokenCache, { issuer: 'shop', system });
  const pool = {
    async query() {
      answers.queries += 1;
      await databaseCache.get();
      if (answers.silent) await new Promise(() => undefined);
      if (answers.error) throw answers.error;
    },
  };
  return healthHandler(
    {
      fields: fieldCheck(fieldCache, cipher.column('patients.ssn'), [0]),
      tokens: tokenCheck(tokenCache, signer, verifier),
      database: databaseCheck(databaseCache, pool),
    },
    {
      maySeeDetail: ({ headers }) => headers.authorization === 'Bearer operator',
      system,
      ...options,
    },
  );
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  stops.push(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/`;
}

const operator = { headers: { authorization: 'Bearer operator', connection: 'close' } };
const anybody = { headers: { connection: 'close' } };

test('anybody sees the status alone; an operator versions, kids and states; nobody a value', async () => {
  const url = await serve(handler());
  const bare = await fetch(url, anybody);
  expect([bare.status, bare.headers.get('cache-control'), await bare.text()]).toEqual([
    200,
    'no-store',
    '{"status":"ok"}',
  ]);
  const text = await (await fetch(url, operator)).text();
  expect(JSON.parse(text)).toMatchObject({
    status: 'ok',
    checks: {
      fields: {
        status: 'ok',
        versionId: 'v1',
        keys: [{ kid: fields.kid('primary'), state: 'primary' }],
      },
      // This process knows the key that signs next: it may be activated.
      tokens: {
        keys: expect.arrayContaining([{ kid: tokens.kid('published'), state: 'published' }]),
      },
      database: { status: 'ok', role: 'shop_a', readAt: '2026-05-17T17:00:00.000Z' },
    },
  });
  for (const value of ['swordfish', ...[1, 2].flatMap((n) => [keyNumber(n), keyNumber(n, 32)])]) {
    const shown = typeof value === 'string' ? value : value.toString('base64').slice(0, 20);
    expect(text).not.toContain(shown);
  }
});

test('one check that fails is a 503, told to an operator by code', async () => {
  answers.error = Object.assign(new Error('password swordfish is wrong'), { code: '28P01' });
  const url = await serve(handler());
  const bare = await fetch(url, anybody);
  expect([bare.status, await bare.text()]).toEqual([503, '{"status":"failing"}']);
  const text = await (await fetch(url, operator)).text();
  expect(JSON.parse(text).checks).toMatchObject({
    fields: { status: 'ok' },
    database: { status: 'failing', error: '28P01' },
  });
  expect(text).not.toContain('swordfish');
});

test('a check that hangs is ended by its time limit', async () => {
  answers.silent = true;
  system.timeLimit = () => AbortSignal.timeout(20);
  const url = await serve(handler());
  const detail = (await (await fetch(url, operator)).json()) as { checks: object };
  expect(detail.checks).toMatchObject({
    database: { status: 'failing', error: 'No result in time' },
    tokens: { status: 'ok' },
  });
});

test('keys that cannot be read are told', async () => {
  sources.fields.failing = new Error('AccessDenied');
  const detail = await (await fetch(await serve(handler()), operator)).json();
  expect(detail).toMatchObject({
    status: 'failing',
    checks: { fields: { status: 'failing', keys: [] } },
  });
});

test('asked often, the checks run once in keepFor', async () => {
  const url = await serve(handler());
  await Promise.all([fetch(url, anybody), fetch(url, anybody), fetch(url, operator)]);
  expect(answers.queries).toBe(1);
  system.later(1_000);
  await fetch(url, anybody);
  expect(answers.queries).toBe(2);
});

test('a check of the application that throws where it should tell is failing, and nobody is left without an answer', async () => {
  const throwing = () => {
    throw new Error('of swordfish');
  };
  const told = { run: async () => undefined, cache: { name: 'own', peek: () => undefined } };
  const report = healthReport({ own: { ...told, keys: throwing, role: throwing } }, { system });
  expect(await report()).toMatchObject({
    status: 'failing',
    checks: { own: { status: 'failing', secret: 'own', error: 'Error' } },
  });
});

test('a permission that throws is none, and detail is for nobody unless somebody is let', async () => {
  const throwing = await serve(
    handler({
      maySeeDetail: () => {
        throw new Error('no session store');
      },
    }),
  );
  expect(await (await fetch(throwing, operator)).json()).toEqual({ status: 'ok' });
  expect(system.warnings).toHaveLength(1);
  expect(() => healthHandler({})).toThrow('no check');
});

test('Express and Fastify serve it as it is', async () => {
  const app = express();
  app.get('/', handler());
  const detail = await (await fetch(await serve(app), operator)).json();
  expect(detail).toMatchObject({ status: 'ok', checks: { database: { role: 'shop_a' } } });

  const server = fastify();
  stops.push(() => server.close());
  server.get('/', fastifyHealth(handler()));
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  expect(await (await fetch(url, operator)).json()).toMatchObject({
    status: 'ok',
    checks: { tokens: { status: 'ok' } },
  });
  expect((await fetch(url, { ...anybody, method: 'HEAD' })).status).toBe(200);
});

test('other methods are refused', async () => {
  const answer = await fetch(await serve(handler()), { ...anybody, method: 'POST' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
