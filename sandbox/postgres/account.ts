/**
 * The operating system account the server runs as. PostgreSQL refuses to run as root, so root lends it
 * an account that exists already; none is ever made, because it would stay behind.
 */
import { execFileSync, spawnSync } from 'node:child_process';

export interface Account {
  /** Absent: the account of this process. */
  uid?: number;
  gid?: number;
}

const candidates = ['postgres', 'nobody'];

export function serverAccount(): Account {
  if (process.getuid?.() !== 0) {
    return {};
  }
  for (const name of candidates) {
    try {
      const id = (flag: string) =>
        Number(
          execFileSync('id', [flag, name], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          }),
        );
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // Not on this machine: try the next one.
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and none of the accounts ${candidates.join(', ')} exists here. ` +
      'Run as an ordinary user, or add one of them (useradd --system nobody).',
  );
}

/** Can that account run this program, with all directories on the way? */
export function canRun(account: Account, program: string): boolean {
  const run = spawnSync(program, ['--version'], { ...account, cwd: '/', env: {}, stdio: 'ignore' });
  return run.status === 0;
}

/** Can that account enter this directory? */
export function canEnter(account: Account, directory: string): boolean {
  if (account.uid === undefined) {
    return true;
  }
  const run = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], {
    ...account,
    cwd: '/',
    env: {},
  });
  return run.status === 0;
}
