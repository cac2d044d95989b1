/** The CDK app as it is run: another working directory, another configuration, a configuration that is wrong. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openTree, root } from '../scripts/tree.ts';

const tsx = join(root, 'node_modules/tsx/dist/loader.mjs');
const rooms = readdirSync(join(root, 'lambdas')).filter((room) =>
  existsSync(join(root, 'lambdas', room, 'handler.ts')),
);
const config = {
  name: 'shop',
  environment: 'dev',
  region: 'eu-central-1',
  secrets: {
    jwt: {
      kind: 'jwt',
      field: 'JWT_SECRET',
      bits: 256,
      encoding: 'base64',
      cadenceDays: 90,
      readers: 'keyset',
      longestToken: '1h',
    },
  },
};

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(
  app: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<Run> {
  const { PATH = '', HOME = '' } = process.env;
  try {
    const done = await promisify(execFile)(process.execPath, ['--import', tsx, app, ...args], {
      cwd: options.cwd,
      env: { PATH, HOME, ...options.env },
    });
    return { code: 0, ...done };
  } catch (error) {
    const failed = error as Run;
    return { code: failed.code, stdout: failed.stdout, stderr: failed.stderr };
  }
}

/**
 * Runs the app of the first argument once for each configuration named after it, in one process: to load the CDK
 * takes longer than what is tried. What each run says and its exit code come back as JSON.
 */
const inOneProcess = `
import { format } from 'node:util';
const [app, ...files] = process.argv.splice(2);
process.argv.push('--output', 'nothing');
const runs = [];
for (const [nth, file] of files.entries()) {
  let stderr = '';
  console.error = (...said) => { stderr += format(...said) + '\\n'; };
  process.exitCode = 0;
  process.env.QUARTERTURN_CONFIG = file;
  await import(app + '?run=' + nth);
  runs.push({ code: process.exitCode, stderr, stdout: '' });
}
process.exitCode = 0;
console.log(JSON.stringify(runs));
`;

/** A copy of what the app is made of, with one-line bundles: independent of what is built here. */
const parts = [
  'bin/app.ts',
  'bin/configuration-file.ts',
  'lib',
  'domain',
  'lambdas',
  'rotation.config.ts',
  'package.json',
  'tsconfig.json',
];

