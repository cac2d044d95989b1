/**
 * The CDK app: `npx cdk deploy`, or `npm run synth` for the assembly alone. Offline, without an account.
 *
 * It deploys `rotation.config.ts`; another configuration (`.ts` with a default export, or `.json`) is named by
 * `npx cdk -c config=<file>` or QUARTERTURN_CONFIG.
 */
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { App } from 'aws-cdk-lib/core';
import { parseRotationConfig } from '../domain/config/rotation-config.ts';
import { QuarterturnStack } from '../lib/quarterturn-stack.ts';
import { readConfiguration } from './configuration-file.ts';

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
    config: parseRotationConfig(await readConfiguration(file)),
    configDirectory: dirname(file),
  });
  app.synth();
}

try {
  await main();
} catch (error) {
  const known =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_ROTATION_');
  console.error(known ? (error as Error).message : error);
  process.exitCode = 1;
}
