import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ScanReport } from '../../../domain/reports/scan-report.ts';
import { runCommand } from '../run-command.ts';
import { firstCommitAt, git, importCommits, makeRepository } from './git-repository.ts';
import { bytesOf, planted, scannedDeployment } from './managed-values.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarterturn-scan-'));
  makeRepository(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const scan = async () => {
  const { said } = await runCommand(scannedDeployment(), ['scan', folder, '--json']);
  return (JSON.parse(said) as ScanReport).findings;
};
const ref = 'refs/heads/main';
const secret = `PASSWORD=${planted.db.text}\n`;

test('a file of many versions is one finding, since the commit that brought it, whatever the clocks said', async () => {
  importCommits(folder, [
    { ref, message: 'before', files: { a: 'nothing' } },
    { ref, message: 'brings it', files: { 'app.env': secret } },
    { ref, message: 'rebased, and so older', files: { a: 'x' }, at: firstCommitAt - 86_400 },
    { ref, message: 'edits it', files: { 'app.env': `${secret}A=1\n` } },
    { ref, message: 'takes it away', remove: ['app.env'] },
  ]);
  const [oid] = git(folder, ['log', '--format=%H', '--grep=brings it']).split('\n');
  const findings = await scan();
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ times: 2, place: { path: 'app.env', commit: { oid } } });
});

test('the same content at two paths is told at both', async () => {
  importCommits(folder, [
    { ref, message: 'one', files: { 'deep/er/one.env': secret } },
    { ref, message: 'two', files: { 'two.env': secret } },
  ]);
  const paths = (await scan()).map(({ place }) => place.in === 'history' && place.path);
  expect(paths.sort()).toEqual(['deep/er/one.env', 'two.env']);
});

test.each([
  ['as text', Buffer.from(planted.db.text)],
  ['as base64 of text', Buffer.from(Buffer.from(secret).toString('base64'))],
  ['as raw bytes', planted.fields.bytes],
])(
  'a value over the border of two pieces is found %s, in a file and in an object',
  async (_, value) => {
    const edge = Buffer.alloc(1024 * 1024 + 4096, '\n');
    edge.set(value, 1024 * 1024 - 10);
    writeFileSync(join(folder, 'edge.bin'), edge);
    importCommits(folder, [{ ref, message: 'large', files: { 'large.bin': edge } }]);
    const findings = await scan();
    expect(findings.map(({ place, part }) => [place.in, part]).sort()).toEqual([
      ['file', 'whole'],
      ['history', 'whole'],
    ]);
  },
);

test('an archive that is too large or damaged is told', async () => {
  writeFileSync(
    join(folder, 'broken.gz'),
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), bytesOf('b', 200)]),
  );
  const { said, exitCode } = await runCommand(scannedDeployment(), ['scan', folder]);
  expect([exitCode, said]).toEqual([
    0,
    expect.stringContaining('1 compressed files or parts of them'),
  ]);
});
