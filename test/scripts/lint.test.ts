/** The project's own lint rules: each forbidden form is planted, and found where it is forbidden only. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { root, withTree } from './tree.ts';

/** A statement each; all but the import lines are expressions of a module. */
const ambient: readonly string[] = [
  'export const x = Date.now();',
  'export const x = [1].map(Date.now);',
  'export const x = new Date();',
  'export const x = new Date;',
  'export const x = Math.random();',
  'export const x = performance.now();',
  'setTimeout(() => 1, 1);',
  'setInterval(() => 1, 1);',
  'export const x = globalThis.setTimeout;',
  "export const x = fetch('https://example.com');",
  "import { randomBytes } from 'node:crypto';\nexport const x = randomBytes(8);",
  "import { randomUUID } from 'node:crypto';\nexport const x = [1].map(randomUUID);",
  "import * as crypto from 'node:crypto';\nexport const x = crypto.randomBytes(8);",
  "import { setTimeout as sleep } from 'node:timers/promises';\nexport const x = sleep;",
];
const innocent: readonly string[] = [
  "export const x = new Date('2026-01-01T00:00:00Z');",
  'export const x = (now: Date) => now.getTime();',
  'export const x = (door: { fetch(): void }) => door.fetch();',
  "import * as z from 'zod';\nexport const x = z.string();",
  "import type * as z from 'zod';\nexport type X = z.ZodType;",
];
const namedZod: readonly string[] = [
  "import { z } from 'zod';\nexport const x = z;",
  "import z from 'zod';\nexport const x = z;",
  "import * as zod from 'zod';\nexport const x = zod;",
  "import { z } from 'zod/v4';\nexport const x = z;",
];
/** In functions and doors, where a line of the log may hold what somebody was handed. */
const wholeEvents: readonly string[] = [
  'export const handler = (event: unknown) => console.log(event);',
  'export const x = [1].map(console.error);',
  'globalThis.console.dir({});',
  "declare const log: any, event: any;\nlog.info('asked', event);",
  "declare const log: any, event: any;\nlog.info('asked', event as object);",
  "declare const doors: any, error: any;\ndoors.log.error('failed', error);",
  "declare const log: any, event: any;\nlog.info('asked', { event: JSON.stringify(event) });",
  "declare const log: any, error: any;\nlog.error('failed', { told: inspect(error) });",
  "declare const log: any, event: any;\nlog.info('asked', {\n  step: 1,\n  ...event,\n});",
];
const ownReading: readonly string[] = [
  'declare const schema: any, event: any;\nexport const x = schema.safeParse(event);',
  'declare const table: any, event: any;\nexport const x = table["a"].optional().safeParse(event);',
];
const namedFields: readonly string[] = [
  "declare const log: any, error: any;\nlog.error('failed', { code: error.code });",
  "declare const log: any, secret: any;\nlog.info('asked', { ...{ secret, step: 'a' } });",
  "declare const doors: any, nameOf: any, error: any;\ndoors.log.error('x', { error: nameOf(error) });",
];

describe('lint', () => {
  const found = new Map<string, string[]>();
  const strict = ['domain', 'lambdas', 'lib', 'cli', 'client'];
  const free = ['doors', 'sandbox', 'test'];

  beforeAll(async () => {
    await withTree(['biome.json', 'scripts/lint'], async ({ directory, write }) => {
      const settings = ['ambient', 'innocent', 'zod', 'whole', 'named', 'reading'] as const;
      const sources = {
        ...{ ambient, innocent, zod: namedZod },
        ...{ whole: wholeEvents, named: namedFields, reading: ownReading },
      };
      for (const folder of [...strict, ...free, 'domain/reports']) {
        for (const kind of settings) {
          sources[kind].forEach((source, index) => {
            write(`${folder}/${kind}-${index}.ts`, `${source}\n`);
          });
        }
      }
      const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
      const args = [
        'lint',
        '--reporter=json',
        '--max-diagnostics=none',
        '--vcs-enabled=false',
        '.',
      ];
      const { stdout } = await promisify(execFile)(process.execPath, [biome, ...args], {
        cwd: directory,
        maxBuffer: 64 * 1024 * 1024,
      }).catch((error: { stdout: string }) => error);
      const report = JSON.parse(stdout.slice(stdout.indexOf('{')));
      for (const { category, location } of report.diagnostics) {
        if (category !== 'plugin') continue;
        const path = typeof location.path === 'string' ? location.path : location.path.file;
        found.set(path, [...(found.get(path) ?? []), category]);
      }
    });
  }, 60_000);

  const each = (folders: readonly string[], kind: string, sources: readonly string[]) =>
    folders.flatMap((folder) =>
      sources.map((source, index): [string, string, string] => [
        source.replaceAll('\n', ' '),
        folder,
        `${folder}/${kind}-${index}.ts`,
      ]),
    );

  test.each(each(strict, 'ambient', ambient))('refuses `%s` in %s/', (_source, _folder, path) => {
    expect(found.get(path)).toBeDefined();
  });

  test.each(each(free, 'ambient', ambient))('allows `%s` in %s/', (_source, _folder, path) => {
    expect(found.get(path)).toBeUndefined();
  });

  test.each(each(strict, 'innocent', innocent))('allows `%s` in %s/', (_source, _folder, path) => {
    expect(found.get(path)).toBeUndefined();
  });

  const logging = ['domain', 'lambdas', 'doors'];
  test.each(each(logging, 'whole', wholeEvents))(
    'refuses `%s` in %s/',
    (_source, _folder, path) => {
      expect(found.get(path)).toBeDefined();
    },
  );
  test.each([
    ...each(logging, 'named', namedFields),
    ...each(['cli', 'client', 'sandbox', 'test'], 'whole', wholeEvents),
  ])('allows `%s` in %s/', (_source, _folder, path) => {
    expect(found.get(path)).toBeUndefined();
  });

  test.each(each(['domain/reports', 'lambdas', 'doors', 'cli'], 'reading', ownReading))(
    'refuses `%s` in %s/',
    (_source, _folder, path) => {
      expect(found.get(path)).toBeDefined();
    },
  );
  // Events read with it; configuration knows nothing else, and whoever deploys wrote it.
  test.each(each(['domain', 'test'], 'reading', ownReading))(
    'allows `%s` in %s/',
    (_source, _folder, path) => {
      expect(found.get(path)).toBeUndefined();
    },
  );

  test.each(each([...strict, ...free], 'zod', namedZod))(
    'refuses `%s` in %s/',
    (_source, _folder, path) => {
      expect(found.get(path)).toBeDefined();
    },
  );
});
