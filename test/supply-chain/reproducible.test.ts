/**
 * The same sources are the same bundles, wherever they are built: what somebody builds from a tag has the hashes of
 * `dist/sbom/SHA256SUMS` in the package. The proof builds every function again; each run builds two.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildLambdas } from '../../scripts/build.ts';
import { hashesOf } from '../../scripts/supply-chain/bundles.ts';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { root, withTree } from '../scripts/tree.ts';

const built = join(root, 'dist/lambdas');
const all = readdirSync(built, { withFileTypes: true })
  .filter((it) => it.isDirectory())
  .map(({ name }) => name);
const rooms = isFull ? all : ['health', 'starter'];

test('bundles built in another folder have the hashes of those built here', async () => {
  const copied = ['domain', 'doors', 'lambdas/rotation', ...rooms.map((room) => `lambdas/${room}`)];
  await withTree(
    [...copied, 'package.json', 'package-lock.json', 'tsconfig.json'],
    async (tree) => {
      const outdir = join(tree.directory, 'dist/lambdas');
      await buildLambdas({ root: tree.directory, outdir });
      const again = hashesOf(outdir).trimEnd().split('\n');
      const here = hashesOf(built).trimEnd().split('\n');
      const expected = here.filter((line) => rooms.some((room) => line.includes(`  ${room}/`)));
      expect(expected.length).toBeGreaterThanOrEqual(rooms.length);
      expect(again).toEqual(expected);
      recordFigures('reproducible-bundles', 0, {
        functions: rooms.length,
        files: again.length,
        different: 0,
      });
    },
  );
}, 240_000);
