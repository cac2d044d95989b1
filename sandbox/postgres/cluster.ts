/** Makes the files of a database cluster: data directory, settings, certificates, who may connect. */
import { type ExecFileException, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Certificates } from './certificates.ts';
import { scramVerifier } from './verifier.ts';

export interface ClusterPlan {
  bin: string;
  account: Account;
  /** Owned by the server's account; everything of the server is below it. */
  base: string;
  superuser: { username: string; password: string };
  /** Absent: a server without TLS. */
  certificates?: Certificates;
  settings: Readonly<Record<string, string>>;
  role: 'primary' | 'standby';
}

/** Nothing of the caller's environment reaches the server: a PGDATA or PGPORT there would. */
export const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const defaults: Readonly<Record<string, string>> = {
  listen_addresses: 'localhost',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_connections: '60',
  shared_buffers: '32MB',
  // A sandbox that loses power starts again from nothing, so it need not wait for the disk.
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_prepared_transactions: '5',
  log_line_prefix: '%m [%p] %u@%d ',
};

/** Returns the data directory. */
export async function makeCluster(plan: ClusterPlan): Promise<string> {
  const { account, base, certificates } = plan;
  const data = join(base, 'data');
  const options = { ...account, cwd: base, env: serverEnvironment };
  await initialise(plan, data, options);
  if (certificates !== undefined) {
    await writeOwned(join(data, 'server.crt'), certificates.certificate, account);
    await writeOwned(join(data, 'server.key'), certificates.privateKey, account);
  }
  const connections = certificates === undefined ? 'host' : 'hostssl';
  await writeOwned(
    join(data, 'pg_hba.conf'),
    `${connections} all all all scram-sha-256\n`,
    account,
  );
  const tls: Record<string, string> =
    certificates === undefined
      ? { ssl: 'off' }
      : { ssl: 'on', ssl_min_protocol_version: 'TLSv1.3' };
  const settings = Object.entries({ ...defaults, ...tls, ...plan.settings })
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
  // auto.conf is read last: it wins over what initdb wrote into postgresql.conf.
  await writeOwned(join(data, 'postgresql.auto.conf'), settings, account);
  await setSuperuserVerifier(plan, data, options);
  if (plan.role === 'standby') {
    // Manual, "Standby Server Operation": the file alone makes it one.
    await writeOwned(join(data, 'standby.signal'), '', account);
  }
  return data;
}

/**
 * A fresh `data`, by initdb. Where QUARTERTURN_POSTGRES_TEMPLATES names a folder, initdb runs once for all who
 * name the same, and everybody gets a copy: of a cluster that has no password, no key and has never run.
 */
async function initialise(plan: ClusterPlan, data: string, options: SpawnOptions): Promise<void> {
  const templates = process.env.QUARTERTURN_POSTGRES_TEMPLATES;
  // Binaries below `base` are gone with it: nobody else will ask for a cluster of theirs.
  if (templates === undefined || plan.bin.startsWith(plan.base)) {
    return initdb(plan, data, options);
  }
  const of = createHash('sha256').update(
    `${plan.bin} ${plan.account.uid} ${plan.superuser.username}`,
  );
  const template = join(templates, `cluster-${of.digest('hex').slice(0, 16)}`);
  const made = making.get(template) ?? makeTemplate(plan, template, options);
  making.set(template, made);
  await made;
  // Its files are the server account's, and 0700: that account copies them.
  await run('cp', ['-a', template, data], options);
}

/** Servers that start together wait for one template. */
const making = new Map<string, Promise<void>>();

async function makeTemplate(
  plan: ClusterPlan,
  template: string,
  options: SpawnOptions,
): Promise<void> {
  if (existsSync(template)) return;
  const fresh = join(plan.base, 'template');
  await initdb(plan, fresh, options);
  await rename(fresh, template).catch(async (error) => {
    await rm(fresh, { recursive: true, force: true });
    // Another process was faster: its template is the same.
    if (!existsSync(template)) throw error;
  });
}

/** No password file: until the verifier is set, nobody can log in ("reject"). */
async function initdb(plan: ClusterPlan, data: string, options: SpawnOptions): Promise<void> {
  await run(
    join(plan.bin, 'initdb'),
    [
      `--pgdata=${data}`,
      `--username=${plan.superuser.username}`,
      '--auth=reject',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    options,
  );
}

/** Through the single-user mode: the first connection over the network already needs the password. */
async function setSuperuserVerifier(
  plan: ClusterPlan,
  data: string,
  options: SpawnOptions,
): Promise<void> {
  const { username, password } = plan.superuser;
  const statement = `ALTER ROLE "${username}" PASSWORD '${scramVerifier(password)}'\n`;
  const child = spawn(join(plan.bin, 'postgres'), ['--single', '-D', data, 'postgres'], {
    ...options,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(statement);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0 || /ERROR|FATAL/.test(errors)) {
    throw new Error(`PostgreSQL could not be prepared (exit ${code}): ${lastLines(errors)}`);
  }
}

export function lastLines(text: string): string {
  return text.trim().split('\n').slice(-12).join('\n');
}

async function writeOwned(path: string, content: string, account: Account): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) {
    await chown(path, account.uid, account.gid);
  }
}

function run(program: string, args: readonly string[], options: SpawnOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      options as object,
      (error: ExecFileException | null, _stdout, stderr) => {
        if (error === null) {
          resolve();
        } else {
          reject(new Error(`${program} failed (${error.code}): ${lastLines(String(stderr))}`));
        }
      },
    );
  });
}
