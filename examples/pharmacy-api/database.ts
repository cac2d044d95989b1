/** The connection pool, and as much of it as the rest of the application knows. */
import { createRotatingPool, type LoginReport } from '@quarterturn/client/pg';
import type { Configuration } from './configuration.ts';
import type { Secrets } from './secrets.ts';

export interface Database {
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[] }>;
}

export interface OpenDatabase extends Database {
  end(): Promise<void>;
}

export async function openDatabase(
  secret: Secrets['database'],
  { host, port, name, ca, connections, connectionSeconds }: Configuration['database'],
  onLogin: (report: LoginReport) => void,
): Promise<OpenDatabase> {
  const pool = await createRotatingPool(secret, {
    host,
    port,
    database: name,
    tls: ca === undefined ? {} : { ca },
    maxLifetime: connectionSeconds * 1_000,
    onLogin,
    pool: { max: connections, query_timeout: 10_000, application_name: 'pharmacy-api' },
  });
  return {
    query: <Row>(text: string, values: readonly unknown[] = []) =>
      pool.query(text, [...values]) as unknown as Promise<{ rows: Row[] }>,
    end: () => pool.end(),
  };
}
