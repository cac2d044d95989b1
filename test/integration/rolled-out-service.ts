/**
 * A consumer of the tests of rollouts: an application with the client library and a reader's rights, which holds the
 * token keys and the database credential, and shows its health. In the process of the test; its address stays, as a
 * load balancer's does, and whatever was started last serves it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  databaseCheck,
  type HealthHandler,
  healthHandler,
  tokenCheck,
} from '../../client/health/http.ts';
import { KeysetSigner, KeysetVerifier, SecretCache, tokenKeys } from '../../client/index.ts';
import { databaseCredential } from '../../client/postgres/rotating-pool.ts';
import { secretsManagerSecret } from '../../client/sources/secrets-manager.ts';
import { system } from '../../client/system.ts';
import type { ExplicitAccess } from '../../doors/explicit-access.ts';
import type { Endpoint } from '../../doors/postgres/door.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';

export interface ServiceParts {
  readonly access: ExplicitAccess;
  /** Names of its secrets. */
  readonly secrets: { readonly jwt: string; readonly db: string };
  readonly endpoint: Endpoint;
  readonly healthToken: string;
  now(): Date;
}

/** Of the instance that serves now, by id. */
export interface Held {
  readonly jwt: string | undefined;
  readonly db: string | undefined;
}

interface Instance {
  readonly held: () => Held;
  readonly sign: () => Promise<string>;
  readonly verify: (token: string) => Promise<unknown>;
  readonly health: HealthHandler;
}

/** Good: its own health handler answers. Otherwise the status it answers with, and where that leads. */
export type Answers = 'good' | { status: number; location?: string };

export class RolledOutService {
  readonly url: string;
  readonly name: string;
  /** What it answers when it is asked: by what it holds, and how often it was asked since this was set. */
  #answers: (held: Held, looks: number) => Answers = () => 'good';
  /** What each start read, and when. */
  readonly starts: { readonly at: Date; readonly held: Held }[] = [];
  looks = 0;
  readonly #learns: 'refresh' | 'restart';
  readonly #server: Server;
  #parts: ServiceParts | undefined;
  #client: SecretsManagerClient | undefined;
  #instance: Instance | undefined;

  private constructor(name: string, learns: 'refresh' | 'restart', server: Server) {
    this.name = name;
    this.#learns = learns;
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#serve(request, response));
  }

  static async open(name: string, learns: 'refresh' | 'restart'): Promise<RolledOutService> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RolledOutService(name, learns, server);
  }

  prepare(parts: ServiceParts): void {
    this.#parts = parts;
    this.#client = new SecretsManagerClient({ ...parts.access, maxAttempts: 1 });
  }

  /** Reads its secrets; who learns by a start reads them never again. @throws SecretUnavailableError */
  async start(): Promise<void> {
    const parts = present(this.#parts);
    const { healthToken, endpoint, now } = parts;
    const clock = { ...system, now };
    const times = { maxAge: 240_000, staleFor: 60_000, system: clock };
    const tokens = new SecretCache(this.#source(parts.secrets.jwt), {
      ...times,
      parse: tokenKeys(),
    });
    const credential = new SecretCache(this.#source(parts.secrets.db), {
      ...times,
      parse: databaseCredential(),
    });
    await Promise.all([tokens.get(), credential.get()]);
    const signer = new KeysetSigner(tokens, { lifetime: 30 * 86_400, system: clock });
    const verifier = new KeysetVerifier(tokens, { system: clock });
    const query = async (text: string) => {
      const { value } = await credential.get();
      return nodePostgres.withSession(endpoint, value, (session) => session.query(text));
    };
    const held = () => ({ jwt: tokens.peek()?.versionId, db: credential.peek()?.versionId });
    this.#instance = {
      held,
      sign: () => signer.sign({ sub: this.name }),
      verify: (token) => verifier.verify(token),
      health: healthHandler(
        {
          tokens: tokenCheck(tokens, signer, verifier),
          database: databaseCheck(credential, { query }),
        },
        {
          keepFor: 0,
          system: clock,
          maySeeDetail: ({ headers }) => headers.authorization === `Bearer ${healthToken}`,
        },
      ),
    };
    this.starts.push({ at: now(), held: held() });
  }

  get held(): Held {
    return present(this.#instance).held();
  }

  sign = (): Promise<string> => present(this.#instance).sign();
  verify = (token: string): Promise<unknown> => present(this.#instance).verify(token);

  answer(as: (held: Held, looks: number) => Answers): void {
    this.looks = 0;
    this.#answers = as;
  }

  async close(): Promise<void> {
    this.#client?.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #source(secretId: string) {
    const client = present(this.#client);
    const source = secretsManagerSecret({ secretId, client });
    return { ...source, refreshes: this.#learns === 'refresh' };
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#instance === undefined || request.url !== '/api/credentials/health') {
      response.writeHead(404).end();
      return;
    }
    this.looks++;
    const answer = this.#answers(this.#instance.held(), this.looks);
    if (answer === 'good') {
      void this.#instance.health(request, response);
      return;
    }
    const { status, location } = answer;
    response.writeHead(status, location === undefined ? {} : { location }).end();
  }
}

function present<T>(given: T | undefined): T {
  if (given === undefined) throw new Error('The service has not been started.');
  return given;
}
