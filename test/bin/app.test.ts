/** The CDK app as it is run: another working directory, another configuration, a configuration that is wrong. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

/** How the app is run. */
interface Case {
  args: readonly string[];
  cwd: string;
  env?: Record<string, string>;
  /** The rooms that are bundled; absent: all. */
  built?: readonly string[];
}

const layBundles = (directory: string, built: readonly string[] = rooms): void => {
  rmSync(join(directory, 'dist'), { recursive: true, force: true });
  for (const room of built) {
    mkdirSync(join(directory, 'dist/lambdas', room), { recursive: true });
    writeFileSync(
      join(directory, 'dist/lambdas', room, 'index.mjs'),
      `export const handler = '${room}';\n`,
    );
  }
};

/**
 * Runs the app of the first argument once for each case of the second, in one process: to load the CDK takes longer
 * than what is tried. What each run says and its exit code come back as JSON.
 */
const inOneProcess = `
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
const rooms = ${JSON.stringify(rooms)};
const layBundles = ${String(layBundles)};
const [app, cases] = process.argv.splice(2);
const untouched = { ...process.env };
const runs = [];
for (const [nth, { args, cwd, env, built }] of JSON.parse(cases).entries()) {
  layBundles(import.meta.dirname, built);
  let stderr = '';
  console.error = (...said) => { stderr += format(...said) + '\\n'; };
  process.exitCode = 0;
  process.chdir(cwd);
  process.env = { ...untouched, ...env };
  process.argv.splice(2, Infinity, ...args);
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

  const alone = ({ args, cwd, env, built }: Case): Promise<Run> => {
    layBundles(tree.directory, built);
    return run(app, args, { cwd, ...(env && { env }) });
  };
  /** With `npm run proof` each in a process of its own. */
  async function together(cases: readonly Case[]): Promise<Run[]> {
    const runs: Run[] = [];
    if (process.env.PROOF === 'full') {
      for (const each of cases) runs.push(await alone(each));
      return runs;
    }
    tree.write('in-one-process.mjs', inOneProcess);
    const script = join(tree.directory, 'in-one-process.mjs');
    const { stdout, stderr } = await run(script, [app, JSON.stringify(cases)], { cwd: directory });
    expect(stderr).toBe('');
    return JSON.parse(stdout) as Run[];
  }
  const template = (out: string, name: string) =>
    readFileSync(join(directory, out, `${name}.template.json`), 'utf8');

  const nothing = ['--output', 'nothing'];

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
  const caseOf = (file: string): Case => ({
    args: nothing,
    cwd: directory,
    env: { QUARTERTURN_CONFIG: file },
  });
  let synthesized: Run[];
  let refused: Run[];
  beforeAll(async () => {
    for (const [, file, text] of mistakes) writeFileSync(join(directory, file), text);
    const synthesizing: Case[] = [
      { args: ['--output', join(directory, 'second')], cwd: directory },
      {
        args: ['--output', 'by-env'],
        cwd: directory,
        env: { QUARTERTURN_CONFIG: 'shop.json' },
      },
      {
        args: [],
        cwd: directory,
        env: {
          CDK_CONTEXT_JSON: JSON.stringify({ config: join(directory, 'shop.json') }),
          CDK_OUTDIR: join(directory, 'by-context'),
        },
      },
      { args: nothing, cwd: directory, built: [] },
      { args: nothing, cwd: directory, built: rooms.filter((room) => room !== 'jwt') },
    ];
    const runs = await together([...synthesizing, ...mistakes.map(([, file]) => caseOf(file))]);
    [synthesized, refused] = [runs.slice(0, synthesizing.length), runs.slice(synthesizing.length)];
  }, 240_000);

  test('synthesizes from any working directory, twice the same; a JSON configuration by QUARTERTURN_CONFIG, by the context "config"; says what to run where a room is not bundled', async () => {
    const first = join(directory, 'first');
    expect(await alone({ args: ['--output', first], cwd: tmpdir() })).toMatchObject({ code: 0 });
    const [second, byEnvironment, byContext, ...unbuilt] = synthesized;

    expect(second).toMatchObject({ code: 0 });
    const committed = template('first', 'Quarterturn-pharmacy-prod');
    expect(committed).toBe(template('second', 'Quarterturn-pharmacy-prod'));
    expect(JSON.parse(committed).Resources).toBeDefined();

    // Relative to the working directory.
    expect(byEnvironment).toMatchObject({ code: 0 });
    expect(template('by-env', 'Quarterturn-shop-dev')).toContain('shop/dev/jwt');

    // Where CDK_OUTDIR says.
    expect(byContext).toMatchObject({ code: 0 });
    expect(existsSync(join(directory, 'by-context/Quarterturn-shop-dev.template.json'))).toBe(true);

    expect(unbuilt).toHaveLength(2);
    for (const { code, stderr } of unbuilt) {
      expect(stderr).toMatch(/run `npm run build`/);
      expect(code).toBe(1);
    }
  }, 120_000);

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
  test(`ends with the message, no stack trace, nothing written: ${mistakes.map(([title]) => title).join('; ')}; a file that is not there`, async () => {
    expectRefused(await alone(caseOf(absent[0])), absent[1]);
    expect(refused).toHaveLength(mistakes.length);
    for (const [nth, [, , , message]] of mistakes.entries()) {
      expectRefused(refused[nth] as Run, message);
    }
  }, 120_000);
});
