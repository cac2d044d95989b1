import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type HttpLookOptions, httpLook, type LookRequest } from '../../doors/http-look.ts';
import { makeCertificates } from '../../sandbox/postgres/certificates.ts';

let answers: RequestListener;
let received: {
  method?: string | undefined;
  url?: string | undefined;
  body: string;
  headers: object;
}[];
let ca: string;
let plain: Server;
let secure: Server;

const onRequest: RequestListener = async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  received.push({ method, url, headers, body });
  answers(request, response);
};

beforeAll(async () => {
  const made = await makeCertificates(['localhost']);
  ca = made.ca;
  plain = createServer(onRequest);
  secure = createTlsServer({ key: made.privateKey, cert: made.certificate }, onRequest);
  for (const server of [plain, secure]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(async () => {
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});
afterEach(() => {
  for (const server of [plain, secure]) server.closeAllConnections();
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const http = (host = 'localhost') => `http://${host}:${portOf(plain)}/health`;
const https = (host = 'localhost') => `https://${host}:${portOf(secure)}/health`;
type Resolve = NonNullable<HttpLookOptions['resolve']>;

const here = { privateAddresses: 'allowed', loopback: 'allowed' } as const;
function ask(url: string, more: Partial<LookRequest> = {}, options: Partial<HttpLookOptions> = {}) {
  received = [];
  return httpLook({ ca, ...here, ...options }).ask({
    method: 'GET',
    url,
    headers: {},
    timeoutMilliseconds: 2_000,
    ...more,
  });
}

/** A resolver that answers with these, one list after the other, and counts. */
function resolving(...lists: string[][]) {
  const asked: string[] = [];
  const resolve = ((name: string, _: object, done: (...result: unknown[]) => void) => {
    asked.push(name);
    const addresses = lists[Math.min(asked.length, lists.length) - 1] ?? [];
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as Resolve;
  return { asked, resolve };
}

test('the status comes back, and of the body what was asked for', async () => {
  answers = (_, response) => response.writeHead(503).end('{"status":"failing"}');
  expect(await ask(http(), { readsBody: true })).toEqual({
    status: 503,
    body: '{"status":"failing"}',
  });
  expect(await ask(https(), { readsBody: true })).toMatchObject({ status: 503 });
  expect(await ask(https())).toEqual({ status: 503, body: '' });
});

test('a body is sent as JSON, headers as they are given', async () => {
  answers = (_, response) => response.end();
  await ask(http(), { method: 'POST', body: '{"a":1}', headers: { authorization: 'Bearer x' } });
  expect(received).toEqual([
    expect.objectContaining({
      method: 'POST',
      body: '{"a":1}',
      headers: expect.objectContaining({
        authorization: 'Bearer x',
        'content-type': 'application/json',
      }),
    }),
  ]);
});

test('a redirect is told and not followed', async () => {
  answers = (_, response) => response.writeHead(302, { location: http() }).end();
  expect(await ask(http(), { readsBody: true })).toMatchObject({ status: 302 });
  expect(received).toHaveLength(1);
});

describe('where nobody is led', () => {
  test.each<[string, () => string, Partial<HttpLookOptions>]>([
    ['a name of this machine', () => https(), { privateAddresses: 'refused' }],
    ['its address', () => https('127.0.0.1'), { privateAddresses: 'refused' }],
    ['its address in IPv6', () => https('[::1]'), { privateAddresses: 'refused' }],
    ['this machine, in a deployed function', () => http('127.0.0.1'), { loopback: 'refused' }],
    ['this machine by another name', () => http('0.0.0.0'), { loopback: 'refused' }],
    ['a private network', () => 'https://10.0.0.1/', { privateAddresses: 'refused' }],
    ['the metadata service', () => 'http://169.254.169.254/latest/', {}],
    ['the credentials of a task', () => 'http://169.254.170.2/', {}],
    ['the metadata service, mapped into IPv6', () => 'http://[::ffff:169.254.169.254]/', {}],
    ['the metadata service by IPv6', () => 'http://[fd00:ec2::254]/', {}],
    ['the metadata service through NAT64', () => 'http://[64:ff9b::a9fe:a9fe]/', {}],
    ['a public address over plain http', () => 'http://192.0.2.1/', {}],
  ])('%s', async (_what, url, options) => {
    expect(await ask(url(), {}, options)).toEqual({ unanswered: 'PRIVATE_ADDRESS' });
    expect(received).toEqual([]);
  });

  test.each([
    ['a public and a private one', ['192.0.2.1', '10.0.0.1'], 'refused'],
    ['one of which is link-local', ['127.0.0.1', '169.254.169.254'], 'allowed'],
    ['one that is link-local, mapped', ['::ffff:169.254.169.254'], 'allowed'],
  ] as const)('a name with several addresses: %s', async (_what, addresses, privateAddresses) => {
    const { resolve } = resolving([...addresses]);
    expect(await ask(https('api.test'), {}, { resolve, privateAddresses })).toEqual({
      unanswered: 'PRIVATE_ADDRESS',
    });
  });
});

test('a name is looked up once, and the address that was looked at is the one that is asked', async () => {
  answers = (_, response) => response.end();
  const { asked, resolve } = resolving(['127.0.0.1'], ['169.254.169.254']);
  expect(await ask(http('rebound.test'), {}, { resolve })).toMatchObject({ status: 200 });
  expect(asked).toEqual(['rebound.test']);
  expect(received).toHaveLength(1);
});

describe('what is no answer', () => {
  test('a certificate under no trusted authority', async () => {
    expect(await ask(https(), {}, { ca: undefined })).toEqual({
      unanswered: expect.stringMatching(
        /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/,
      ),
    });
    expect(received).toEqual([]);
  });

  test('a certificate of another name', async () => {
    const { resolve } = resolving(['127.0.0.1']);
    expect(await ask(https('other.test'), {}, { resolve })).toEqual({
      unanswered: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('a port where nobody listens', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    await new Promise((closed) => nobody.close(closed));
    expect(await ask(`http://127.0.0.1:${port}/`)).toEqual({ unanswered: 'ECONNREFUSED' });
  });

  test.each([
    ['that never begins', () => undefined],
    [
      'that never ends',
      (_: unknown, response: Parameters<RequestListener>[1]) => response.write('{"status":'),
    ],
  ])('an answer %s', async (_what, silent) => {
    answers = silent as RequestListener;
    expect(await ask(http(), { readsBody: true, timeoutMilliseconds: 60 })).toEqual({
      unanswered: 'TIMEOUT',
    });
  });

  test('an answer that breaks off', async () => {
    answers = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy());
    };
    expect(await ask(http(), { readsBody: true })).toEqual({ unanswered: 'ECONNRESET' });
  });
});

test('of a body that does not end, 64 KiB are read', async () => {
  answers = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(4_096)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  expect(await ask(http(), { readsBody: true })).toEqual({ status: 200, tooLong: true });
});
