import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ScanReport } from '../../../domain/reports/scan-report.ts';
import { runCommand } from '../run-command.ts';
import { git, importCommits, makeRepository } from './git-repository.ts';
import { planted, scannedDeployment } from './managed-values.ts';

let root: string;
let repository: string;
const scan = async (...argv: string[]) => {
  const outcome = await runCommand(scannedDeployment(), ['scan', ...argv, '--json']);
  return { ...outcome, report: JSON.parse(outcome.said || 'null') as ScanReport };
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'quarterturn-hostile-'));
  repository = join(root, 'repository');
  makeRepository(repository);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a repository that wants to run something', () => {
  const canary = () => join(root, 'executed');

  beforeAll(() => {
    const program = join(root, 'program');
    writeFileSync(program, `#!/bin/sh\necho "$0 $@" >> '${canary()}'\ncat\n`, { mode: 0o755 });
    importCommits(repository, [
      {
        ref: 'refs/heads/main',
        message: 'first',
        files: {
          '.gitattributes': '* diff=evil filter=evil merge=evil -text\n',
          'app.env': `PASSWORD=${planted.db.text}\n`,
        },
      },
    ]);
    git(repository, ['config', 'uploadpack.allowFilter', 'true']);
    const settings: readonly (readonly [string, string])[] = [
      ['core.fsmonitor', program],
      ['core.hooksPath', root],
      ['core.pager', program],
      ['core.sshCommand', program],
      ['core.askPass', program],
      ['core.alternateRefsCommand', program],
      ['diff.external', program],
      ['diff.evil.textconv', program],
      ['diff.evil.command', program],
      ['filter.evil.clean', program],
      ['filter.evil.smudge', program],
      ['filter.evil.process', program],
      ['gpg.program', program],
      ['credential.helper', `!${program}`],
      ['alias.cat-file', `!${program}`],
      ['remote.origin.url', `ext::${program} %S`],
      ['remote.origin.promisor', 'true'],
      ['remote.origin.partialclonefilter', 'blob:none'],
      ['remote.origin.uploadpack', program],
      ['extensions.partialClone', 'origin'],
      ['protocol.ext.allow', 'always'],
    ];
    for (const [name, value] of settings) git(repository, ['config', name, value]);
    for (const hook of [
      'post-checkout',
      'pre-commit',
      'reference-transaction',
      'post-index-change',
    ]) {
      writeFileSync(join(root, hook), `#!/bin/sh\necho ${hook} >> '${canary()}'\n`, {
        mode: 0o755,
      });
    }
    // An object that is promised: a tree names a blob that is not there.
    const tree = git(
      repository,
      ['mktree', '--missing'],
      `100644 blob ${'ab'.repeat(20)}\tabsent\n`,
    ).trim();
    writeFileSync(join(repository, '.git', 'evil-tree'), tree);
    writeFileSync(join(repository, 'app.env'), `PASSWORD=${planted.db.text}\n`);
    rmSync(canary(), { force: true });
  });

  test('runs nothing, and its values are found all the same', async () => {
    const { report, exitCode } = await scan(repository);
    expect(existsSync(canary())).toBe(false);
    expect(exitCode).toBe(3);
    expect(report.findings.map(({ place }) => place.in).sort()).toEqual(['file', 'history']);
    // It says that objects are elsewhere; they are not fetched.
    expect(report.incomplete).toEqual([expect.stringContaining('partial clone')]);
  });

  test('would have run something, had it been asked as people ask', () => {
    try {
      git(repository, ['status']);
    } catch {
      // It may fail over what it ran.
    }
    expect(existsSync(canary())).toBe(true);
    rmSync(canary());
  });
});

describe('a folder that wants to lead elsewhere', () => {
  let outside: string;
  beforeAll(() => {
    outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.env'), `PASSWORD=${planted.db.text}\n`);
  });

  test('is not followed: not to a file, not to a folder, not to itself, not to a repository', async () => {
    const tree = join(root, 'links');
    mkdirSync(join(tree, 'deep'), { recursive: true });
    symlinkSync(join(outside, 'secret.env'), join(tree, 'file'));
    symlinkSync(outside, join(tree, 'folder'));
    symlinkSync(tree, join(tree, 'deep', 'again'));
    const { report, exitCode } = await scan(tree);
    expect({ exitCode, findings: report.findings, files: report.paths[0]?.files }).toEqual({
      exitCode: 0,
      findings: [],
      files: 0,
    });
  });

  test('as .git, a link is told, and the scan proves nothing', async () => {
    const tree = join(root, 'linked');
    mkdirSync(tree);
    symlinkSync(join(repository, '.git'), join(tree, '.git'));
    const { report, exitCode } = await scan(tree);
    expect(exitCode).toBe(1);
    expect(report.incomplete).toEqual([expect.stringContaining('a link, which is not followed')]);
  });

  test('with objects elsewhere, its history is told as not searched', async () => {
    const tree = join(root, 'shared-objects');
    const git = join(tree, '.git');
    mkdirSync(join(git, 'refs'), { recursive: true });
    writeFileSync(join(git, 'HEAD'), 'ref: refs/heads/main\n');
    symlinkSync(join(repository, '.git', 'objects'), join(git, 'objects'));
    const { report, exitCode } = await scan(tree);
    expect([exitCode, report.incomplete]).toEqual([
      1,
      [`could not be read: ${join(git, 'objects')} (a link, which is not followed)`],
    ]);
  });

  test('a pipe that nobody writes to does not hold it up', async () => {
    const tree = join(root, 'pipe');
    mkdirSync(tree);
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(tree, 'pipe')]);
    writeFileSync(join(tree, 'a'), planted.db.text);
    const { report } = await scan(tree);
    expect(report.findings).toHaveLength(1);
  });
});