describe('bin/app.ts', () => {
  // One for all: tsx compiles a file anew for every path it finds it at.
  const tree = openTree(parts);
  const app = join(tree.directory, 'bin/app.ts');
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'quarterturn-app-'));
    writeFileSync(join(directory, 'shop.json'), JSON.stringify(config));
  });
  afterAll(() => {
    tree.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const withApp = (work: () => Promise<void>, built = rooms) => {
    rmSync(join(tree.directory, 'dist'), { recursive: true, force: true });
    for (const room of built) {
      tree.write(`dist/lambdas/${room}/index.mjs`, `export const handler = '${room}';\n`);
    }
    return work();
  };
  const template = (out: string, name: string) =>
    readFileSync(join(directory, out, `${name}.template.json`), 'utf8');

  test('synthesizes the committed configuration from any working directory, twice the same', async () => {
    await withApp(async () => {
      for (const [out, cwd] of [
        ['first', tmpdir()],
        ['second', directory],
      ] as const) {
        const done = await run(app, ['--output', join(directory, out)], { cwd });
        expect(done).toMatchObject({ code: 0 });
      }
      const first = template('first', 'Quarterturn-pharmacy-prod');
      expect(first).toBe(template('second', 'Quarterturn-pharmacy-prod'));
      expect(JSON.parse(first).Resources).toBeDefined();
    });
  }, 120_000);

  test('takes a JSON configuration by QUARTERTURN_CONFIG, relative to the working directory', async () => {
    await withApp(async () => {
      const done = await run(app, ['--output', 'by-env'], {
        cwd: directory,
        env: { QUARTERTURN_CONFIG: 'shop.json' },
      });
      expect(done).toMatchObject({ code: 0 });
      expect(template('by-env', 'Quarterturn-shop-dev')).toContain('shop/dev/jwt');
    });
  }, 120_000);

  test('takes it by the context "config", and writes where CDK_OUTDIR says', async () => {
    await withApp(async () => {
      const done = await run(app, [], {
        cwd: directory,
        env: {
          CDK_CONTEXT_JSON: JSON.stringify({ config: join(directory, 'shop.json') }),
          CDK_OUTDIR: join(directory, 'by-context'),
        },
      });
      expect(done).toMatchObject({ code: 0 });
      expect(existsSync(join(directory, 'by-context/Quarterturn-shop-dev.template.json'))).toBe(
        true,
      );
    });
  }, 120_000);

  /** File, its text, what is said. `hunter2` stands for a secret that somebody pasted. */
  const mistakes: [string, string, string, RegExp][] = [
    [
      'a configuration that is refused, with every problem',
      'wrong.json',
      JSON.stringify({ ...config, region: 'moon', contact: { onCall: ['hunter2'] } }),
      /^- region: found "moon"; expected .*\n- the configuration: found the unknown "contact" \(did you mean "contacts"\?\)/m,
    ],
    [
      'JSON that is none, with line and column',
      'broken.json',
      '{\n  "name": "shop",\n  "environment": "hunter2,\n}',
      /broken\.json:3:\d+: found what is not JSON; expected one object/,
    ],
    [
      'a module that throws, with its line',
      'throwing.ts',
      "const url = 'postgres://app:hunter2@db/app';\nthrow new Error('no ' + url);\nexport default {};\n",
      /throwing\.ts:2:\d+: found a file that cannot be loaded \(Error: no …\)/,
    ],
    [
      'a module without a default export',
      'unnamed.ts',
      "export const config = 'hunter2';\n",
      /unnamed\.ts: found no default export, but config; expected `export default/,
    ],
    [
      'a function as default export',
      'lazy.ts',
      "export default () => 'hunter2';\n",
      /lazy\.ts: found a function as default export; expected the configuration itself/,
    ],
  ];
  const absent = [
    'nowhere.ts',
    /nowhere\.ts: found no such file; expected a configuration/,
  ] as const;
  const expectRefused = (done: Run, message: RegExp) => {
    expect(done.stderr).toMatch(message);
    expect(done.code).toBe(1);
    expect(done.stderr).not.toMatch(/^ +at /m);
    expect(done.stderr + done.stdout).not.toContain('hunter2');
    expect(existsSync(join(directory, 'nothing/manifest.json'))).toBe(false);
  };
  const isFull = process.env.PROOF === 'full';
  // With `npm run proof` each in a process of its own, the last one always.
  test(`ends with the message, no stack trace, nothing written: ${mistakes.map(([title]) => title).join('; ')}; a file that is not there`, async () => {
    await withApp(async () => {
      for (const [, file, text] of mistakes) writeFileSync(join(directory, file), text);
      const wrong = [...mistakes.map(([, file, , message]) => [file, message] as const), absent];
      const alone = isFull ? wrong : [absent];
      for (const [file, message] of alone) {
        const env = { QUARTERTURN_CONFIG: file };
        expectRefused(await run(app, ['--output', 'nothing'], { cwd: directory, env }), message);
      }
      tree.write('in-one-process.mjs', inOneProcess);
      const script = join(tree.directory, 'in-one-process.mjs');
      const files = wrong.map(([file]) => file);
      const { stdout, stderr } = await run(script, [app, ...files], { cwd: directory });
      expect(stderr).toBe('');
      const runs = JSON.parse(stdout) as Run[];
      expect(runs).toHaveLength(wrong.length);
      for (const [nth, [, message]] of wrong.entries()) {
        expectRefused(runs[nth] as Run, message);
      }
    });
  }, 120_000);

  test.each([
    ['no bundles at all', []],
    ['a room that was not bundled', rooms.filter((room) => room !== 'jwt')],
  ])(
    'with %s it says what to run',
    async (_title, built) => {
      await withApp(async () => {
        const done = await run(app, ['--output', 'nothing'], { cwd: directory });
        expect(done.code).toBe(1);
        expect(done.stderr).toMatch(/run `npm run build`/);
      }, built);
    },
    120_000,
  );
});
