/** The package.json of the package, from the repository's own and from what the modules import. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reached } from './modules.ts';

/** Of the app that uses the constructs: two copies of them would not know each other's constructs. */
const peersOfAnApp = new Set(['aws-cdk-lib', 'constructs']);

export function packageJson(root: string, { lib, cli }: { lib: Reached; cli: Reached }): object {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const versionOf = (name: string): string => {
    const version = own.dependencies[name];
    if (version === undefined) {
      throw new Error(`${name} is imported, and no dependency of package.json`);
    }
    return version;
  };
  const exactly = (names: Iterable<string>) =>
    Object.fromEntries([...names].sort().map((name) => [name, versionOf(name)]));
  const atLeast = (names: Iterable<string>) =>
    Object.fromEntries([...names].sort().map((name) => [name, `^${versionOf(name)}`]));

  const used = [...lib.packages, ...cli.packages];
  const peers = new Set([...lib.packages.keys()].filter((name) => peersOfAnApp.has(name)));
  const always = new Set(
    used
      .filter(([name, by]) => !peers.has(name) && by.some((file) => !file.startsWith('sandbox/')))
      .map(([name]) => name),
  );
  // Whoever starts the sandbox installs them; nobody else needs an emulator.
  const sandbox = new Set(
    used.map(([name]) => name).filter((name) => !always.has(name) && !peers.has(name)),
  );
  const optional = [...peers, ...sandbox].sort();
  return {
    name: own.name,
    version: own.version,
    description: own.description,
    license: own.license,
    type: 'module',
    engines: own.engines,
    bin: { quarterturn: 'dist/esm/bin/installed.js' },
    exports: {
      './cdk': {
        import: { types: './dist/esm/lib/index.d.ts', default: './dist/esm/lib/index.js' },
        require: { types: './dist/cjs/lib/index.d.ts', default: './dist/cjs/lib/index.js' },
      },
      './package.json': './package.json',
    },
    files: ['dist', 'docs', 'CHANGELOG.md'],
    dependencies: exactly(always),
    peerDependencies: atLeast(optional),
    peerDependenciesMeta: Object.fromEntries(optional.map((name) => [name, { optional: true }])),
  };
}