describe('names', () => {
  test('with line breaks and control characters are found, and cannot steer a terminal', async () => {
    const tree = join(root, 'names');
    makeRepository(tree);
    const [control, turned] = [String.fromCharCode(27), String.fromCharCode(0x202e)];
    const name = `a\nb${control}[2K${turned}.env`;
    writeFileSync(join(tree, name), planted.db.text);
    importCommits(tree, [
      {
        ref: 'refs/heads/main',
        message: 'x',
        author: `Eve${control}[31m`,
        files: { [JSON.stringify('in\nhistory.env')]: planted.db.text },
      },
    ]);
    const { said } = await runCommand(scannedDeployment(), ['scan', tree]);
    expect(said).toContain('a\\u000ab\\u001b[2K\\u202e.env:1');
    expect(said).toContain('in\\u000ahistory.env');
    expect(said).toContain('by Eve\\u001b[31m');
    expect(said.includes(control) || said.includes(turned)).toBe(false);
  });

  test('that are values are found: of a file, and of a folder in the history', async () => {
    const tree = join(root, 'named');
    makeRepository(tree);
    importCommits(tree, [
      {
        ref: 'refs/heads/main',
        message: 'x',
        files: { [`keys/${planted.db.text}/a.txt`]: 'empty' },
      },
    ]);
    const { report } = await scan(tree);
    expect(report.findings.map(({ place }) => place)).toEqual([
      expect.objectContaining({ in: 'name', path: 'keys', commit: expect.anything() }),
    ]);
  });
});

describe('a history that cannot be read whole is no clean one', () => {
  const made = (name: string) => {
    const tree = join(root, name);
    makeRepository(tree);
    importCommits(tree, [
      { ref: 'refs/heads/main', message: 'x', files: { a: 'one' } },
      { ref: 'refs/heads/main', message: 'y', files: { a: 'two' } },
    ]);
    return tree;
  };

  test('a damaged object is told', async () => {
    const tree = made('damaged');
    const oid = git(tree, ['hash-object', '-w', '--stdin'], 'damaged').trim();
    const file = join(tree, '.git', 'objects', oid.slice(0, 2), oid.slice(2));
    rmSync(file);
    writeFileSync(file, 'no object');
    const { exitCode, report } = await scan(tree);
    expect(exitCode).toBe(1);
    expect(report.incomplete[0]).toMatch(
      /could not all be read: .*(corrupt|damaged|missing|header|unpack)/i,
    );
  });

  test('a damaged pack is told', async () => {
    const tree = made('damaged-pack');
    git(tree, ['repack', '-adq']);
    const pack = git(tree, ['count-objects', '-v']);
    expect(pack).toContain('packs: 1');
    const { readdirSync } = await import('node:fs');
    const folder = join(tree, '.git', 'objects', 'pack');
    const name = readdirSync(folder).find((each) => each.endsWith('.pack')) ?? '';
    rmSync(join(folder, name));
    writeFileSync(join(folder, name), Buffer.alloc(300, 7));
    const { exitCode, report } = await scan(tree);
    expect([exitCode, report.incomplete.length > 0]).toEqual([1, true]);
  });

  test('a shallow clone is told, and files alone can be asked for', async () => {
    const source = made('source');
    const clone = join(root, 'shallow');
    git(root, ['clone', '--quiet', '--depth=1', `file://${source}`, clone]);
    const { exitCode, report } = await scan(clone);
    expect(exitCode).toBe(1);
    expect(report.incomplete).toEqual([expect.stringContaining('shallow clone')]);
    expect((await scan(clone, '--no-history')).exitCode).toBe(0);
  });

  test('a partial clone is told, and fetches nothing', async () => {
    const source = made('whole');
    git(source, ['config', 'uploadpack.allowFilter', 'true']);
    const clone = join(root, 'partial');
    git(root, [
      'clone',
      '--quiet',
      '--filter=blob:none',
      '--no-checkout',
      `file://${source}`,
      clone,
    ]);
    const { report } = await scan(clone);
    expect(report.incomplete).toEqual([expect.stringContaining('partial clone')]);
    expect(git(clone, ['rev-list', '--objects', '--all', '--missing=print'])).toMatch(/^\?/m);
  });

  test('objects of another repository are searched, and told', async () => {
    const source = made('lender');
    const clone = join(root, 'borrower');
    git(root, ['clone', '--quiet', '--shared', source, clone]);
    const { report, exitCode } = await scan(clone);
    expect([exitCode, report.notes]).toEqual([0, [expect.stringContaining('alternates')]]);
  });

  test('a path that is not there, or a link, is said before any fingerprint is asked for', async () => {
    const deployment = scannedDeployment();
    for (const path of [join(root, 'absent'), join(root, 'links', 'file')]) {
      const { exitCode, complained } = await runCommand(deployment, ['scan', path]);
      expect([exitCode, complained]).toEqual([1, expect.stringContaining(path)]);
    }
    expect(deployment.invocations).toEqual([]);
  });
});
