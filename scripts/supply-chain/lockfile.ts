/** package-lock.json, as the list of what is installed: read once, resolved as Node resolves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Locked {
  /** Where it lies, e.g. `node_modules/pg/node_modules/pg-types`. */
  path: string;
  name: string;
  version: string;
  license?: string;
  /** Of the tarball; absent for what comes inside the tarball of another. */
  integrity?: string;
  resolved?: string;
  inBundle?: boolean;
  link?: boolean;
  dev?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Readonly<Record<string, string>>;
  optionalDependencies?: Readonly<Record<string, string>>;
  peerDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  /** Everything but the root. */
  packages: readonly Locked[];
  at(path: string): Locked | undefined;
  /** What `require(name)` finds from a place. */
  resolve(name: string, from: string): Locked | undefined;
  /** These packages and all they need, as installed for this tree. */
  closure(names: Iterable<string>): Locked[];
}

export function readLockfile(root: string): Lockfile {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Omit<Locked, 'path' | 'name'> & { name?: string }>;
  };
  const byPath = new Map(
    Object.entries(packages)
      .filter(([path]) => path !== '')
      .map(([path, entry]): [string, Locked] => [
        path,
        { ...entry, path, name: entry.name ?? nameAt(path) },
      ]),
  );
  const resolve = (name: string, from: string): Locked | undefined => {
    const found = byPath.get(`${from === '' ? '' : `${from}/`}node_modules/${name}`);
    if (found !== undefined || from === '') return found;
    return resolve(name, from.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, ''));
  };
  return {
    packages: [...byPath.values()],
    at: (path) => byPath.get(path),
    resolve,
    closure(names) {
      const found = new Map<string, Locked>();
      const visit = (name: string, from: string) => {
        const one = resolve(name, from);
        // Optional and not for this system, or a peer that nobody brought.
        if (one === undefined || found.has(one.path)) return;
        found.set(one.path, one);
        for (const needed of needs(one)) visit(needed, one.path);
      };
      for (const name of names) visit(name, '');
      return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    },
  };
}

export const needs = (one: Locked): string[] => [
  ...Object.keys(one.dependencies ?? {}),
  ...Object.keys(one.optionalDependencies ?? {}),
  ...Object.keys(one.peerDependencies ?? {}),
];

/** `@scope/name` or `name` of the last `node_modules/` in a path. */
export const nameAt = (path: string): string =>
  /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1] ?? path;
