/**
 * Writes what each artefact is made of, and the hashes of what functions are deployed with.
 *
 *     npm run sbom                    dist/sbom/*.cdx.json, dist/sbom/functions/<room>.cdx.json, dist/sbom/SHA256SUMS
 *     npm run sbom -- --out <folder>
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { buildLambdas } from './build.ts';
import { bomsOf, shipmentOf } from './supply-chain/artefacts.ts';
import { hashesOf } from './supply-chain/bundles.ts';

interface SbomOptions {
  /** The tree, its functions bundled into `dist/lambdas`. */
  root: string;
  out: string;
  /** Names of files that belong elsewhere. */
  without?: readonly string[];
}

/** @returns the names of what was written */
export function writeSbom({ root, out, without = [] }: SbomOptions): string[] {
  const files = bomsOf(shipmentOf(root));
  for (const file of without) files.delete(file);
  files.set('SHA256SUMS', hashesOf(join(root, 'dist/lambdas')));
  for (const [file, text] of files) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    writeFileSync(join(out, file), text);
  }
  return [...files.keys()];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  await buildLambdas({ root, outdir: join(root, 'dist', 'lambdas') });
  const out = resolve(values.out ?? join(root, 'dist', 'sbom'));
  console.log(`${writeSbom({ root, out }).length} files in ${out}`);
}
