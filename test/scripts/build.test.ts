import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { type BuildResult, buildLambdas } from '../../scripts/build.ts';
import { root, withTree } from './tree.ts';

const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A tree of two rooms and the core; `greet` imports a shared file and a package. */
const withRooms = (work: Parameters<typeof withTree<void>>[1]) =>
  withTree([], async (tree) => {
    tree.write('domain/word.ts', "export const word: string = 'hello';\n");
    tree.write(
      'lambdas/greet/handler.ts',
      "import { word } from '../../domain/word.ts';\nimport * as z from 'zod';\nexport class GreetError extends Error {}\nexport const handler = () => z.string().parse(word);\n",
    );
    tree.write('lambdas/other/handler.ts', 'export const handler = () => 1;\n');
    tree.write('lambdas/rotation/handler.ts', 'export const handlerOf = () => 1;\n');
    tree.write('lambdas/none/environment.ts', 'export const nothing = 1;\n');
    await work(tree);
  });

describe('build', () => {
  test('bundles every room with a handler, and not the core', async () => {
    await withRooms(async ({ directory }) => {
      const result = await buildLambdas({ root: directory, outdir: join(directory, 'dist') });
      expect(result.rooms).toEqual(['greet', 'other']);
      expect(existsSync(join(directory, 'dist/rotation'))).toBe(false);
      expect(result.sizes.greet).toBe(statSync(join(directory, 'dist/greet/index.mjs')).size);
    });
  });

  test('a bundle runs where there is no node_modules', async () => {
    await withRooms(async ({ directory }) => {
      await buildLambdas({ root: directory, outdir: join(directory, 'dist') });
      const alone = join(directory, 'elsewhere.mjs');
      writeFileSync(alone, readFileSync(join(directory, 'dist/greet/index.mjs')));
      expect(readFileSync(alone, 'utf8')).not.toMatch(/from\s*["']zod["']/);
      const { handler } = await import(pathToFileURL(alone).href);
      expect(handler()).toBe('hello');
    });
  });

  test('the same sources give the same bytes, in another folder too', async () => {
    await withRooms(async (first) => {
      await withRooms(async (second) => {
        for (const { directory } of [first, second]) {
          await buildLambdas({ root: directory, outdir: join(directory, 'dist') });
        }
        for (const file of ['dist/greet/index.mjs', 'dist/other/index.mjs']) {
          expect(hash(join(first.directory, file))).toBe(hash(join(second.directory, file)));
        }
      });
    });
  });

  test('sources that did not change are not built again', async () => {
    await withRooms(async ({ directory }) => {
      const options = { root: directory, outdir: join(directory, 'dist') };
      expect((await buildLambdas(options)).built).toBe(true);
      utimesSync(join(directory, 'domain/word.ts'), new Date(0), new Date(0));
      const again = await buildLambdas(options);
      expect(again).toMatchObject({ built: false, rooms: ['greet', 'other'] });
      expect(again.sizes.greet).toBeGreaterThan(0);
    });
  });

  test.each([
    ['an imported file changed', 'domain/word.ts', "export const word: string = 'bye';\n"],
    ['a room came', 'lambdas/third/handler.ts', 'export const handler = 3;\n'],
    ['the lockfile changed', 'package-lock.json', '{"changed":true}'],
    ['a bundle was removed by hand', 'dist/greet/index.mjs', undefined],
  ])('it builds again when %s', async (_title, file, content) => {
    await withRooms(async ({ directory, write }) => {
      const options = { root: directory, outdir: join(directory, 'dist') };
      await buildLambdas(options);
      if (content === undefined) {
        rmSync(join(directory, file));
      } else {
        write(file, content);
      }
      expect((await buildLambdas(options)).built).toBe(true);
    });
  });

  test('authorities removed by hand are laid there again', async () => {
    await withRooms(async ({ directory, write }) => {
      write('doors/certificate-authorities.ts', "export const file = 'rds.pem';\n");
      write(
        'lambdas/other/handler.ts',
        "import { file } from '../../doors/certificate-authorities.ts';\nexport const handler = () => file;\n",
      );
      const options = { root: directory, outdir: join(directory, 'dist') };
      await buildLambdas(options);
      const path = join(directory, 'dist/other/rds.pem');
      rmSync(path);
      const again = await buildLambdas(options);
      expect([again.built, existsSync(path)]).toEqual([true, true]);
    });
  });

  test('a source that does not compile leaves the last bundles as they were', async () => {
    await withRooms(async ({ directory, write }) => {
      const options = { root: directory, outdir: join(directory, 'dist') };
      await buildLambdas(options);
      const before = hash(join(directory, 'dist/greet/index.mjs'));
      write('domain/word.ts', "import './nowhere.ts';\nexport const word = 1;\n");
      await expect(buildLambdas({ ...options, quiet: true })).rejects.toThrow(/nowhere/);
      expect(hash(join(directory, 'dist/greet/index.mjs'))).toBe(before);
    });
  });
});

describe('the functions of this tree', () => {
  /** A cold start reads and parses all of it. */
  const limit = 600 * 1024;
  const bundles = join(root, 'dist', 'lambdas');
  let built: BuildResult;
  let meta: Metafile;
  beforeAll(async () => {
    // What the global setup has built is these sources', or is built again.
    built = await buildLambdas({ root, outdir: bundles });
    meta = JSON.parse(readFileSync(join(bundles, 'meta.json'), 'utf8'));
  }, 60_000);

  const rooms = readdirSync(join(root, 'lambdas')).filter(
    (room) => room !== 'rotation' && existsSync(join(root, 'lambdas', room, 'handler.ts')),
  );
  const inputsOf = (room: string) =>
    Object.entries(meta.outputs[`${room}/index.mjs`]?.inputs ?? {});

  test.each(rooms)(
    'the bundle of %s stays under 600 KB, and so does what it takes of zod',
    (room) => {
      expect(built.sizes[room]).toBeGreaterThan(50 * 1024);
      expect(built.sizes[room]).toBeLessThanOrEqual(limit);
      expect(statSync(join(bundles, room, 'index.mjs')).size).toBe(built.sizes[room]);
      const zod = inputsOf(room)
        .filter(([path]) => path.includes('node_modules/zod/'))
        .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
      expect(zod).toBeGreaterThan(0);
      expect(zod).toBeLessThan(120 * 1024);
    },
  );

  test.each(rooms)('%s takes its credentials from the environment, and nowhere else', (room) => {
    const paths = inputsOf(room).map(([path]) => path);
    expect(paths).toContain('doors/lambda-credentials.ts');
    expect(
      paths.filter((path) => /credential-provider-(?!env)|token-providers/.test(path)),
    ).toEqual([]);
  });

  test('libsodium lies beside the one bundle that seals boxes, and is no part of it', async () => {
    const beside = (room: string) => join(bundles, room, 'libsodium-wrappers.mjs');
    expect(rooms.filter((room) => existsSync(beside(room)))).toEqual(['sync']);
    expect(inputsOf('sync').filter(([path]) => path.includes('libsodium'))).toEqual([]);
    expect(readFileSync(join(bundles, 'sync', 'index.mjs'), 'utf8')).toContain(
      'import("./libsodium-wrappers.mjs")',
    );
    const { default: sodium } = await import(beside('sync'));
    await sodium.ready;
    expect(sodium.crypto_box_seal(Buffer.from('text'), Buffer.alloc(32, 9))).toHaveLength(4 + 48);
  });

  test.each(rooms)(
    '%s has the authorities of RDS as a file beside it, if it needs them',
    (room) => {
      const asks = inputsOf(room).some(([path]) => path === 'doors/certificate-authorities.ts');
      const path = join(bundles, room, 'rds.pem');
      expect(existsSync(path)).toBe(asks);
      if (asks) {
        const certificates = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----/g);
        expect(certificates?.length).toBeGreaterThan(50);
      }
    },
  );
});
