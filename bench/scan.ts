/** `quarterturn scan` of a repository, against what people do instead: `git log -p` through grep. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { importCommits, type MadeCommit, makeRepository } from '../test/cli/scan/git-repository.ts';
import { bytesOf, planted } from '../test/cli/scan/managed-values.ts';
import { type Machine, machine } from './measure.ts';

export interface ScanFigures {
  machine: Machine;
  load: [number, number];
  megabytes: number;
  commits: number;
  /** Of one scan of the whole history: by the clock, and of a core (of both processes). */
  scan: { seconds: number; cpuSeconds: number; peakMegabytes: number; found: number };
  grep: { seconds: number; cpuSeconds: number; found: number };
}

export const scanPlans = { quick: 4, usual: 100, full: 1024 } as const;

const script = join(import.meta.dirname, 'scan-process.ts');

/** @param megabytes of objects, about */
export function measureScan(megabytes: number): ScanFigures {
  const folder = mkdtempSync(join(tmpdir(), 'quarterturn-bench-scan-'));
  const before = loadavg()[0] ?? 0;
  try {
    makeRepository(folder);
    let commits = 0;
    for (let part = 0; part * 64 < megabytes; part += 1) {
      const made = [...history(part, Math.min(64, megabytes - part * 64))];
      commits += made.length;
      importCommits(folder, made);
    }
    const scan = timed(process.execPath, ['--import', 'tsx', script, folder]);
    const told = JSON.parse(scan.stdout) as {
      peakMegabytes: number;
      findings: number;
      bytes: number;
    };
    const patterns = join(folder, '.git', 'patterns');
    writeFileSync(patterns, spellingsOf().join('\n'));
    const grep = timed('sh', [
      '-c',
      `git -C "$0" log -p --all --text | grep -c -a -F -f "$1"`,
      folder,
      patterns,
    ]);
    return {
      machine: machine(new Date()),
      load: [before, loadavg()[0] ?? 0],
      megabytes: told.bytes / 1e6,
      commits,
      scan: { ...scan.used, peakMegabytes: told.peakMegabytes, found: told.findings },
      grep: { ...grep.used, found: Number(grep.stdout.trim()) },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What grep can be told: each value as it is stored, in base64, base64url and hex. */
const spellingsOf = (): string[] =>
  Object.values(planted).flatMap(({ text, bytes }) => [
    text,
    ...(['base64', 'base64url', 'hex'] as const).map((encoding) => bytes.toString(encoding)),
  ]);

/** Of a megabyte: 40 versions of source files, 2 of a lock file, an image; and one value, in an early commit. */
function* history(part: number, megabytes: number): Generator<MadeCommit> {
  for (let index = 0; index < megabytes * 40; index += 1) {
    const at = part * 64 * 40 + index;
    const seed = createHash('sha256').update(`bench ${at}`).digest('hex');
    const file = at % 200;
    yield {
      ref: 'refs/heads/main',
      // fast-import begins anew otherwise.
      ...(index === 0 && part > 0 && { from: 'refs/heads/main^0' }),
      message: `change ${at}`,
      files: {
        [`src/${file % 20}/file-${file}.ts`]: source(file, at),
        ...(at % 20 === 0 && { 'package-lock.json': lock(at) }),
        ...(at % 40 === 0 && { [`assets/${at % 400}.png`]: bytesOf(seed, 200_000) }),
        ...(at === 100 && { 'config/app.env': `PASSWORD=${planted.db.text}\n` }),
      },
    };
  }
}

const line = (seed: string) =>
  `  const value${seed.slice(0, 4)} = await this.repository.find({ id: request.params.id, tenant: session.tenant });\n`;
/** Fifteen kilobytes, of which each version changes ten lines. */
function source(file: number, version: number): string {
  const lines = Array.from({ length: 150 }, (_, index) => line(`${file}${index}`));
  for (let index = 0; index < 10; index += 1)
    lines[(version * 7 + index) % 150] = line(`v${version}${index}`);
  return lines.join('');
}
const lock = (version: number): string =>
  Array.from({ length: 600 }, (_, index) => {
    const hash = bytesOf(`lock ${index < 590 ? index : version + index}`, 64).toString('base64');
    return `    "node_modules/package-${index}": {\n      "integrity": "sha512-${hash}"\n    },\n`;
  }).join('');

function timed(command: string, argv: readonly string[]) {
  const timing = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', command, ...argv],
    {
      encoding: 'utf8',
      maxBuffer: 1e8,
    },
  );
  if (timing.error !== undefined) throw timing.error;
  const [seconds = 0, user = 0, system = 0] = (timing.stderr.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number);
  return { stdout: timing.stdout, used: { seconds, cpuSeconds: user + system } };
}

/** Git's version, which has a say in both. */
export const gitVersion = (): string =>
  execFileSync('git', ['--version'], { encoding: 'utf8' }).trim();
