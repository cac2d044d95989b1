import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ScanFinding, ScanReport } from '../../../domain/reports/scan-report.ts';
import { runCommand } from '../run-command.ts';
import { firstCommitAt, git, importCommits, makeRepository } from './git-repository.ts';
import { parsesAsStored, planted, scannedDeployment } from './managed-values.ts';
import { type Placement, placements, places, spellings } from './placements.ts';

const all = placements();
let folder: string;
let report: ScanReport;
let said: string;
let exitCode: number;
/** Placement → the object it lies in, where no path says so. */
const objects = new Map<Placement, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quarterturn-scan-'));
  plant();
  ({ exitCode, said } = await runCommand(scannedDeployment(), ['scan', folder, '--json']));
  report = JSON.parse(said);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the corpus has more than two hundred placements of values as they are stored', () => {
  expect(all.length).toBeGreaterThan(200);
  expect(parsesAsStored()).toHaveLength(5);
});

describe.each(places)('a value in a %s is found', (where) => {
  const own = all.filter((placement) => placement.where === where);

  test.each(own.map((placement) => [placement.spelling, placement.path, placement] as const))(
    '%s in %s',
    (_, __, placement) => {
      const found = report.findings.filter(
        (finding) => finding.key === placement.secret && isAt(finding, placement),
      );
      expect(found.map(({ part }) => part)).toContain(placement.part);
    },
  );
});

test('and nothing else is: each finding is one of the placements', () => {
  const strangers = report.findings.filter(
    (finding) =>
      !all.some((placement) => finding.key === placement.secret && isAt(finding, placement)),
  );
  expect(strangers).toEqual([]);
  expect(exitCode).toBe(3);
});

test('what is told holds no value, no half of one, and no piece of twelve characters', () => {
  for (const { bytes, text } of Object.values(planted)) {
    for (const spelt of [
      text,
      bytes.toString('hex'),
      bytes.toString('base64'),
      bytes.toString('base64url'),
    ]) {
      for (let at = 0; at + 12 <= spelt.length; at += 1) {
        expect(said.includes(spelt.slice(at, at + 12))).toBe(false);
      }
    }
  }
});

test('a finding names file and line, version and label', () => {
  const placement = all.find(({ where, path }) => where === 'file' && path.endsWith('config.ts'));
  const found = report.findings.find(
    ({ place, key }) =>
      place.in === 'file' &&
      place.path === join(folder, placement?.path ?? '') &&
      key === placement?.secret,
  );
  expect(found?.place).toMatchObject({ line: 3 });
  expect(found).toMatchObject({
    deployment: 'shop/prod',
    state: expect.stringMatching(/^(live|previous)$/),
  });
  expect(found?.versions[0]).toMatchObject({ versionId: '1'.repeat(32), labels: ['AWSCURRENT'] });
});

test('a file of the history is told with the commit that brought it, its author and author date', () => {
  const placement = all.find(({ where }) => where === 'deep history');
  const found = report.findings.find(
    ({ place }) => place.in === 'history' && place.path === placement?.path,
  );
  const log = git(folder, [
    'log',
    '--all',
    '--format=%H %an',
    '--diff-filter=A',
    '--',
    placement?.path ?? '',
  ]);
  const [oid] = log.split(' ');
  expect(found?.place).toMatchObject({
    commit: {
      oid,
      author: 'Deep <a@example.com>',
      at: new Date(firstCommitAt * 1000).toISOString(),
    },
  });
});

test('every spelling and every place was asked', () => {
  expect(new Set(all.map(({ spelling }) => spelling)).size).toBe(Object.keys(spellings).length);
  expect(new Set(all.map(({ where }) => where)).size).toBe(places.length);
});

function isAt({ place }: ScanFinding, placement: Placement): boolean {
  switch (placement.where) {
    case 'file':
      return place.in === 'file' && place.path === join(folder, placement.path);
    case 'commit message':
      return place.in === 'message' && place.commit.oid === objects.get(placement);
    case 'tag message':
      return place.in === 'tag' && place.tag.name === tagOf(placement);
    case 'staged':
      return (
        place.in === 'history' &&
        place.path === undefined &&
        place.commit === undefined &&
        place.object === objects.get(placement)
      );
    default:
      return place.in === 'history' && place.path === placement.path && place.commit !== undefined;
  }
}

const tagOf = ({ path }: Placement) => `t-${path.slice(1, 4)}`;
const of = (where: Placement['where']) => all.filter((placement) => placement.where === where);
const filesOf = (where: Placement['where']) =>
  Object.fromEntries(of(where).map(({ path, content }) => [path, content]));

function plant(): void {
  makeRepository(folder);
  const noise = Array.from({ length: 30 }, (_, index) => ({
    ref: 'refs/heads/main',
    message: `noise ${index}`,
    files: { 'README.md': `# Version ${index}\n` },
  }));
  const messages = of('commit message');
  importCommits(folder, [
    { ref: 'refs/heads/main', message: 'first', files: filesOf('deep history'), author: 'Deep' },
    { ref: 'refs/heads/main', message: 'away', remove: Object.keys(filesOf('deep history')) },
    ...noise,
    {
      ref: 'refs/heads/gone',
      from: 'refs/heads/main',
      message: 'branch',
      files: filesOf('deleted branch'),
    },
    {
      ref: 'refs/heads/lost',
      from: 'refs/heads/main',
      message: 'lost',
      files: filesOf('unreachable commit'),
    },
    { ref: 'refs/stash', from: 'refs/heads/main', message: 'WIP on main', files: filesOf('stash') },
    ...messages.map(({ content }) => ({ ref: 'refs/heads/main', message: content })),
    { ref: 'refs/heads/main', message: 'head', files: filesOf('head') },
  ]);
  const told = git(folder, ['log', '--reverse', '--format=%H', `-${messages.length}`, 'main~1'])
    .trim()
    .split('\n');
  messages.forEach((placement, index) => void objects.set(placement, told[index] ?? ''));
  for (const placement of of('tag message')) {
    git(
      folder,
      ['tag', '-a', tagOf(placement), '--cleanup=verbatim', '-F', '-'],
      placement.content,
    );
  }
  // Packed first, loose after: both are searched. Branches that go leave their objects.
  git(folder, ['repack', '-adq']);
  for (const ref of ['refs/heads/gone', 'refs/heads/lost']) git(folder, ['update-ref', '-d', ref]);
  for (const placement of of('staged')) {
    objects.set(placement, git(folder, ['hash-object', '-w', '--stdin'], placement.content).trim());
  }
  for (const { path, content } of of('file')) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
