/**
 * A pooler in front of a server, in this process: TLS with a certificate of its own, and like PgBouncer one
 * SQLSTATE, 08P01, for everything that stops a login. What it lets through it relays.
 */
import { createServer, connect as dial, type Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import { type Certificates, makeCertificates } from '../../../sandbox/postgres/certificates.ts';

export interface Pooler {
  readonly port: number;
  /** PEM of the authority to trust. */
  readonly ca: string;
  /** Roles it refuses, and what it says: a stale `userlist.txt`, or a secret it has not read yet. */
  readonly refused: Map<string, string>;
  /** Every login it was asked for. */
  readonly logins: string[];
  /** Every statement that passed. */
  readonly statements: string[];
  stop(): Promise<void>;
}

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** `certificates`: those of another pooler; two authorities of one name cannot be trusted together. */
export async function startPooler(
  upstream: { port: number; ca: string },
  certificates?: Certificates,
): Promise<Pooler> {
  const { ca, certificate, privateKey } =
    certificates ?? (await makeCertificates(['localhost', '127.0.0.1']));
  const sockets = new Set<Socket>();
  const remember = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const pooler = {
    refused: new Map<string, string>(),
    logins: [] as string[],
    statements: [] as string[],
  };

  const serve = async (plain: Socket) => {
    remember(plain);
    await first(plain);
    plain.write('S');
    const client = remember(
      new TLSSocket(plain, { isServer: true, cert: certificate, key: privateKey }),
    );
    const startup = await first(client);
    const user = parametersOf(startup).get('user') ?? '';
    pooler.logins.push(user);
    const refusal = pooler.refused.get(user);
    if (refusal !== undefined) {
      client.end(fatal(refusal));
      return;
    }
    const server = await logIn(startup);
    client.on('data', (data) => {
      // Query: "Q", length, text, zero (manual, "Message Formats").
      if (data[0] === 0x51) pooler.statements.push(data.subarray(5, -1).toString());
      if (data[0] === 0x50) pooler.statements.push(data.subarray(6).toString());
      server.write(data);
    });
    let ready = false;
    server.on('data', (data) => {
      ready ||= data.includes('Z\0\0\0\x05');
      client.write(!ready && data[0] === 0x45 ? fatal('SASL authentication failed') : data);
    });
    server.on('end', () => client.end());
    client.on('close', () => server.destroy());
  };

  async function logIn(startup: Buffer): Promise<Socket> {
    const plain = remember(dial(upstream.port, 'localhost'));
    plain.write(sslRequest);
    await first(plain);
    const server = remember(
      connect({ socket: plain, ca: upstream.ca, servername: 'localhost', minVersion: 'TLSv1.2' }),
    );
    server.write(startup);
    return server;
  }

  const listener = createServer((socket) => {
    serve(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, 'localhost', resolve));
  return Object.assign(pooler, {
    ca,
    port: (listener.address() as { port: number }).port,
    stop: () =>
      new Promise<void>((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
}

/** What a client sends first comes in one piece here: over loopback, and shorter than a packet. */
const first = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('close', () => reject(new Error('closed')));
  });

function parametersOf(startup: Buffer): Map<string, string> {
  const words = startup.subarray(8).toString().split('\0');
  return new Map(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])),
  );
}

function fatal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
