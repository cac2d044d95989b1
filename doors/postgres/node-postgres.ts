/**
 * The PostgreSQL door through node-postgres. TLS verify-full without a fallback: the chain must end in
 * the given authorities, and the certificate must name the configured host.
 */
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import pg from 'pg';
import { classifyError } from './classify-error.ts';
import type { Credential, Endpoint, PostgresDoor, Session } from './door.ts';
import { place } from './errors.ts';

const connectTimeoutMilliseconds = 5_000;
const statementTimeoutMilliseconds = 15_000;

export const nodePostgres: PostgresDoor = {
  withSession(endpoint, credential, work) {
    return withClient(endpoint, credential, statementTimeoutMilliseconds, (client, at) =>
      work(session(client, at)),
    );
  },
};

/** Logs in, runs `work`, closes the connection. `statementTimeout` in milliseconds, kept by the server. */
export async function withClient<T>(
  endpoint: Endpoint,
  credential: Credential,
  statementTimeout: number,
  work: (client: pg.Client, at: string) => Promise<T>,
): Promise<T> {
  const at = place(endpoint, credential);
  const client = new pg.Client(clientConfig(endpoint, credential, statementTimeout));
  // A terminated idle session is an 'error' event, and unheard it ends the process; the next query
  // of a dead connection fails by itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (endpoint.pooled === undefined) {
      // Not as a startup parameter: a pooler refuses those it does not know.
      await client.query("select set_config('statement_timeout', $1, false)", [
        String(statementTimeout),
      ]);
    }
  } catch (error) {
    await close(client);
    throw classifyError(error, at);
  }
  try {
    return await work(client, at);
  } finally {
    await close(client);
  }
}

function clientConfig(
  endpoint: Endpoint,
  credential: Credential,
  statementTimeout: number,
): pg.ClientConfig {
  return {
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.dbname,
    user: credential.username,
    password: credential.password,
    application_name: 'quarterturn',
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    // The server's own timeout comes first; this one is for a server that has gone silent.
    query_timeout: statementTimeout + 5_000,
    keepAlive: true,
    ssl: {
      ca: endpoint.ca,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
      // For an address there is no server name to send, and Node would then compare the certificate
      // with "localhost" (tls.connect over an existing socket): always compare with the configured host.
      checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
        checkServerIdentity(endpoint.host, certificate),
    },
  };
}

export function session(client: pg.Client, at: string): Session {
  const query: Session['query'] = async <Row extends Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ) => {
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw classifyError(error, at);
    }
  };
  return {
    query,
    async transaction(work) {
      await query('begin');
      try {
        const result = await work();
        await query('commit');
        return result;
      } catch (error) {
        // The first error is the one to report; a connection that is gone has rolled back already.
        await query('rollback').catch(() => undefined);
        throw error;
      }
    },
  };
}

async function close(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
