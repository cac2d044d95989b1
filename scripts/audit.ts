/**
 * `npm run audit`: asks the registry about what ships. Exits with 0 when all was checked and nothing found, with 1 when
 * something was found, and with 3 when the registry did not answer: nothing was checked then, and CI should know.
 */
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { audit, exitCodeOf, type Npm, told } from './supply-chain/audit.ts';

/** @param environment for npm beside the process's own */
export function npmIn(directory: string, environment: Readonly<Record<string, string>> = {}): Npm {
  return (args) => {
    const { status, stdout, stderr } = spawnSync('npm', [...args], {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, npm_config_fetch_retries: '1', ...environment },
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: status, out: stdout ?? '', err: stderr ?? '' };
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const findings = audit(npmIn(root));
  for (const finding of findings) console.log(told(finding));
  process.exitCode = exitCodeOf(findings);
}
