import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ScanReport } from '../../../domain/reports/scan-report.ts';
import { runCommand } from '../run-command.ts';
import { importCommits, type MadeCommit, makeRepository } from './git-repository.ts';
import { bytesOf, scannedDeployment } from './managed-values.ts';

const count = process.env.PROOF === 'full' ? 50_000 : 2_500;

/** What repositories are full of that looks like keys: hashes, ids, blobs, integrity lines, tokens in tests. */
const noises: readonly ((seed: string, random: Buffer) => string)[] = [
  (_, random) => `"integrity": "sha512-${Buffer.concat([random, random]).toString('base64')}"\n`,
  (seed, random) => `${random.toString('hex')}  dist/${seed}.js\n`,
  (_, random) =>
    `id: ${random.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')}\n`,
  (_, random) => `background: url(data:image/png;base64,${random.toString('base64').repeat(8)})\n`,
  (seed) =>
    `export function handle${seed}(request: Request): Promise<Response> {\n  return fetch(request);\n}\n`,
  (_, random) =>
    `const token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${random.toString('base64url')}";\n`,
  (_, random) =>
    `JWT_SECRET=${random.toString('base64')}\nPGPASSWORD=${random.subarray(0, 24).toString('base64url')}\n`,
  (_, random) =>
    `${JSON.stringify({ certificate: `-----BEGIN CERTIFICATE-----\n${random.toString('base64')}\n` })}\n`,
  (seed) => `${'-'.repeat(70)}\n# Release ${seed}\n${'='.repeat(70)}\n`,
  (_, random) => `https://example.com/?next=${encodeURIComponent(random.toString('base64'))}\n`,
];

function* history(): Generator<MadeCommit> {
  for (let index = 0; index < count; index += 1) {
    const seed = String(index);
    const random = createHash('sha256').update(seed).digest();
    const noise = noises[index % noises.length]?.(seed, random) ?? '';
    const binary = index % 100 === 0 ? { [`assets/${seed}.bin`]: bytesOf(seed, 2_000) } : {};
    yield {
      ref: 'refs/heads/main',
      message: `${seed}: ${random.toString('hex').slice(0, 12)}\n\nChange-Id: I${random.toString('hex').slice(0, 40)}\n`,
      files: { [`src/${index % 8}/file-${index % 64}.txt`]: noise, ...binary },
    };
  }
}

test(`nothing is found in ${count} commits that hold none of the values, but much that looks like them`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quarterturn-clean-'));
  try {
    makeRepository(folder);
    importCommits(folder, history());
    const { exitCode, said } = await runCommand(scannedDeployment(), ['scan', folder, '--json']);
    const report = JSON.parse(said) as ScanReport;
    expect(report.findings).toEqual([]);
    expect(report.paths[0]?.history).toMatchObject({ commits: count });
    expect(report.paths[0]?.history?.objects).toBeGreaterThan(count * 3);
    expect(exitCode).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
