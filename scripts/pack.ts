/**
 * Packs the npm packages `quarterturn` (the constructs as ES modules and as CommonJS with their types, the
 * bundled functions, the command line, what all of it is made of) and `@quarterturn/client` (package/client.ts). The repository's own
 * package.json stays private; each package gets one of its own, its dependencies taken from what its modules
 * import.
 *
 *     npm run pack                    dist/packages/quarterturn-<version>.tgz, quarterturn-client-<version>.tgz
 *     npm run pack -- --out <folder>
 */
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { buildLambdas } from './build.ts';
import { packClient } from './package/client.ts';
import { declarations } from './package/declarations.ts';
import { reachedFrom, transpiled, transpileTogether } from './package/modules.ts';
import { packageJson } from './package/package-json.ts';
import { packed } from './package/tarball.ts';
import { writeSbom } from './sbom.ts';

const constructs = 'lib/index.ts';
const command = 'bin/installed.ts';
/** The one module that asks where it lies; in the package it lies elsewhere, and CommonJS asks in other words. */
const functionsDirectory = 'lib/functions-directory.ts';
const lambdasFrom = (here: string) =>
  `import { join } from 'node:path';\nexport const functionsDirectory: string = join(${here}, '..', '..', 'lambdas');\n`;

/**
 * @param root the tree, its functions bundled into `dist/lambdas`
 * @param out where the tarball goes
 * @returns the path of the tarball
 */
export function pack({ root, out }: { root: string; out: string }): string {
  return packed(out, (staged, write) => {
    const lib = reachedFrom(root, constructs);
    const cli = reachedFrom(root, command);
    const both = [...new Set([...lib.files, ...cli.files])];
    transpileTogether(
      both.map((file) => join(root, file)),
      ts.ModuleKind.ESNext,
    );
    for (const file of both) {
      write(`dist/esm/${javascript(file)}`, esm(root, file));
    }
    transpileTogether(
      lib.files.map((file) => join(root, file)),
      ts.ModuleKind.CommonJS,
    );
    for (const file of lib.files) {
      write(`dist/cjs/${javascript(file)}`, commonjs(root, file));
    }
    for (const [file, text] of declarations(root, [constructs])) {
      write(`dist/esm/${file}`, text);
      write(`dist/cjs/${file}`, text);
    }
    write('dist/cjs/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`);
    cpSync(join(root, 'dist/lambdas'), join(staged, 'dist/lambdas'), {
      recursive: true,
      filter: (path) => !/(\.sources|meta\.json)$/.test(path),
    });
    for (const file of cli.files.filter((path) => path.startsWith('sandbox/lambda/'))) {
      const runner = join(dirname(file), 'runner.mjs');
      write(`dist/esm/${runner}`, readFileSync(join(root, runner), 'utf8'));
    }
    for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs']) {
      cpSync(join(root, file), join(staged, file), { recursive: true });
    }
    writeSbom({ root, out: join(staged, 'dist/sbom'), without: ['quarterturn-client.cdx.json'] });
    write('package.json', `${JSON.stringify(packageJson(root, { lib, cli }), undefined, 2)}\n`);
  });
}

const javascript = (file: string) => file.replace(/\.ts$/, '.js');

function esm(root: string, file: string): string {
  const source = file === functionsDirectory ? lambdasFrom('import.meta.dirname') : undefined;
  return transpiled(join(root, file), ts.ModuleKind.ESNext, source);
}

function commonjs(root: string, file: string): string {
  const source = file === functionsDirectory ? lambdasFrom('__dirname') : undefined;
  const text = transpiled(join(root, file), ts.ModuleKind.CommonJS, source);
  if (text.includes('import.meta')) {
    throw new Error(
      `${file} uses import.meta, which CommonJS does not know; ask for a path in ${functionsDirectory}, or take it as an argument`,
    );
  }
  return text;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  await buildLambdas({ root, outdir: join(root, 'dist', 'lambdas') });
  const out = resolve(values.out ?? join(root, 'dist', 'packages'));
  console.log(pack({ root, out }));
  console.log(packClient({ root, out }));
}
