/** Things that happen one after the other, as a list that fills: each turns while it is worked on. */
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2';

export interface Checklist {
  /** A line below it; of one that has not begun it is shown when it does. */
  note(title: string, text: string): void;
  /** It is over, and went well. */
  settle(title: string, text: string): void;
  /** It is over, without having had anything to do. */
  skip(title: string, text: string): void;
  fail(title: string, reason: string): void;
  /** The first that is not over. */
  current(): string | undefined;
  /** Awaited once nothing more is told, and everything is over or has failed. */
  done(): Promise<void>;
}

/** listr2 asks process.stdout whether it is a terminal; here the stream that is written to was asked. */
export class RendererOfAnyStream extends DefaultRenderer {
  static override nonTTY = true;
}

/** @param goesOn after one that failed the next begin all the same */
export function checklist(
  stream: NodeJS.WriteStream,
  titles: readonly string[],
  { goesOn = false }: { goesOn?: boolean } = {},
): Checklist {
  const entries: Entry[] = titles.map((title) => ({ title, notes: [], ...settleable() }));
  const entry = (title: string) => entries.find((one) => one.title === title);
  const tasks = entries.map((one) => ({
    title: one.title,
    async task(_: unknown, task: Drawn) {
      one.write = (text) => {
        task.output = text;
      };
      one.notes.forEach(one.write);
      const { text, skipped } = await one.settled;
      const line = `${one.title}  ${text}`;
      if (skipped) task.skip(line);
      else task.title = line;
    },
    // What happened to one stays to be read while the next is dealt with.
    rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
  }));
  const running = new Listr(tasks, {
    renderer: RendererOfAnyStream,
    // Ctrl-C is ours: what is followed goes on, and a person is told so.
    registerSignalListeners: false,
    exitOnError: !goesOn,
    rendererOptions: {
      collapseErrors: false,
      logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
    },
  })
    .run()
    // What went wrong is told below the list, with what to do.
    .catch(() => undefined);

  return {
    note(title, text) {
      const at = entry(title);
      if (at?.write === undefined) at?.notes.push(text);
      else at.write(text);
    },
    settle: (title, text) => entry(title)?.settle({ text, skipped: false }),
    skip: (title, text) => entry(title)?.settle({ text, skipped: true }),
    fail: (title, reason) => entry(title)?.fail(reason),
    current: () => entries.find(({ isOver }) => !isOver())?.title,
    done: async () => void (await running),
  };
}

interface Drawn {
  title: string;
  output: string;
  skip(text: string): void;
}

interface Settled {
  readonly text: string;
  readonly skipped: boolean;
}

interface Entry extends ReturnType<typeof settleable> {
  readonly title: string;
  /** Told before it began. */
  readonly notes: string[];
  write?: (text: string) => void;
}

function settleable() {
  let over = false;
  let settle: (how: Settled) => void = () => undefined;
  let fail: (reason: string) => void = () => undefined;
  const settled = new Promise<Settled>((resolve, reject) => {
    settle = (how) => {
      over = true;
      resolve(how);
    };
    fail = (reason) => {
      over = true;
      reject(new Error(reason));
    };
  });
  // Nobody may be waiting for one that fails after another did.
  settled.catch(() => undefined);
  return {
    settled,
    isOver: () => over,
    settle: (how: Settled) => settle(how),
    fail: (reason: string) => fail(reason),
  };
}
