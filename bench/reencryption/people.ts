/**
 * The server and the table of the benchmark: rows of about 290 bytes, three indexes, three encrypted columns. The
 * settings are the server's own but for memory, which is what RDS gives an instance of 4 GB. Every
 * measurement works on a fresh copy of the same files.
 */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Credential, Endpoint } from '../../doors/postgres/door.ts';
import { migrate } from '../../doors/postgres/ledger-schema.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import { sealedRows } from './seeds.ts';

const settings = {
  fsync: 'on',
  shared_buffers: '1GB',
  max_wal_size: '4GB',
};

const table = `
  create table people (
    id bigint primary key, ssn text not null, phone text not null, iban text not null,
    email text not null, created_at timestamptz not null)`;
const indexes = `
  create index on people (email);
  create index on people (created_at)`;

export interface People {
  readonly server: PostgresServer;
  readonly worker: Credential;
  readonly rows: number;
  /** A copy of the seed under this name, checkpointed, for as long as `work` runs. */
  fresh<T>(work: (endpoint: Endpoint, client: pg.Client) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startPeople(rows: number): Promise<People> {
  const server = await startPostgres({ settings });
  const worker = { username: 'reencryption', password: randomBytes(24).toString('base64url') };
  try {
    await server.session(async (client) => {
      await client.query('create database seed');
      await client.query(`create role reencryption login password '${worker.password}'`);
    });
    await server.session((client) => seed(client, rows), { database: 'seed' });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    server,
    worker,
    rows,
    stop: () => server.stop(),
    async fresh(work) {
      const control = (text: string) => server.session((client) => client.query(text));
      await control('create database run template seed strategy file_copy');
      try {
        await control('checkpoint');
        const endpoint = { host: 'localhost', port: server.port, dbname: 'run', ca: server.ca };
        return await server.session((client) => work(endpoint, client), { database: 'run' });
      } finally {
        await control('drop database run with (force)');
      }
    },
  };
}

async function seed(client: pg.Client, rows: number): Promise<void> {
  const query = async (text: string, values: unknown[] = []) => {
    const result = await client.query(text, values);
    return (Array.isArray(result) ? [] : result.rows) as Record<string, never>[];
  };
  const session = {
    query,
    async transaction<T>(work: () => Promise<T>) {
      await query('begin');
      const result = await work();
      await query('commit');
      return result;
    },
  };
  await migrate(session as never, 'reencryption');
  await client.query(table);
  const values = sealedRows(2_000);
  const column = (at: number) => values.map((row) => row[at]);
  await client.query(
    `insert into people
     select n, v.ssn, v.phone, v.iban, 'person' || n || '@example.com', timestamptz '2020-01-01' + n * interval '1 s'
       from generate_series(1, $1::bigint) as n
       join unnest($2::text[], $3::text[], $4::text[]) with ordinality as v(ssn, phone, iban, place)
         on v.place = n % $5::bigint + 1
      order by n`,
    [rows, column(0), column(1), column(2), values.length],
  );
  await client.query(indexes);
  await client.query('grant select, update (ssn, phone, iban) on people to reencryption');
  await client.query('vacuum (freeze, analyze) people');
}
