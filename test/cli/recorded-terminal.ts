/** A terminal that remembers what was said, and answers what it was told to. */
import type { Terminal } from '../../cli/command.ts';

export interface RecordedTerminal extends Terminal {
  /** Lines of standard output and standard error. */
  readonly said: string[];
  readonly complained: string[];
  readonly asked: string[];
  /** Presses Ctrl-C, if something listens. */
  interrupt(): void;
}

export function recordedTerminal(
  options: {
    columns?: number;
    interactive?: boolean;
    colours?: boolean;
    answer?: boolean;
    types?: string;
  } = {},
): RecordedTerminal {
  const {
    columns = 100,
    interactive = false,
    colours = false,
    answer = false,
    types = '',
  } = options;
  const said: string[] = [];
  const complained: string[] = [];
  const asked: string[] = [];
  const controllers = new Set<AbortController>();
  return {
    said,
    complained,
    asked,
    columns,
    interactive,
    colours,
    out: (line) => void said.push(...line.split('\n')),
    err: (line) => void complained.push(...line.split('\n')),
    async confirm(question) {
      asked.push(question);
      return interactive && answer;
    },
    async confirmByTyping(question, words) {
      asked.push(question);
      return interactive && types === words;
    },
    async untilInterrupted(work) {
      const controller = new AbortController();
      controllers.add(controller);
      try {
        return await work(controller.signal);
      } finally {
        controllers.delete(controller);
      }
    },
    interrupt() {
      for (const controller of controllers) controller.abort();
    },
  };
}
