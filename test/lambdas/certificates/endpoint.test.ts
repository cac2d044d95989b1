import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { shownCertificates } from '../../../doors/shown-certificates.ts';
import { readEndpoint } from '../../../lambdas/certificates/read-endpoint.ts';
import { type Issued, makeRoot } from '../../certificates.ts';

const now = new Date();
const inDays = (days: number) =>
  new Date(Math.floor(now.getTime() / 1_000) * 1_000 + days * 86_400_000);

let root: Issued;
let intermediate: Issued;
let leaf: Issued;
beforeAll(async () => {
  root = await makeRoot();
  intermediate = await root.issue({ notAfter: inDays(60) });
  leaf = await intermediate.issue({ hosts: ['www.example.com'], notAfter: inDays(40) });
});

const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
});

async function listening(server: Server, address = '127.0.0.1', port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  open.push({ server, sockets });
  server.listen(port, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const contextOf = (...chain: readonly Issued[]) => ({
  cert: chain.map(({ pem }) => pem).join('\n'),
  key: chain[0]?.key ?? '',
});
const showing = (...chain: readonly Issued[]) => {
  const server = createTlsServer(contextOf(...chain));
  return server.on('tlsClientError', () => undefined);
};

interface Asked {
  host?: string;
  servername?: string;
  startTls?: 'postgres';
  addresses?: readonly string[];
  /** Of one address. */
  timeoutMilliseconds?: number;
}

const read = (port: number, asked: Asked = {}) =>
  readEndpoint(
    {
      shown: shownCertificates({
        lookup: async () => asked.addresses ?? ['127.0.0.1'],
        timeoutMilliseconds: asked.timeoutMilliseconds ?? 5_000,
      }),
    },
    {
      from: 'endpoint',
      name: 'www',
      host: asked.host ?? 'localhost',
      port,
      servername: asked.servername ?? 'www.example.com',
      ...(asked.startTls && { startTls: asked.startTls }),
    },
    now,
  );

test('the chain a server shows is read, though nobody here trusts its root', async () => {
  const reading = await read(await listening(showing(leaf, intermediate, root)));
  expect(reading).toMatchObject({ notAfter: inDays(40) });
  expect(reading.problem).toBeUndefined();
});

test.each<[string, number, number, number]>([
  ['an ended certificate', -1, 60, -1],
  ['an ended intermediate', 40, -2, -2],
])('%s has an end to tell', async (_, ofLeaf, ofIntermediate, soonest) => {
  const issuer = await root.issue({ notBefore: inDays(-30), notAfter: inDays(ofIntermediate) });
  const hosts = ['www.example.com'];
  const shown = await issuer.issue({ hosts, notBefore: inDays(-30), notAfter: inDays(ofLeaf) });
  const reading = await read(await listening(showing(shown, issuer)));
  expect(reading).toMatchObject({ notAfter: inDays(soonest) });
  expect(reading.problem).toBeUndefined();
});

test('the name that is asked for picks the certificate', async () => {
  const other = await root.issue({ hosts: ['api.example.com'], notAfter: inDays(9) });
  const server = createTlsServer({
    ...contextOf(leaf, intermediate),
    SNICallback: (name, done) =>
      done(null, createSecureContext(contextOf(name === 'api.example.com' ? other : leaf))),
  });
  const port = await listening(server);
  expect(await read(port, { servername: 'api.example.com' })).toMatchObject({
    notAfter: inDays(9),
    problem: undefined,
  });
  expect(await read(port)).toMatchObject({ notAfter: inDays(40), problem: undefined });
  expect(await read(port, { servername: 'old.example.com' })).toMatchObject({
    problem: 'the certificate is for other names than old.example.com: DNS:www.example.com',
  });
});

test('of several addresses the soonest end counts, and one that is silent is told', async () => {
  const renewed = await intermediate.issue({ hosts: ['www.example.com'], notAfter: inDays(50) });
  const port = await listening(showing(renewed, intermediate));
  await listening(showing(leaf, intermediate), '127.0.0.2', port);
  const both = await read(port, { addresses: ['127.0.0.1', '127.0.0.2'] });
  expect(both).toMatchObject({
    notAfter: inDays(40),
    problem: undefined,
    remark: 'its addresses show 2 certificates that end first',
  });
  expect(await read(port, { addresses: ['127.0.0.1', '127.0.0.3'] })).toMatchObject({
    notAfter: inDays(50),
    problem: 'at 1 of its 2 addresses: the server refused the connection',
  });
});

test('a PostgreSQL server is asked for TLS in its own words', async () => {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.once('data', (request) => {
      asked.push(request.toString('hex'));
      socket.write('S');
      new TLSSocket(socket, { isServer: true, ...contextOf(leaf, intermediate) }).on(
        'error',
        () => undefined,
      );
    });
  });
  expect(await read(await listening(server), { startTls: 'postgres' })).toMatchObject({
    notAfter: inDays(40),
    problem: undefined,
  });
  expect(asked).toEqual(['0000000804d2162f']);
  const refusing = createServer((socket) => socket.once('data', () => socket.write('N')));
  expect(await read(await listening(refusing), { startTls: 'postgres' })).toMatchObject({
    problem: 'the server offers no TLS',
  });
});

test('a public name that leads to a private address is not asked', async () => {
  let connections = 0;
  const port = await listening(showing(leaf).on('connection', () => void connections++));
  for (const address of ['127.0.0.1', '169.254.169.254', '10.0.0.7']) {
    expect(await read(port, { host: 'www.example.com', addresses: [address] })).toEqual({
      problem: 'its name leads to a private address, which this function does not ask',
    });
  }
  expect(connections).toBe(0);
});

test.each<[string, () => Server, string]>([
  ['says nothing', () => createServer(() => undefined), 'the server did not answer in time'],
  ['hangs up', () => createServer((socket) => socket.end()), 'the server broke the handshake off'],
  [
    'speaks no TLS',
    () => createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n')),
    'the handshake failed with ERR_SSL_',
  ],
])('a server that %s is a problem, in a word', async (_, server, problem) => {
  const reading = await read(await listening(server()), { timeoutMilliseconds: 150 });
  expect(reading.problem).toContain(problem);
  expect(reading.notAfter).toBeUndefined();
  expect(JSON.stringify(reading)).not.toContain('OpenSSH');
});

test('one handshake that fails is nobody’s business: it is asked again', async () => {
  let connections = 0;
  const server = showing(leaf, intermediate).on('connection', (socket) => {
    connections += 1;
    if (connections === 1) socket.destroy();
  });
  expect(await read(await listening(server))).toMatchObject({
    notAfter: inDays(40),
    problem: undefined,
  });
  expect(connections).toBe(2);
});

test('so is a name without an address, and one that nobody knows', async () => {
  expect(await read(443, { addresses: [] })).toMatchObject({
    problem: 'its name has no IPv4 address',
  });
  const unknown = shownCertificates({
    lookup: async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    },
  });
  const endpoint = { host: 'gone.example.com', port: 443, servername: 'gone.example.com' };
  expect(
    await readEndpoint({ shown: unknown }, { from: 'endpoint', name: 'www', ...endpoint }, now),
  ).toMatchObject({ problem: 'its name does not resolve' });
});
