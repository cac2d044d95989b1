/** A folder as npm packs it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Lays the files of a package into an empty folder, packs them, and leaves nothing but the tarball. */
export function packed(out: string, lay: (staged: string, write: WriteFile) => void): string {
  const staged = mkdtempSync(join(tmpdir(), 'quarterturn-package-'));
  try {
    lay(staged, (file, text) => {
      mkdirSync(dirname(join(staged, file)), { recursive: true });
      writeFileSync(join(staged, file), text);
    });
    return tarball(staged, out);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** A file of the package, by its path in it. */
export type WriteFile = (file: string, text: string) => void;

/** npm decides what a tarball holds and how its name reads. */
function tarball(staged: string, out: string): string {
  mkdirSync(out, { recursive: true });
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['pack', '--json', '--offline', '--ignore-scripts', '--pack-destination', out],
    { cwd: staged, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (status !== 0) {
    throw new Error(`npm pack ended with ${status}:\n${stderr}`);
  }
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  const file = join(out, packed?.filename ?? '');
  if (packed === undefined || !existsSync(file)) {
    throw new Error(`npm pack says it wrote ${file}, which is not there`);
  }
  return file;
}
