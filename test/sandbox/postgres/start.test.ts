import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

let server: PostgresServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function baseOf(running: PostgresServer): Promise<string> {
  const { rows } = await running.session((client) =>
    client.query<{ base: string }>(`select current_setting('data_directory') as base`),
  );
  return join(rows[0]?.base ?? '', '..');
}

async function listening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const answer = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return answer;
}

describe('a PostgreSQL of the sandbox', () => {
  test('speaks TLS 1.3, knows SCRAM only, has no socket file, and carries the settings it was given', async () => {
    server = await startPostgres({ settings: { work_mem: '5MB' } });
    const { rows } = await server.session((client) =>
      client.query(`select current_setting('work_mem') as work_mem,
        current_setting('unix_socket_directories') as sockets,
        (select version from pg_stat_ssl where pid = pg_backend_pid()) as tls,
        (select string_agg(type || ' ' || auth_method, ',') from pg_hba_file_rules) as hba,
        (select left(rolpassword, 18) from pg_authid where rolname = current_user) as stored`),
    );
    expect(rows).toEqual([
      {
        work_mem: '5MB',
        sockets: '',
        tls: 'TLSv1.3',
        hba: 'hostssl scram-sha-256',
        stored: 'SCRAM-SHA-256$4096',
      },
    ]);
    expect(await server.log()).toContain('database system is ready to accept connections');
  });

  test('keeps its key to itself and the superuser password out of every file', async () => {
    server = await startPostgres({ settings: { log_statement: 'all' } });
    const base = await baseOf(server);
    expect(statSync(join(base, 'data', 'server.key')).mode & 0o777).toBe(0o600);
    const found = spawnSync('grep', ['-rlF', '--', server.superuser.password, base], {
      encoding: 'utf8',
    });
    expect(found.stdout).toBe('');
  });

  test('stops twice, and leaves no file and no listener', async () => {
    const running = await startPostgres();
    const base = await baseOf(running);
    await Promise.all([running.stop(), running.stop()]);
    await running.stop();
    expect(existsSync(base)).toBe(false);
    expect(await listening(running.port)).toBe(false);
  });

  test('tells what the server said when it does not start, and cleans up', async () => {
    await expect(startPostgres({ settings: { work_mem: 'plenty' } })).rejects.toThrow(/work_mem/);
    // In a temporary folder of its own, because other servers come and go in the shared one.
    const folder = mkdtempSync(join(tmpdir(), 'start-failure-'));
    chmodSync(folder, 0o777);
    const child = startInChild({}, { settings: `{ work_mem: 'plenty' }`, folder });
    await once(child, 'exit');
    expect(readdirSync(folder).filter((name) => name.startsWith('quarterturn'))).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('ends with the process that started it, even when that one is killed', async () => {
    const child = startInChild({});
    const { base, port } = await firstLine(child);
    expect(existsSync(base)).toBe(true);
    child.kill('SIGKILL');
    await gone(base);
    expect(await listening(port)).toBe(false);
  });

  const root = process.getuid?.() === 0;
  (root ? test : test.skip)('works for an ordinary user', async () => {
    const nobody = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout);
    const child = startInChild({ uid: nobody });
    const { base, user } = await firstLine(child);
    expect(user).toBe(nobody);
    child.stdin?.end();
    await gone(base);
  });
});

/** Another process that starts a server, says where it is, and waits until its input ends. */
function startInChild(
  account: { uid?: number },
  { settings = '{}', folder = tmpdir() } = {},
): ChildProcess {
  const start = new URL('../../../sandbox/postgres/start.ts', import.meta.url);
  const script = `
    const { statSync } = await import('node:fs');
    const { startPostgres } = await import(${JSON.stringify(start.href)});
    const server = await startPostgres({ settings: ${settings} });
    const { rows } = await server.session((c) => c.query("select current_setting('data_directory') as data"));
    const base = rows[0].data.replace(/\\/data$/, '');
    console.log(JSON.stringify({ base, port: server.port, user: statSync(base).uid }));
    process.stdin.on('end', () => server.stop()).resume();`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    {
      ...account,
      // tsx keeps its cache in the temporary folder, below a name of the account.
      env: { PATH: process.env.PATH, TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  return child;
}

async function firstLine(
  child: ChildProcess,
): Promise<{ base: string; port: number; user: number }> {
  const [line] = await Promise.race([
    once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the child ended with ${code}`);
    }),
  ]);
  return JSON.parse(String(line));
}

/** The guard is another process: there is nothing to await but its effect. */
async function gone(path: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (existsSync(path)) {
    if (Date.now() > deadline) {
      throw new Error(`${path} is still there`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
