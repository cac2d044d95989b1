/**
 * A task of the service `billing`: the kind of application that reads its credential once, when it starts. It serves
 * the client library's health handler, and a page that the smoke checklist asks for.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { databaseCheck, healthHandler } from '../../client/health/http.ts';
import { SecretCache, type SecretSource } from '../../client/index.ts';
import {
  type DatabaseCredential,
  databaseCredential,
} from '../../client/postgres/rotating-pool.ts';

/** A release, as the image tag of a task definition names it. */
export interface Release {
  readonly tag: string;
  /** Does it make invoices? */
  readonly works: boolean;
}

export interface BillingParts {
  readonly release: Release;
  /** Of its database credential; read once. */
  readonly source: Omit<SecretSource, 'refreshes'>;
  /** Logs in with it, and asks one question. */
  query(credential: DatabaseCredential, text: string): Promise<unknown>;
  /** Whoever shows it may see versions and roles. */
  readonly healthToken: string;
}

export class BillingTask {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @throws SecretUnavailableError: a task that cannot read its secret does not start */
  static async start({ release, source, query, healthToken }: BillingParts): Promise<BillingTask> {
    const cache = new SecretCache({ ...source, refreshes: false }, { parse: databaseCredential() });
    const { value: credential } = await cache.get();
    const health = healthHandler(
      { database: databaseCheck(cache, { query: (text) => query(credential, text) }) },
      {
        keepFor: 0,
        maySeeDetail: ({ headers }) => headers.authorization === `Bearer ${healthToken}`,
      },
    );
    const server = createServer((request, response) => {
      if (request.url === '/api/credentials/health') {
        void health(request, response);
        return;
      }
      const status = request.url !== '/invoices/sample' ? 404 : release.works ? 200 : 500;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ release: release.tag }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new BillingTask(server);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
