/** One path of the command line: its files, and the history of the repositories in it. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { ScanFinding, ScanReport } from '../../domain/reports/scan-report.ts';
import { GitObjectsError, gitObjects } from '../../doors/git-objects.ts';
import { ContentScan, type Found } from './content-scan.ts';
import { described } from './described.ts';
import { readFiles } from './files.ts';
import { scanHistory } from './history.ts';
import {
  fallbacksIn,
  isDeployed,
  largestConfiguration,
  type ProductionFiles,
} from './production.ts';
import { type Repository, repositoryAt, repositoryOf } from './repositories.ts';
import type { Scanner } from './scanner.ts';

export interface PathScan {
  readonly paths: ScanReport['paths'];
  readonly findings: readonly ScanFinding[];
  readonly incomplete: readonly string[];
  readonly notes: readonly string[];
}

export interface PathScanOptions {
  readonly scanner: Scanner;
  readonly production: ProductionFiles;
  readonly history: boolean;
  readonly interrupted: AbortSignal;
  /** Called with bytes as they are read. */
  read(bytes: number): void;
  /** Objects of repositories that were searched already. */
  readonly searched: Set<string>;
}

export async function scanPath(path: string, options: PathScanOptions): Promise<PathScan> {
  const { scanner, production, interrupted, read } = options;
  const root = resolve(path);
  const scan = new ContentScan(scanner);
  const findings: ScanFinding[] = [];
  let current = '';
  let configuration: boolean | undefined;
  let [size, pieces] = [0, [] as Buffer[]];
  const files = await readFiles(
    root,
    {
      begin(file, bytes) {
        [current, size, pieces] = [file, bytes, []];
        const name = relative(root, file) || file;
        configuration = bytes > largestConfiguration ? false : production.includes(name);
        scan.begin(bytes);
        return true;
      },
      content(bytes) {
        scan.push(bytes);
        if (configuration !== false) pieces.push(Buffer.from(bytes));
        read(bytes.length);
      },
      end() {
        const found = scan.end();
        if (found.length > 0) findings.push(...found.map((each) => inFile(each, current)));
        if (configuration === false || size === 0) return;
        const text = Buffer.concat(pieces).toString('utf8');
        if (configuration === true || isDeployed(text)) {
          findings.push(...fallbacksIn(text).map((each) => asFinding(each, current)));
        }
      },
    },
    interrupted,
  );
  const incomplete = files.unread.map((what) => `could not be read: ${what}`);
  const notes: string[] = [];
  const histories: (ScanReport['paths'][number] | undefined)[] = [];
  for (const repository of options.history ? repositoriesOf(root, files.repositories) : []) {
    if (interrupted.aborted) break;
    if (options.searched.has(repository.objects)) continue;
    options.searched.add(repository.objects);
    incomplete.push(...repository.lacks);
    notes.push(...repository.notes);
    try {
      const { directory } = repository;
      const made = await scanHistory(gitObjects(directory), directory, scan, { interrupted, read });
      findings.push(...made.findings);
      const { commits, objects, bytes } = made;
      histories.push({
        path: root,
        files: 0,
        bytes: 0,
        history: { repository: directory, commits, objects, bytes },
      });
    } catch (error) {
      if (!(error instanceof GitObjectsError)) throw error;
      incomplete.push(error.message);
    }
  }
  if (scan.closed > 0) {
    notes.push(
      `${scan.closed} compressed files or parts of them are damaged, encrypted, of another method or too large to be opened: what is inside of them was not searched`,
    );
  }
  const own = { path: root, files: files.files, bytes: files.bytes };
  const [first, ...more] = histories.flatMap((each) => each ?? []);
  return {
    paths: [{ ...own, ...(first?.history && { history: first.history }) }, ...more],
    findings,
    incomplete,
    notes,
  };
}

/** The one it is in, and those in it. */
function repositoriesOf(root: string, within: readonly string[]): Repository[] {
  return [repositoryOf(root), ...within.map(repositoryAt)].flatMap((each) => each ?? []);
}

function inFile(found: Found, path: string): ScanFinding {
  return {
    ...described(found),
    place: { in: 'file', path, line: lineAt(path, found.offset) },
    times: 1,
  };
}

/** Findings are rare: their file is read once more, up to there. */
function lineAt(path: string, offset: number): number {
  const piece = Buffer.allocUnsafe(65_536);
  let line = 1;
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      for (let left = offset; left > 0; ) {
        const read = readSync(file, piece, 0, Math.min(left, piece.length), null);
        if (read === 0) break;
        for (let at = 0; at < read; at += 1) if (piece[at] === 10) line += 1;
        left -= read;
      }
    } finally {
      closeSync(file);
    }
  } catch {
    // Gone since.
  }
  return line;
}

const asFinding = (
  { name, line, reason }: ReturnType<typeof fallbacksIn>[number],
  path: string,
): ScanFinding => ({
  kind: 'fallback',
  secret: name,
  what: reason,
  versions: [],
  part: 'whole',
  spellings: ['as written'],
  place: { in: 'file', path, line },
  times: 1,
});
