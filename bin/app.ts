/**
 * The CDK app: `npx cdk deploy`, or `npm run synth` for the assembly alone. Offline, without an account.
 *
 * It deploys `rotation.config.ts`; another configuration (`.ts` with a default export, or `.json`) is named by
 * `npx cdk -c config=<file>` or QUARTERTURN_CONFIG.
 */
import { readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { App } from 'aws-cdk-lib/core';
import { InvalidConfigError, parseRotationConfig } from '../domain/config/rotation-config.ts';
import { QuarterturnStack } from '../lib/quarterturn-stack.ts';

const here = join(import.meta.dirname, '..');

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { output: { type: 'string', short: 'o' } } });
  if (process.env.CDK_OUTDIR === undefined) {
    // CloudFormation's own rules cost five seconds: `npx cdk` (cdk.json) checks them, as errors, before a
    // deployment; the sandbox, which starts from the bare assembly, does not wait for them.
    process.env.CDK_VALIDATION ??= 'false';
  }
  const outdir = values.output ?? process.env.CDK_OUTDIR ?? join(here, 'cdk.out');
  const app = new App({ outdir: resolve(outdir) });
  const named =
    (app.node.tryGetContext('config') as string | undefined) ?? process.env.QUARTERTURN_CONFIG;
  const file = named === undefined ? join(here, 'rotation.config.ts') : resolve(named);
  new QuarterturnStack(app, {
    config: parseRotationConfig(await load(file)),
    configDirectory: dirname(file),
  });
  app.synth();
}

async function load(file: string): Promise<unknown> {
  if (extname(file) === '.json') {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      throw new InvalidConfigError([`the file ${file} cannot be read; expected a configuration`]);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw new InvalidConfigError([`the file ${file} is not JSON`]);
    }
  }
  const loaded = (await import(pathToFileURL(file).href)) as { default?: unknown };
  return loaded.default;
}

try {
  await main();
} catch (error) {
  const known =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_ROTATION_');
  console.error(known ? (error as Error).message : error);
  process.exitCode = 1;
}
