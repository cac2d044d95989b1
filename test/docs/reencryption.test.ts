/** docs/reencryption.md says of every finding what it means and what to do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/reencryption.md');

/** What makes findings: `blocks('CODE', …)`, `warns('CODE', …)`, `{ code: 'CODE', … }`. */
const made = /(?:\b(?:blocks|warns)\(\s*|\bcode: )'([A-Z][A-Z_]+)'/g;
const codesIn = (path: string): string[] =>
  [...read(path).matchAll(made)]
    .map(([, code = '']) => code)
    .filter((code) => !code.startsWith('ERR_'));
const filesOf = (folder: string, name: RegExp) =>
  readdirSync(join(root, folder))
    .filter((file) => name.test(file))
    .map((file) => `${folder}/${file}`);

test.each([
  [
    'prepare',
    ['lambdas/operator/rows.ts', ...filesOf('doors/postgres', /^rows-/)],
    'NOBODY_LOGS_IN',
  ],
  ['the preflight', ['lambdas/reencryption/preflight.ts'], 'UNDECLARED'],
])('every finding of %s is told', (_of, files, known) => {
  const codes = [...new Set(files.flatMap(codesIn))];
  expect(codes).toContain(known);
  expect(codes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});
