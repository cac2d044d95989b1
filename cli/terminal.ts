/** The terminal a person sits at, or the pipe there is instead. */
import { createInterface } from 'node:readline';
import type { Terminal } from './command.ts';
import { printable } from './printable.ts';

/** What of a process the terminal uses. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const columnsWithoutTerminal = 100;

/**
 * @param environment NO_COLOR and TERM=dumb take the colours away (no-color.org: present and not empty)
 */
export function terminal(
  environment: Readonly<Record<string, string | undefined>>,
  streams: Streams = process,
  signals: Pick<NodeJS.Process, 'on' | 'off'> = process,
): Terminal {
  const { stdin, stdout, stderr } = streams;
  // `quarterturn status | head`: the reader has seen enough, which is no failure of ours.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const interactive = stdin.isTTY === true && stdout.isTTY === true && !environment.CI;
  return {
    out: (line) => void stdout.write(`${printable(line)}\n`),
    err: (line) => void stderr.write(`${printable(line)}\n`),
    interactive,
    colours: stdout.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb',
    // Drawing over lines needs to know how long they are.
    ...(interactive && environment.TERM !== 'dumb' && stdout.columns > 0 && { stream: stdout }),
    confirm: async (question) => interactive && isYes(await ask(`${question} [y/N]`, streams)),
    confirmByTyping: async (question, words) =>
      interactive && (await ask(question, streams)).trim() === words,
    // Some pseudo-terminals say 0.
    columns: (stdout.isTTY === true && stdout.columns) || columnsWithoutTerminal,
    async untilInterrupted(work) {
      const controller = new AbortController();
      const interrupt = () => controller.abort();
      signals.on('SIGINT', interrupt);
      try {
        return await work(controller.signal);
      } finally {
        signals.off('SIGINT', interrupt);
      }
    },
  };
}

/** The question goes to standard error: standard output holds answers only. */
function ask(question: string, { stdin, stderr }: Streams): Promise<string> {
  const reader = createInterface({ input: stdin, output: stderr });
  return new Promise((resolve) => {
    // Ctrl-D and Ctrl-C close it: that is no yes.
    reader.on('close', () => resolve(''));
    reader.question(`${printable(question)} `, (answer) => {
      resolve(answer);
      reader.close();
    });
  });
}

const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer.trim());
