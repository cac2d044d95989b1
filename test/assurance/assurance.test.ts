/** What docs/assurance.md says is backed by tests that exist and by figures that were measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { expectDocument } from '../document.ts';
import type { TestReference } from './claim.ts';
import { readFigures } from './figures.ts';
import { assurancePage } from './page.ts';
import { promises } from './promises.ts';
import { threats } from './threats.ts';
import { trapsOfAws } from './traps-aws.ts';
import { trapsOfBuilding } from './traps-build.ts';
import { trapsOfSecurity } from './traps-security.ts';

const root = join(import.meta.dirname, '../..');
const traps = [...trapsOfAws, ...trapsOfSecurity, ...trapsOfBuilding];
const claims = [
  ...promises.map(({ id, tests }) => ({ claim: id, tests })),
  ...threats.map(({ asset, path, tests }) => ({ claim: `${asset}: ${path}`, tests })),
  ...traps.map(({ id, tests }) => ({ claim: id, tests })),
];
const sources = new Map<string, string>();

function sourceOf(file: string): string {
  const text = sources.get(file) ?? readFileSync(join(root, file), 'utf8');
  sources.set(file, text);
  return text;
}

/** As a title stands in a source: after its opening quote, or behind another word of it. */
const isThere = ({ file, title }: TestReference): boolean => {
  const source = sourceOf(file);
  const written = [title, title.replaceAll("'", "\\'")];
  return written.some((text) => source.includes(text));
};

test('docs/assurance.md says what stands here, with the figures of the last full run', () => {
  expectDocument('docs/assurance.md', assurancePage(readFigures()));
});

describe('every claim', () => {
  test('names tests, and each of them is there', () => {
    expect(claims.filter(({ tests }) => tests.length === 0)).toEqual([]);
    const missing = claims.flatMap(({ claim, tests }) =>
      tests.filter((it) => !isThere(it)).map(({ file, title }) => `${claim}: ${file} › ${title}`),
    );
    expect(missing).toEqual([]);
  });

  test('of a promise has figures that were measured', () => {
    const measured = new Set(readFigures().map(({ id }) => id));
    const unmeasured = promises.flatMap(({ id, figures }) =>
      figures.filter((it) => !measured.has(it)).map((it) => `${id}: ${it}`),
    );
    expect(unmeasured).toEqual([]);
  });

  test.each([
    ['A', trapsOfAws, 25],
    ['H', trapsOfSecurity, 25],
    ['B', trapsOfBuilding, 24],
  ] as const)('of the traps %s is there, from the first to the last', (letter, of, last) => {
    const ids = Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
    expect(of.map(({ id }) => id)).toEqual(ids);
  });
});

test('no full run that is stated found anything that it should not', () => {
  const found = readFigures().flatMap(({ id, figures }) =>
    ['bad', 'survivors', 'hits', 'uncaught', 'echoed', 'differences']
      .filter((name) => (figures[name] ?? 0) !== 0)
      .map((name) => `${id}: ${name} ${figures[name]}`),
  );
  expect(found).toEqual([]);
});
