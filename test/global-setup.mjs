/**
 * Bundles the functions once, before two workers need them at the same time. Everything the tests leave in a temporary directory is left in this one, which the
 * teardown looks through.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup() {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'quarterturn-test-'));
  // As /tmp itself: as root the PostgreSQL server runs under another user and cleans up after itself.
  chmodSync(root, 0o1777);
  process.env.TMPDIR = root;
  // Under root the server's account renames its cluster into it.
  const clusters = join(root, 'postgres-templates');
  mkdirSync(clusters);
  chmodSync(clusters, 0o1777);
  process.env.QUARTERTURN_POSTGRES_TEMPLATES = clusters;
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { stdio: 'inherit' });
}
