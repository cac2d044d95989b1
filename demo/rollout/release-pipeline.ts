/** The company's deployment pipeline, as far as a rollback needs it: a webhook that redeploys the release before. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class ReleasePipeline {
  readonly url: string;
  readonly #server: Server;
  readonly #redeployed: string[] = [];
  #key = Buffer.alloc(0);
  #redeploy: () => Promise<void> = async () => undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/redeploy`;
    server.on('request', (request: IncomingMessage, response) => {
      this.#take(request).then(
        (status) => response.writeHead(status).end(),
        () => response.writeHead(500).end(),
      );
    });
  }

  static async open(): Promise<ReleasePipeline> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ReleasePipeline(server);
  }

  /** @param key what webhooks are signed with, without `whsec_`. @param redeploy puts the release before in its place */
  serve(key: string, redeploy: () => Promise<void>): void {
    this.#key = Buffer.from(key, 'base64');
    this.#redeploy = redeploy;
  }

  /** Ids of the webhooks that were followed. */
  get redeployed(): readonly string[] {
    return this.#redeployed;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const id = String(request.headers['webhook-id'] ?? '');
    if (!this.#isSigned(request, id, Buffer.concat(chunks))) return 401;
    // A webhook may come twice.
    if (this.#redeployed.includes(id)) return 200;
    this.#redeployed.push(id);
    await this.#redeploy();
    return 200;
  }

  /** The scheme of standardwebhooks.com. */
  #isSigned({ headers }: IncomingMessage, id: string, body: Buffer): boolean {
    const text = `${id}.${headers['webhook-timestamp']}.${body.toString('utf8')}`;
    const expected = Buffer.from(
      `v1,${createHmac('sha256', this.#key).update(text).digest('base64')}`,
    );
    const given = Buffer.from(String(headers['webhook-signature'] ?? ''));
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
