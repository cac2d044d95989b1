/**
 * Bundles the functions once, before its workers need them at the same time. Everything the tests leave in a temporary directory is left in this one, which the
 * teardown looks through.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCommand } from './command-bundle.mjs';
import { startSynthesizer } from './synthesizer/start.mjs';

const checkout = join(import.meta.dirname, '..');

export default async function setup() {
  const root = makeRoot();
  // As /tmp itself: as root the PostgreSQL server runs under another user and cleans up after itself.
  chmodSync(root, 0o1777);
  process.env.TMPDIR = root;
  // Under root the server's account renames its cluster into it.
  const clusters = join(root, 'postgres-templates');
  mkdirSync(clusters);
  chmodSync(clusters, 0o1777);
  process.env.QUARTERTURN_POSTGRES_TEMPLATES = clusters;
  keepCompiled(root);
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { stdio: 'inherit' });
  await bundleCommand(root);
  await startSynthesizer(root);
}

const TMPFS_MAGIC = 0x01021994;
/** Bytes. A stage with its PostgreSQL was seen with 50 MB. */
const room = 4 * 1024 ** 3;

/**
 * In memory where there is room: dozens of database clusters are copied, filled and removed, which on a disk
 * costs the system twice the time. A TMPDIR that somebody set is kept.
 */
function makeRoot() {
  const prefix = 'quarterturn-test-';
  if (process.env.TMPDIR === undefined) {
    try {
      const { type, bavail, bsize } = statfsSync('/dev/shm');
      if (type === TMPFS_MAGIC && bavail * bsize > room && freemem() > room) {
        const root = mkdtempSync(join('/dev/shm', prefix));
        if (runsPrograms(root)) return root;
        rmSync(root, { recursive: true });
      }
    } catch {
      // Another system, or not for this account.
    }
  }
  return mkdtempSync(join(realpathSync(tmpdir()), prefix));
}

/** Not where it is mounted noexec: some tests lay a program down and run it. */
function runsPrograms(root) {
  const program = join(root, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}

/** What tsx made of a source stays, as what Jest made of it does: named by its contents, it is never old. */
function keepCompiled(root) {
  const name = `tsx-${process.geteuid?.() ?? ''}`;
  try {
    const kept = join(checkout, '.cache', name);
    mkdirSync(kept, { recursive: true });
    symlinkSync(kept, join(root, name));
  } catch {
    // A checkout that may not be written: compiled again, for this run.
  }
}
