/** The command line: parses, calls what it was handed, and turns errors into one line and an exit code. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { systemClock } from '../doors/clock.ts';
import { deployments } from '../doors/deployments.ts';
import { localRandom } from '../doors/random.ts';
import { type CommandContext, exitCodes, type Run } from './command.ts';
import { registerSandbox } from './commands/sandbox.ts';
import { commands } from './commands.ts';
import { UsageError } from './errors.ts';
import { openDeployment } from './open-deployment.ts';
import { terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

/** What the entry point hands in: the command line itself imports neither demo nor configuration. */
export interface CliCommands {
  /** @returns an exit code. Absent: there is no demo. */
  demo?: (chapter: string | undefined, options: { rows?: number }) => Promise<number>;
  /** @returns an exit code. Absent: the sandbox takes any synthesized stack. */
  sandbox?: (options: { port?: number }) => Promise<number>;
  /** @returns an exit code. Absent: there is no configuration to deploy. */
  sandboxDeploy?: () => Promise<number>;
}

/** The terminal of this process, and deployments by its environment. */
function systemContext(environment: NodeJS.ProcessEnv): CommandContext {
  // One line a client and process, about a release of Node that works.
  environment.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const surroundings = {
    environment,
    connect: deployments,
    clock: systemClock,
    random: localRandom,
  };
  return {
    terminal: terminal(environment),
    open: (options) => openDeployment(options, surroundings),
  };
}

/** @returns the exit code: one of `exitCodes`, or what a handed in command returned */
export async function main(
  argv: readonly string[],
  handedIn: CliCommands,
  context: CommandContext = systemContext(process.env),
): Promise<number> {
  let exitCode = 0;
  const program = new Command('quarterturn')
    .description('Rotates the secrets an application lives on, and proves that nobody noticed.')
    .option('-V, --version', 'the version of this package')
    .on('option:version', () => {
      context.terminal.out(packageVersion());
      throw new CommanderError(exitCodes.ok, 'commander.version', 'the version was told');
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.out(text.trimEnd()),
      writeErr: (text) => context.terminal.err(text.trimEnd()),
      getOutHelpWidth: () => context.terminal.columns,
      getErrHelpWidth: () => context.terminal.columns,
    })
    .showHelpAfterError();
  const run: Run =
    (act) =>
    async (...args) => {
      exitCode = await act(contextOf(context, args.at(-1)), ...args);
    };
  for (const register of commands) {
    register(program, run);
  }
  const { demo, sandbox, sandboxDeploy } = handedIn;
  if (demo !== undefined) {
    program
      .command('demo')
      .description('rotate every kind of secret on this machine and read the proof back')
      .argument('[chapter]', 'one chapter instead of all of them')
      .option('--rows <count>', 'rows that move to a new key (default: 100000)', parseRows)
      .action(async (chapter: string | undefined, options: { rows?: number }) => {
        exitCode = await demo(chapter, options);
      });
  }
  if (sandbox === undefined) {
    registerSandbox(program, run);
  } else {
    program
      .command('sandbox')
      .description('keep the stack running locally, for the real `aws` command, until Ctrl-C')
      .option('--port <port>', 'port on 127.0.0.1 (default: a free one)', parsePort)
      .action(async (options: { port?: number }) => {
        exitCode = await sandbox(options);
      });
  }
  if (sandboxDeploy !== undefined) {
    program
      .command('sandbox-deploy')
      .description('deploy rotation.config.ts over the stack of the sandbox that runs')
      .action(async () => {
        exitCode = await sandboxDeploy();
      });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are what was asked for; commander has said everything else already.
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    }
    if (!isOurs(error)) {
      throw error;
    }
    context.terminal.err(error.message);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  }
  return exitCode;
}

/** Who asks for JSON is a program: nobody is there to be asked. */
function contextOf(context: CommandContext, command: unknown): CommandContext {
  const json = command instanceof Command && command.opts().json === true;
  if (!json) {
    return context;
  }
  const nobody = {
    interactive: false,
    colours: false,
    confirm: async () => false,
    confirmByTyping: async () => false,
  };
  return { ...context, terminal: { ...context.terminal, ...nobody } };
}

/** Fewer are moved before anybody could look; more than a million is a benchmark's business. */
function parseRows(text: string): number {
  const rows = Number(text);
  if (!/^\d{1,7}$/.test(text) || rows < 30_000 || rows > 1_000_000) {
    throw new InvalidArgumentError('Expected a number from 30000 to 1000000.');
  }
  return rows;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('Expected a port from 1 to 65535.');
  }
  return port;
}

/** Our own errors say what was found, expected and to do; anything else is a defect and keeps its stack. */
function isOurs(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_ROTATION_')
  );
}
