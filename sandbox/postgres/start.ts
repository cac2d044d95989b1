/**
 * A real PostgreSQL for one run: TLS 1.3 with an authority of its own, SCRAM-SHA-256 only, on a free
 * port of the loopback interface, without a socket file. Works as root and as an ordinary user, and
 * leaves no process, file or account behind, even when this process is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Account, canEnter, serverAccount } from './account.ts';
import { findBinaries, type Version } from './binaries.ts';
import { makeCertificates } from './certificates.ts';
import { lastLines, makeCluster, serverEnvironment } from './cluster.ts';

export interface PostgresOptions {
  /** Server settings, e.g. `{ log_statement: 'all', shared_preload_libraries: 'pg_stat_statements' }`. */
  settings?: Readonly<Record<string, string>>;
  /** @default 'embedded': PostgreSQL 18 from the npm package; `bin` is a directory with initdb and postgres */
  version?: Version;
  /** Names in the server's certificate; `off` starts a server without TLS. @default localhost, 127.0.0.1 */
  tls?: { hosts: readonly string[]; validity?: 'valid' | 'expired' } | 'off';
  /** A read replica without a primary: it answers, and refuses every change. @default 'primary' */
  role?: 'primary' | 'standby';
}

export interface SessionOptions {
  /** @default 'postgres' */
  database?: string;
  /** @default the superuser */
  username?: string;
  password?: string;
}

export interface PostgresServer {
  readonly host: 'localhost';
  readonly port: number;
  /** PEM of the authority to trust. */
  readonly ca: string;
  readonly superuser: { readonly username: string; readonly password: string };
  /** Everything the server has logged. */
  log(): Promise<string>;
  /** Logs in (as the superuser unless told otherwise), runs `work`, closes the connection. */
  session<T>(work: (client: pg.Client) => Promise<T>, options?: SessionOptions): Promise<T>;
  stop(): Promise<void>;
}

/** @throws Error with the last lines of the server's log when it does not start */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const account = serverAccount();
  const base = await makeBase(account);
  const superuser = { username: 'postgres', password: randomBytes(24).toString('base64url') };
  try {
    const bin = await findBinaries(options.version ?? 'embedded', account, base);
    const { hosts = ['localhost', '127.0.0.1'], validity = 'valid' } =
      options.tls === 'off' ? { hosts: [] } : (options.tls ?? {});
    const certificates = await makeCertificates(hosts, validity);
    const data = await makeCluster({
      bin,
      account,
      base,
      superuser,
      settings: options.settings ?? {},
      role: options.role ?? 'primary',
      ...(options.tls === 'off' ? {} : { certificates }),
    });
    const running = await launch({ bin, account, base, data });
    return server(running, base, superuser, certificates.ca, options.tls !== 'off');
  } catch (error) {
    await rm(base, { recursive: true, force: true });
    throw error;
  }
}

function server(
  running: Running,
  base: string,
  superuser: PostgresServer['superuser'],
  ca: string,
  tls: boolean,
): PostgresServer {
  let stopped: Promise<void> | undefined;
  return {
    host: 'localhost',
    port: running.port,
    ca,
    superuser,
    log: () => readFile(join(base, 'server.log'), 'utf8'),
    async session(work, options = {}) {
      const client = new pg.Client({
        host: 'localhost',
        port: running.port,
        database: options.database ?? 'postgres',
        user: options.username ?? superuser.username,
        password: options.password ?? superuser.password,
        ssl: tls ? { ca, servername: 'localhost' } : false,
      });
      // A terminated session is an 'error' event, too, and unheard it would end the process.
      client.on('error', () => undefined);
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    },
    stop() {
      stopped ??= running.stop().then(() => rm(base, { recursive: true, force: true }));
      return stopped;
    },
  };
}

/** A directory the server's account owns: 0711, because initdb has to pass through it. */
async function makeBase(account: Account): Promise<string> {
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find((directory) => canEnter(account, directory));
  if (parent === undefined) {
    throw new Error(
      'No temporary directory that the PostgreSQL account may enter: set TMPDIR to one.',
    );
  }
  const base = await mkdtemp(join(parent, 'quarterturn-postgres-'));
  if (account.uid !== undefined && account.gid !== undefined) {
    chownSync(base, account.uid, account.gid);
    chmodSync(base, 0o711);
  }
  return base;
}

interface Launch {
  bin: string;
  account: Account;
  base: string;
  data: string;
}

interface Running {
  port: number;
  stop(): Promise<void>;
}

/** PostgreSQL cannot be told "any free port": one is picked, and another one if somebody was faster. */
async function launch(plan: Launch): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return await launchOn(plan, port);
    } catch (error) {
      if (attempt === 5 || !String(error).includes('Address already in use')) {
        throw error;
      }
    }
  }
}

async function launchOn({ bin, account, base, data }: Launch, port: number): Promise<Running> {
  const log = join(base, 'server.log');
  const descriptor = openSync(log, 'a', 0o600);
  // A process group of its own: Ctrl-C ends this process, and this process ends the server.
  const child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port)], {
    ...account,
    cwd: base,
    env: serverEnvironment,
    detached: true,
    stdio: ['ignore', descriptor, descriptor],
  });
  closeSync(descriptor);
  // Whoever forgets `stop` gets no process that never ends: the guard cleans up after it.
  child.unref();
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const guard = startGuard(account, child.pid, base);
  const stop = async () => {
    child.kill('SIGINT');
    const force = setTimeout(() => child.kill('SIGQUIT'), 10_000);
    await exited;
    clearTimeout(force);
    guard.stdin?.end('stopped\n');
  };
  try {
    await ready(child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

/** Ends the server and removes its files when this process dies without having done so. */
function startGuard(account: Account, pid: number | undefined, base: string): ChildProcess {
  const script =
    'read line; [ "$line" = stopped ] && exit; kill -INT "$1"; ' +
    'i=0; while kill -0 "$1" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; rm -rf "$2"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid), base], {
    ...account,
    cwd: '/',
    env: { PATH: serverEnvironment.PATH },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  (guard.stdin as Socket).unref();
  return guard;
}

async function ready(child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const text = await readFile(log, 'utf8');
    if (/database system is ready to accept (read-only )?connections/.test(text)) {
      return;
    }
    if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start. Its last log lines:\n${lastLines(text)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, 'localhost', () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
