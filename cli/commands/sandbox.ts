/** `quarterturn sandbox` of the installed package: the stack of an app, as it was synthesized, on this machine. */
import { existsSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Sandbox } from '../../sandbox/start.ts';
import { type CommandContext, exitCodes, type RegisterCommand } from '../command.ts';
import { CliError, UsageError } from '../errors.ts';

interface SandboxCommandOptions {
  readonly assembly: string;
  readonly stack?: string;
  readonly port?: number;
}

/** A package the sandbox needs, which nobody else does. */
export class MissingPackageError extends CliError {
  override readonly name = 'MissingPackageError';
  readonly code = 'ERR_ROTATION_PACKAGE_MISSING';
}

/** What `npm install` is to be told; a test compares it with what the sandbox imports. */
export const sandboxPackages = [
  '@aws-crypto/sha256-js',
  '@peculiar/x509',
  '@smithy/signature-v4',
  'aws-local-stepfunctions',
  'croner',
  'dynalite',
  'reflect-metadata',
  'sql.js',
] as const;

export const registerSandbox: RegisterCommand = (program, run) => {
  program
    .command('sandbox')
    .description(
      'keep a synthesized stack running locally, for the real `aws` command, until Ctrl-C',
    )
    .option('--assembly <folder>', 'what `cdk synth` wrote', 'cdk.out')
    .option('--stack <name>', 'which stack (needed when the folder holds more than one)')
    .option('--port <port>', 'port on 127.0.0.1 (default: a free one)', parsePort)
    .action(run((context, options: SandboxCommandOptions) => keepRunning(context, options)));
};

async function keepRunning({ terminal }: CommandContext, options: SandboxCommandOptions) {
  if (!existsSync(options.assembly)) {
    throw new UsageError(
      `found no folder ${options.assembly}; expected what \`npx cdk synth\` writes: run it, or name the folder with --assembly`,
    );
  }
  const [{ startSandbox }, { systemClock }] = await Promise.all([
    sandboxModule(),
    import('../../doors/clock.ts'),
  ]);
  const sandbox = await startSandbox({
    assembly: options.assembly,
    clock: { start: systemClock.now(), mode: 'flowing' },
    ...(options.stack !== undefined && { stackName: options.stack }),
    ...(options.port !== undefined && { port: options.port }),
  });
  try {
    await terminal.untilInterrupted(async (interrupted) => {
      for (const line of invitation(sandbox)) {
        terminal.out(line);
      }
      await new Promise<void>((resolve) => {
        interrupted.addEventListener('abort', () => resolve(), { once: true });
      });
    });
  } finally {
    await sandbox.stop();
  }
  return exitCodes.ok;
}

/** The key is on-call's: it rotates, reads no value, and opens this sandbox alone. */
function invitation(sandbox: Sandbox): string[] {
  const policies = Object.entries(sandbox.outputs)
    .filter(([name]) => /OperatorPolicy[0-9A-F]*$/.test(name))
    .map(([, arn]) => String(arn));
  const key = sandbox.createPrincipal('on-call', { managedPolicies: policies });
  return [
    ...sandbox.notSimulated.map((what) => `not simulated: ${what}`),
    `The sandbox runs on ${sandbox.url} (account ${sandbox.account}) until Ctrl-C. In another terminal:`,
    '',
    `  export AWS_ACCESS_KEY_ID=${key.accessKeyId}`,
    `  export AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`,
    `  export AWS_REGION=${sandbox.region} AWS_DEFAULT_REGION=${sandbox.region}`,
    `  export AWS_ENDPOINT_URL=${sandbox.url}`,
    '  unset AWS_SESSION_TOKEN AWS_PROFILE',
    '',
    '  npx quarterturn status',
  ];
}

async function sandboxModule(): Promise<typeof import('../../sandbox/start.ts')> {
  try {
    return await import('../../sandbox/start.ts');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') {
      throw new MissingPackageError(
        `the sandbox needs packages that are not installed; run \`npm install --save-dev ${sandboxPackages.join(' ')}\``,
      );
    }
    throw error;
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('Expected a port from 1 to 65535.');
  }
  return port;
}
