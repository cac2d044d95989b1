/** A real PgBouncer in front of a server, where one is installed: TLS on both sides, SCRAM, nothing left behind. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRun, serverAccount } from '../../../sandbox/postgres/account.ts';
import { makeCertificates } from '../../../sandbox/postgres/certificates.ts';

export interface PgBouncerOptions {
  server: { port: number; ca: string };
  dbname: string;
  /** `userlist.txt`: role → verifier or password. */
  users: Readonly<Record<string, string>>;
  /** Added to the line of the database, such as `auth_user=pgbouncer`. */
  database?: string;
  /** Further settings. */
  settings?: Readonly<Record<string, string>>;
}

export interface PgBouncer {
  readonly port: number;
  /** PEM of the authority to trust. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** The program, or undefined where there is none. */
export const pgbouncerProgram: string | undefined = [
  ...(process.env.PATH ?? '').split(':'),
  '/usr/sbin',
  '/usr/local/sbin',
]
  .map((directory) => join(directory, 'pgbouncer'))
  .find((program) => canRun({}, program));

/** Ends PgBouncer and removes its files when this process says so, or is gone. */
const keeper =
  '"$1" -q "$2/pgbouncer.ini" & pid=$!; read line; kill -TERM $pid; wait $pid; rm -rf "$2"';

export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const { server, dbname, users, database = '', settings = {} } = options;
  const account = serverAccount();
  const base = await mkdtemp(join(tmpdir(), 'quarterturn-pgbouncer-'));
  const { ca, certificate, privateKey } = await makeCertificates(['localhost', '127.0.0.1']);
  const port = await freePort();
  const main = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(base, 'userlist.txt'),
    client_tls_sslmode: 'require',
    client_tls_cert_file: join(base, 'pooler.crt'),
    client_tls_key_file: join(base, 'pooler.key'),
    server_tls_sslmode: 'verify-full',
    server_tls_ca_file: join(base, 'server-ca.pem'),
    pool_mode: 'transaction',
    ...settings,
  };
  const files = {
    'userlist.txt': Object.entries(users)
      .map(([role, secret]) => `"${role}" "${secret}"\n`)
      .join(''),
    'pooler.crt': certificate,
    'pooler.key': privateKey,
    'server-ca.pem': server.ca,
    'pgbouncer.ini': [
      '[databases]',
      `${dbname} = host=localhost port=${server.port} dbname=${dbname} ${database}`,
      '[pgbouncer]',
      ...Object.entries(main).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(base, name), content, { mode: 0o600 });
    if (account.uid !== undefined) chownSync(join(base, name), account.uid, account.gid ?? 0);
  }
  if (account.uid !== undefined) chownSync(base, account.uid, account.gid ?? 0);
  chmodSync(base, 0o700);

  const child = spawn('/bin/sh', ['-c', keeper, 'sh', pgbouncerProgram ?? '', base], {
    ...account,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end('stop\n');
    await ended;
  };
  try {
    await answering(port);
  } catch {
    await stop();
    throw new Error(`PgBouncer did not start:\n${said}`);
  }
  return { port, ca, stop };
}

export const pgbouncerVersion = (): string =>
  spawnSync(pgbouncerProgram ?? 'false', ['--version'], { encoding: 'utf8' }).stdout.split(
    '\n',
  )[0] ?? '';

async function answering(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error('no answer');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
