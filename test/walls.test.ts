/** Every wall stops what it is there to stop: one violation of each rule is planted and must be found. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { root, type Tree, withTree } from './scripts/tree.ts';

const settings: string = '../.dependency-cruiser.mjs';
const { default: walls } = (await import(settings)) as {
  default: { forbidden: { name: string; comment: string }[] };
};

/** Rule → a file that breaks it, and what that file imports. */
const violations: Record<string, readonly [file: string, imports: string]> = {
  'secrets-and-ciphertext-stay-pure': ['domain/secrets/a.ts', '../config/target.ts'],
  'policy-stays-pure': ['domain/policy/a.ts', '../config/target.ts'],
  'config-imports-itself': ['domain/config/a.ts', '../events/target.ts'],
  'events-import-policy': ['domain/events/a.ts', '../config/target.ts'],
  'reports-import-policy-and-events': ['domain/reports/a.ts', '../config/target.ts'],
  'doors-import-domain': ['doors/a.ts', '../lambdas/rotation/target.ts'],
  'core-imports-domain-and-doors': ['lambdas/rotation/a.ts', '../jwt/target.ts'],
  'rooms-meet-in-a-state-machine': ['lambdas/jwt/a.ts', '../encryption/target.ts'],
  'client-ships-alone': ['client/a.ts', '../domain/policy/target.ts'],
  'sandbox-knows-only-aws': ['sandbox/a.ts', '../domain/secrets/target.ts'],
  'constructs-name-functions-by-folder': ['lib/a.ts', '../lambdas/jwt/target.ts'],
  'constructs-import-types-of-rooms': ['lib/b.ts', '../lambdas/jwt/environment.ts'],
  'cli-opens-no-database': ['cli/a.ts', '../doors/postgres/target.ts'],
  'demo-uses-what-users-use': ['demo/a.ts', '../lib/target.ts'],
  'examples-use-what-is-published': ['examples/a.ts', '../client/target.ts'],
  'deployment-imports-config': ['rotation.config.ts', './domain/policy/target.ts'],
  'entry-points-only-enter': ['bin/a.ts', '../sandbox/target.ts'],
  'tests-are-imported-by-nobody': ['domain/config/b.ts', '../../test/target.ts'],
  'scripts-are-imported-by-nobody': ['cli/b.ts', '../scripts/target.ts'],
  'scripts-import-only-scripts': ['scripts/a.ts', '../domain/config/target.ts'],
  'every-folder-is-in-the-plan': ['attic/a.ts', '../domain/config/target.ts'],
  'aws-sdk-behind-doors': ['lambdas/jwt/b.ts', '@aws-sdk/client-kms'],
  'pg-behind-its-door': ['doors/b.ts', 'pg'],
  'no-package-in-the-ground-floor': ['domain/ciphertext/b.ts', 'zod'],
  'no-cdk-outside-constructs': ['cli/c.ts', 'aws-cdk-lib'],
  'no-drawer-for-everything': ['doors/c.ts', './utils.ts'],
  'no-drawer-for-everything-inside': ['doors/helpers.ts', './target.ts'],
  'no-circle': ['doors/circle-a.ts', './circle-b.ts'],
  'no-missing-import': ['doors/d.ts', './nowhere.ts'],
  'no-undeclared-package': ['doors/e.ts', '@smithy/core'],
};

/** What the floor plan allows, one line a row; none of these may be reported. */
const allowed: readonly (readonly [file: string, line: string])[] = [
  ['lib/types.ts', "import type { X } from '../lambdas/jwt/environment.ts';"],
  ['lib/config.ts', "import '../domain/config/target.ts';"],
  ['lambdas/jwt/ok.ts', "import '../rotation/target.ts';\nimport '../../doors/target.ts';"],
  ['client/ok.ts', "import '../domain/ciphertext/target.ts';\nimport 'pg';"],
  ['doors/ok.ts', "import '../domain/policy/target.ts';\nimport '@aws-sdk/client-kms';"],
  ['doors/postgres/ok.ts', "import 'pg';"],
  ['cli/ok.ts', "import '../sandbox/start.ts';\nimport '../doors/target.ts';"],
  ['domain/config/ok.ts', "import * as z from 'zod';\nimport 'node:net';"],
  ['domain/secrets/ok.ts', "import 'node:crypto';\nimport '../ciphertext/target.ts';"],
  ['domain/reports/ok.ts', "import '../events/target.ts';"],
  [
    'test/ok.ts',
    "import '../lambdas/jwt/target.ts';\nimport '../scripts/target.ts';\nimport 'pg';",
  ],
];

const targets = [
  ...['config', 'events', 'policy', 'secrets', 'ciphertext'].map((room) => `domain/${room}`),
  ...['doors', 'doors/postgres', 'lambdas/rotation', 'lambdas/jwt', 'lambdas/encryption'],
  ...['lib', 'client', 'sandbox', 'test', 'scripts'],
].map((folder) => `${folder}/target.ts`);

interface Violation {
  from: string;
  rule: { name: string };
}

async function cruise({ directory }: Tree): Promise<Violation[]> {
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const folders = [
    'attic',
    'bin',
    'cli',
    'client',
    'demo',
    'domain',
    'doors',
    'examples',
    'lambdas',
  ];
  const rest = ['lib', 'rotation.config.ts', 'sandbox', 'scripts', 'test'];
  const args = [
    '--config',
    '.dependency-cruiser.mjs',
    '--output-type',
    'json',
    ...folders,
    ...rest,
  ];
  // A cruise that finds something exits with the number of its findings.
  const { stdout } = await promisify(execFile)(process.execPath, [cruiser, ...args], {
    cwd: directory,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout).summary.violations;
}

describe('walls', () => {
  let found: Violation[] = [];

  beforeAll(async () => {
    found = await withTree(
      ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'],
      async (tree) => {
        for (const target of targets) tree.write(target, 'export const target = 1;\n');
        for (const [file, imports] of Object.values(violations)) {
          tree.write(file, `import * as found from '${imports}';\nexport const x = found;\n`);
        }
        tree.write('doors/utils.ts', 'export const target = 1;\n');
        tree.write(
          'doors/circle-b.ts',
          "import * as a from './circle-a.ts';\nexport const b = a;\n",
        );
        tree.write(
          'lambdas/jwt/environment.ts',
          'export type X = string;\nexport const schema = 1;\n',
        );
        tree.write('sandbox/start.ts', 'export const start = 1;\n');
        for (const [file, line] of allowed) tree.write(file, `${line}\n`);
        return cruise(tree);
      },
    );
  }, 60_000);

  test('every rule has a planted violation', () => {
    expect(Object.keys(violations).sort()).toEqual(walls.forbidden.map(({ name }) => name).sort());
  });

  test('every rule says what to do', () => {
    for (const { comment } of walls.forbidden) {
      expect(comment.length).toBeGreaterThan(40);
    }
  });

  test.each(Object.entries(violations))('%s finds its violation', (rule, [file]) => {
    expect(found).toContainEqual(
      expect.objectContaining({ from: file, rule: expect.objectContaining({ name: rule }) }),
    );
  });

  test.each(allowed)('%s may import what the plan allows', (file) => {
    expect(found.filter(({ from }) => from === file)).toEqual([]);
  });
});
