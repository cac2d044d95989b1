/** The command line: parses, calls what it was handed, and turns errors into one line and an exit code. */
import { Command, InvalidArgumentError } from 'commander';

/** What the entry point hands in: the command line itself imports neither demo nor configuration. */
export interface CliCommands {
  /** @returns an exit code */
  demo(chapter?: string): Promise<number>;
  /** @returns an exit code */
  sandbox(options: { port?: number }): Promise<number>;
}

/** @returns the exit code */
export async function main(argv: readonly string[], commands: CliCommands): Promise<number> {
  let exitCode = 0;
  const program = new Command('quarterturn')
    .description('Rotates the secrets an application lives on, and proves that nobody noticed.')
    .showHelpAfterError();
  program
    .command('demo')
    .description('rotate every kind of secret on this machine and read the proof back')
    .argument('[chapter]', 'one chapter instead of all of them')
    .action(async (chapter?: string) => {
      exitCode = await commands.demo(chapter);
    });
  program
    .command('sandbox')
    .description('keep the stack running locally, for the real `aws` command, until Ctrl-C')
    .option('--port <port>', 'port on 127.0.0.1 (default: a free one)', parsePort)
    .action(async (options: { port?: number }) => {
      exitCode = await commands.sandbox(options);
    });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!isOurs(error)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  return exitCode;
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
