/**
 * Packs the npm package `@quarterturn/client`: as ES modules and as CommonJS, with types, without a dependency.
 * What an adapter imports is an optional peer: who uses the adapter has the package.
 */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { bomOfClient } from '../supply-chain/artefacts.ts';
import { declarations } from './declarations.ts';
import { reachedFrom, transpiled, transpileTogether } from './modules.ts';
import { packed } from './tarball.ts';

/** Subpath → the module behind it. */
export const clientEntries: Readonly<Record<string, string>> = {
  '.': 'client/index.ts',
  './aws': 'client/sources/secrets-manager.ts',
  './jose': 'client/jwt/jose.ts',
  './jsonwebtoken': 'client/jwt/jsonwebtoken.ts',
  './pg': 'client/postgres/rotating-pool.ts',
  './drizzle': 'client/fields/drizzle.ts',
  './kysely': 'client/fields/kysely.ts',
  './http': 'client/health/http.ts',
  // Express hands on Node's own request and response.
  './express': 'client/health/http.ts',
  './fastify': 'client/health/fastify.ts',
};

/** Versions an adapter is written for; the newest of each is the one it is tested with. */
const peerVersions: Readonly<Record<string, string>> = {
  '@aws-sdk/client-secrets-manager': '^3.400.0',
  'drizzle-orm': '>=0.40.0 <1',
  express: '^4.18.0 || ^5.0.0',
  fastify: '^5.0.0',
  jose: '^6.0.0',
  jsonwebtoken: '^9.0.0',
  kysely: '>=0.27.0 <1',
  pg: '^8.11.0',
};

/**
 * @param out where the tarball goes
 * @returns the path of the tarball
 */
export function packClient({ root, out }: { root: string; out: string }): string {
  return packed(out, (staged, write) => {
    const entries = [...new Set(Object.values(clientEntries))];
    const reached = entries.map((entry) => reachedFrom(root, entry));
    const peers = new Set(reached.flatMap(({ packages }) => [...packages.keys()]));
    const files = new Set(reached.flatMap((each) => each.files));
    for (const module of [ts.ModuleKind.ESNext, ts.ModuleKind.CommonJS]) {
      transpileTogether(
        [...files].map((file) => join(root, file)),
        module,
      );
    }
    for (const file of files) {
      write(`dist/esm/${javascript(file)}`, transpiled(join(root, file), ts.ModuleKind.ESNext));
      write(`dist/cjs/${javascript(file)}`, commonjs(root, file));
    }
    for (const [file, text] of declarations(root, entries)) {
      write(`dist/esm/${file}`, text);
      write(`dist/cjs/${file}`, text);
      for (const name of packagesIn(text)) {
        peers.add(name);
      }
    }
    write('dist/cjs/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`);
    write('package.json', `${JSON.stringify(packageJson(root, peers), undefined, 2)}\n`);
    write('dist/sbom/quarterturn-client.cdx.json', bomOfClient(root));
    cpSync(join(root, 'client/README.md'), join(staged, 'README.md'));
    cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'));
  });
}

function packageJson(root: string, peers: Iterable<string>): object {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const names = [...peers].sort();
  return {
    name: '@quarterturn/client',
    version: own.version,
    description: 'Reads secrets while Quarterturn rotates them: tokens, encrypted fields, logins.',
    license: own.license,
    type: 'module',
    sideEffects: false,
    engines: own.engines,
    exports: {
      ...Object.fromEntries(
        Object.entries(clientEntries).map(([subpath, entry]) => [subpath, exported(entry)]),
      ),
      './package.json': './package.json',
    },
    files: ['dist'],
    peerDependencies: Object.fromEntries(names.map((name) => [name, versionsOf(name)])),
    peerDependenciesMeta: Object.fromEntries(names.map((name) => [name, { optional: true }])),
  };
}

function exported(entry: string): object {
  const [types, file] = [entry.replace(/\.ts$/, '.d.ts'), javascript(entry)];
  return {
    import: { types: `./dist/esm/${types}`, default: `./dist/esm/${file}` },
    require: { types: `./dist/cjs/${types}`, default: `./dist/cjs/${file}` },
  };
}

function versionsOf(peer: string): string {
  const versions = peerVersions[peer];
  if (versions === undefined) {
    throw new Error(`the client imports ${peer}; say in ${import.meta.filename} which versions`);
  }
  return versions;
}

/** Packages that declarations name, which the modules themselves may not. */
function packagesIn(declaration: string): string[] {
  return ts
    .preProcessFile(declaration, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !/^(\.|node:)/.test(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

const javascript = (file: string) => file.replace(/\.ts$/, '.js');

function commonjs(root: string, file: string): string {
  const text = transpiled(join(root, file), ts.ModuleKind.CommonJS);
  if (text.includes('import.meta')) {
    throw new Error(
      `${file} uses import.meta, which CommonJS does not know; take it as an argument`,
    );
  }
  return text;
}
