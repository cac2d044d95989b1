/** The loopback HTTP server: AWS's wire protocols, and the controls under `/_sandbox/`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { LostAnswerError } from './faults.ts';
import type { Answer } from './protocols.ts';
import type { RestRequest } from './service.ts';

const BODY_LIMIT = 20 * 1024 * 1024;

export type Handler = (request: RestRequest) => Promise<Answer>;

export class LoopbackServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scheme: 'http' | 'https';
  #port = 0;

  /** @param tls PEM; absent: plain HTTP */
  constructor(aws: Handler, control: Handler, tls?: { certificate: string; privateKey: string }) {
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      void this.#answer(incoming, outgoing, aws, control);
    };
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server =
      tls === undefined
        ? createServer(answer)
        : createTlsServer({ cert: tls.certificate, key: tls.privateKey }, answer);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  async #answer(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    aws: Handler,
    control: Handler,
  ): Promise<void> {
    try {
      const refusal = this.#refusal(incoming);
      if (refusal !== undefined) {
        incoming.resume();
        write(outgoing, refusal);
        return;
      }
      const request = await readRequest(incoming);
      const handler = request.path.startsWith('/_sandbox/') ? control : aws;
      write(outgoing, await handler(request));
    } catch (error) {
      // A "timeout" leaves the connection open and silent; the caller's own patience ends it.
      if (!(error instanceof LostAnswerError && error.how === 'timeout')) {
        incoming.socket.destroy();
      }
    }
  }

  /** A web page can make a browser call a loopback port: it then says where it comes from. */
  #refusal({ headers }: IncomingMessage): Answer | undefined {
    // `<bucket>.localhost` is how the SDKs address a bucket at `localhost`; no name below it is anybody's (RFC 6761).
    const host = (headers.host ?? '').replace(/^[a-z0-9-]+\.(?=localhost:)/, '');
    const hosts = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!hosts.includes(host)) {
      return forbidden('The sandbox answers only as 127.0.0.1 or localhost.');
    }
    return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
      ? forbidden('The sandbox does not answer web pages.')
      : undefined;
  }
}

function forbidden(message: string): Answer {
  return { status: 403, headers: { 'content-type': 'text/plain' }, body: `${message}\n` };
}

async function readRequest(incoming: IncomingMessage): Promise<RestRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) {
      throw new RangeError(`the body is larger than ${BODY_LIMIT} bytes`);
    }
    chunks.push(chunk);
  }
  const [path = '/', query = ''] = splitOnce(incoming.url ?? '/', '?');
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: Buffer.concat(chunks),
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function write(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}
