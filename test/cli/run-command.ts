/** Runs a command line against a deployment in memory. */
import type { OpenDeployment } from '../../cli/command.ts';
import { main } from '../../cli/main.ts';
import { type RecordedTerminal, recordedTerminal } from './recorded-terminal.ts';

export interface CommandOutcome {
  exitCode: number;
  /** Standard output and standard error, as text. */
  said: string;
  complained: string;
}

export async function runCommand(
  deployment: OpenDeployment | (() => Promise<OpenDeployment>),
  argv: readonly string[],
  terminal: RecordedTerminal = recordedTerminal(),
): Promise<CommandOutcome> {
  const unexpected = async () => {
    throw new Error('This command was not asked for.');
  };
  const exitCode = await main(
    argv,
    { demo: unexpected, sandbox: unexpected },
    {
      terminal,
      open: async () => (typeof deployment === 'function' ? deployment() : deployment),
    },
  );
  return {
    exitCode,
    said: terminal.said.join('\n'),
    complained: terminal.complained.join('\n'),
  };
}
