import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

let server: PostgresServer;
let endpoint: Endpoint;

beforeAll(async () => {
  server = await startPostgres();
  endpoint = { host: 'localhost', port: server.port, dbname: 'postgres', ca: server.ca };
  await server.session(async (client) => {
    await client.query(`create role closed nologin password 'correct horse battery'`);
    await client.query(`create role one_at_a_time login connection limit 0 password 'x'`);
  });
});
afterAll(() => server?.stop());

async function failure(work: Promise<unknown>): Promise<Record<string, unknown> & Error> {
  return await work.then(
    () => {
      throw new Error('expected a failure');
    },
    (error) => error,
  );
}
const select1 = (at: Endpoint, username: string, password: string) =>
  nodePostgres.withSession(at, { username, password }, (session) => session.query('select 1'));
const asSuperuser = (at: Endpoint) =>
  select1(at, server.superuser.username, server.superuser.password);

describe('the PostgreSQL door', () => {
  test('logs in over TLS 1.3, binds values and closes the connection', async () => {
    const rows = await nodePostgres.withSession(endpoint, server.superuser, (session) =>
      session.query<{ version: string; value: string; name: string }>(
        `select version, $1::text as value, current_setting('application_name') as name
           from pg_stat_ssl where pid = pg_backend_pid()`,
        ["it's"],
      ),
    );
    expect(rows).toEqual([{ version: 'TLSv1.3', value: "it's", name: 'quarterturn' }]);
    const open = await server.session((client) =>
      client.query(`select 1 from pg_stat_activity where application_name = 'quarterturn'`),
    );
    expect(open.rows).toEqual([]);
  });

  test('rolls a transaction back when its work throws, and reports that error', async () => {
    const error = await failure(
      nodePostgres.withSession(endpoint, server.superuser, (session) =>
        session.transaction(async () => {
          await session.query('create table left_behind ()');
          throw new Error('the first error');
        }),
      ),
    );
    expect(error.message).toBe('the first error');
    const left = await server.session((client) =>
      client.query(`select to_regclass('left_behind') as left`),
    );
    expect(left.rows).toEqual([{ left: null }]);
  });

  test('tells a wrong password from a role that cannot log in and from every other refusal', async () => {
    const wrong = await failure(select1(endpoint, server.superuser.username, 'wrong'));
    expect(wrong).toMatchObject({ name: 'LoginRefusedError', sqlstate: '28P01' });
    expect(wrong.message).toContain(`localhost:${server.port}/postgres as postgres`);
    const closed = await failure(select1(endpoint, 'closed', 'correct horse battery'));
    expect(closed).toMatchObject({ name: 'RoleCannotLoginError', sqlstate: '28000' });
    const full = await failure(select1(endpoint, 'one_at_a_time', 'x'));
    expect(full).toMatchObject({ name: 'PostgresError', sqlstate: '53300' });
    const nowhere = await failure(asSuperuser({ ...endpoint, dbname: 'nowhere' }));
    expect(nowhere).toMatchObject({ name: 'PostgresError', sqlstate: '3D000' });
  });

  test('never repeats a value or a statement the server quotes in its message', async () => {
    const canary = 'canary-7f3a';
    const queries: [string, unknown[]][] = [
      ['select $1::int', [canary]],
      [`select '${canary}' fromm x`, []],
      [`select '${canary}'::date`, []],
    ];
    for (const [text, values] of queries) {
      const error = await failure(
        nodePostgres.withSession(endpoint, server.superuser, (s) => s.query(text, values)),
      );
      expect(error.name).toBe('PostgresError');
      expect(inspect(error, { depth: 10 })).not.toContain(canary);
    }
  });

  test('survives the end of its session while it is idle', async () => {
    const error = await failure(
      nodePostgres.withSession(endpoint, server.superuser, async (session) => {
        const [row] = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
        await server.session((c) => c.query('select pg_terminate_backend($1, 5000)', [row?.pid]));
        await session.query('select 1');
      }),
    );
    expect(['PostgresUnreachableError', 'PostgresError']).toContain(error.name);
  });

  test('names host and port when nobody listens', async () => {
    const error = await failure(asSuperuser({ ...endpoint, port: 1 }));
    expect(error).toMatchObject({ name: 'PostgresUnreachableError', reason: 'ECONNREFUSED' });
    expect(error.message).toContain('localhost:1/postgres');
    expect(error.message).toContain('stands in no network of the deployment');
  });

  test("names the function's network and security group when nobody listens", async () => {
    process.env.NETWORK = 'main (vpc-0a1b2c3d, sg-0a1b2c3d)';
    try {
      const error = await failure(asSuperuser({ ...endpoint, port: 1 }));
      expect(error).toMatchObject({
        code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
        network: 'main (vpc-0a1b2c3d, sg-0a1b2c3d)',
      });
      expect(error.message).toContain('localhost:1/postgres as postgres (ECONNREFUSED)');
      expect(error.message).toContain(
        "that the database's security group admits this port from the function's, in network main (vpc-0a1b2c3d, sg-0a1b2c3d), and that the function's lets it out",
      );
    } finally {
      delete process.env.NETWORK;
    }
  });
});

describe('TLS of the PostgreSQL door', () => {
  test('refuses a certificate of another authority', async () => {
    const other = await startPostgres();
    try {
      const error = await failure(asSuperuser({ ...endpoint, ca: other.ca }));
      expect(error.name).toBe('TlsError');
    } finally {
      await other.stop();
    }
  });

  test('refuses a certificate that names another host, by name and by address', async () => {
    const other = await startPostgres({ tls: { hosts: ['db.example.com', '192.0.2.1'] } });
    try {
      for (const host of ['localhost', '127.0.0.1']) {
        const error = await failure(
          select1(
            { ...endpoint, host, port: other.port, ca: other.ca },
            other.superuser.username,
            other.superuser.password,
          ),
        );
        expect(error).toMatchObject({ name: 'TlsError', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      }
    } finally {
      await other.stop();
    }
  });

  test('compares an address with the certificate, not with "localhost"', async () => {
    const other = await startPostgres({ tls: { hosts: ['localhost'] } });
    try {
      const at = { ...endpoint, port: other.port, ca: other.ca };
      const { username, password } = other.superuser;
      expect(await select1(at, username, password)).toHaveLength(1);
      const error = await failure(select1({ ...at, host: '127.0.0.1' }, username, password));
      expect(error.name).toBe('TlsError');
    } finally {
      await other.stop();
    }
  });

  test('does not fall back to plaintext on a server without TLS', async () => {
    const other = await startPostgres({ tls: 'off' });
    try {
      const error = await failure(
        select1({ ...endpoint, port: other.port }, 'postgres', other.superuser.password),
      );
      expect(error).toMatchObject({ name: 'TlsError', reason: 'the server does not offer TLS' });
    } finally {
      await other.stop();
    }
  });
});
