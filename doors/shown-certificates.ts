/**
 * The door to a TLS server: which certificates it shows, on every address its name leads to.
 *
 * `rejectUnauthorized` is false here and nowhere else: what is asked is when a certificate ends, above all when it
 * has ended, and an untrusted chain has an end as well. Nothing is sent after the handshake, nothing is read, and
 * nobody concludes from it that the server is who it says. What the name leads to is held against the private
 * ranges before a connection is made, and the connection goes to that very address.
 */
import { lookup as resolve } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate } from 'node:tls';
import { isPrivateHost } from '../domain/config/private-host.ts';

export interface TlsEndpoint {
  host: string;
  port: number;
  /** Sent as SNI (RFC 6066, 3). */
  servername: string;
  /** `postgres`: the SSLRequest of its protocol goes first (PostgreSQL, "SSL Session Encryption"). */
  startTls?: 'postgres' | undefined;
}

/** What one address showed: the leaf first, DER. */
export type Shown =
  | { address: string; chain: readonly Buffer[] }
  /** Or why it showed nothing: a code, never what the other side wrote. */
  | { address: string; problem: string };

export interface ShownCertificatesDoor {
  /** Never throws. One entry for each address; one without an address where there is none. */
  read(endpoint: TlsEndpoint): Promise<readonly Shown[]>;
}

export interface ShownCertificatesOptions {
  /** Connection and handshake of one address together. @default 8000 */
  timeoutMilliseconds?: number;
  /** IPv4 addresses of a name; a function outside of every VPC has no way out by IPv6. */
  lookup?: (host: string) => Promise<readonly string[]>;
}

/** More are not asked: a name with more is a load balancer's, and they come and go. */
const mostAddresses = 8;

export function shownCertificates({
  timeoutMilliseconds = 8_000,
  lookup = ipv4Addresses,
}: ShownCertificatesOptions = {}): ShownCertificatesDoor {
  return {
    async read(endpoint) {
      let addresses: readonly string[];
      try {
        addresses = await lookup(endpoint.host);
      } catch (error) {
        return [{ address: '', problem: codeOf(error) }];
      }
      // A name that was configured as private (in dev) may lead there; a public one never does.
      const isAllowed = (address: string) =>
        isPrivateHost(endpoint.host) || !isPrivateHost(address);
      return Promise.all(
        addresses
          .slice(0, mostAddresses)
          .map(async (address) =>
            isAllowed(address)
              ? await shownAt(address, endpoint, timeoutMilliseconds)
              : { address, problem: 'PRIVATE_ADDRESS' },
          ),
      );
    },
  };
}

async function ipv4Addresses(host: string): Promise<string[]> {
  const found = await resolve(host, { all: true, family: 4 });
  return found.map(({ address }) => address);
}

async function shownAt(
  address: string,
  { port, servername, startTls }: TlsEndpoint,
  timeoutMilliseconds: number,
): Promise<Shown> {
  const socket = connect({ host: address, port });
  // Of a connection nobody waits for any more, an error unheard would end the process.
  socket.on('error', () => undefined);
  const expired = new AbortController();
  const timer = setTimeout(() => expired.abort(), timeoutMilliseconds);
  const read = async () => {
    await once(socket, 'connect', expired.signal);
    if (startTls === 'postgres') await askForTls(socket, expired.signal);
    return { address, chain: await handshake(socket, servername, expired.signal) };
  };
  try {
    return await read();
  } catch (error) {
    return { address, problem: codeOf(error) };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function handshake(
  socket: Socket,
  servername: string,
  expired: AbortSignal,
): Promise<Buffer[]> {
  const secure = connectTls({
    socket,
    // An address is no name (RFC 6066, 3); Node.js refuses one as SNI.
    ...(isIP(servername) === 0 && { servername }),
    // Only the dates are read; see above.
    rejectUnauthorized: false,
  });
  secure.on('error', () => undefined);
  try {
    await once(secure, 'secureConnect', expired);
    return chainOf(secure.getPeerCertificate(true));
  } finally {
    secure.destroy();
  }
}

/** Node.js links each to its issuer, and a self-signed one to itself. */
function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

/** "The server then responds with a single byte containing S or N" (PostgreSQL, "Message Flow"). */
async function askForTls(socket: Socket, expired: AbortSignal): Promise<void> {
  const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
  socket.write(sslRequest);
  await once(socket, 'readable', expired);
  const answer: Buffer | null = socket.read(1);
  if (answer === null) throw coded('CLOSED');
  if (answer.toString('latin1') !== 'S') throw coded('NO_TLS_OFFERED');
}

function once(
  socket: Socket,
  event: 'connect' | 'readable' | 'secureConnect',
  expired: AbortSignal,
): Promise<void> {
  return new Promise((happened, failed) => {
    socket.once(event, () => happened());
    socket.once('error', failed);
    socket.once('close', () => failed(coded('CLOSED')));
    expired.addEventListener('abort', () => failed(coded('TIMEOUT')), { once: true });
  });
}

const coded = (code: string): Error => Object.assign(new Error(code), { code });

/** Codes of Node.js and OpenSSL (`ENOTFOUND`, `ERR_SSL_…`): never their messages. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) ? code : 'FAILED';
}
