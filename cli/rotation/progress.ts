/** Progress of one rotation as plain lines, or, on a terminal, as a list that fills. */
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2';
import { duration } from '../status/render.ts';
import { type Happening, isEnding, stepNames } from './happening.ts';
import { noteOf } from './words.ts';

/** Takes what happens; `done` is awaited once nothing more does. */
export interface Progress {
  tell(happening: Happening): void;
  done(): Promise<void>;
}

/** One line each, for pipes and logs. */
export function lines(out: (line: string) => void): Progress {
  return {
    tell: (happening) => {
      const text = lineOf(happening);
      if (text !== undefined) out(text);
    },
    done: async () => undefined,
  };
}

function lineOf(happening: Happening): string | undefined {
  switch (happening.kind) {
    case 'step':
      return `${happening.step.padEnd(13)} ${happening.outcome.padEnd(9)} ${duration(happening.milliseconds).padStart(8)}`;
    case 'promoted':
      return 'AWSCURRENT    moved';
    case 'afterRotation':
      return `AfterRotation ${noteOf(happening)}`;
    case 'finished':
      return 'AfterRotation finished';
    default:
      // How else it ended is told in full, with what to do.
      return isEnding(happening) ? undefined : noteOf(happening);
  }
}

/** listr2 asks process.stdout whether it is a terminal; here the stream that is written to was asked. */
export class RendererOfAnyStream extends DefaultRenderer {
  static override nonTTY = true;
}

/** The four steps and AfterRotation as tasks; each turns while it is worked on. */
export function list(stream: NodeJS.WriteStream): Progress {
  const titles = [...stepNames, 'AfterRotation'] as const;
  const stages: Stage[] = titles.map((title) => ({ title, notes: [], ...settleable() }));
  const stage = (title: string) => stages.find((one) => one.title === title);
  /** A step whose duration could not be recorded is done all the same. */
  const settleSteps = () => {
    for (const name of stepNames) stage(name)?.settle('done');
  };
  /** Of a stage that has not begun it is shown when it does. */
  const note = (at: Stage | undefined, text: string) => {
    if (at?.write === undefined) at?.notes.push(text);
    else at.write(text);
  };
  const tasks = stages.map((one) => ({
    title: one.title,
    async task(_: unknown, task: { title: string; output: string }) {
      one.write = (text) => {
        task.output = text;
      };
      one.notes.forEach(one.write);
      task.title = `${one.title}  ${await one.settled}`;
    },
    // What happened to one consumer stays to be read while the next is dealt with.
    rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
  }));
  const running = new Listr(tasks, {
    renderer: RendererOfAnyStream,
    // Ctrl-C is ours: the rotation goes on, and a person is told so.
    registerSignalListeners: false,
    exitOnError: true,
    rendererOptions: {
      collapseErrors: false,
      logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
    },
  })
    .run()
    // What went wrong is told below the list, with what to do.
    .catch(() => undefined);

  return {
    tell(happening) {
      switch (happening.kind) {
        case 'step':
          stage(happening.step)?.settle(
            `${happening.outcome}, ${duration(happening.milliseconds)}`,
          );
          return;
        case 'promoted':
          // finishSecret is recorded a moment after it has promoted.
          return;
        case 'afterRotation':
          if (happening.state === 'running') settleSteps();
          note(stage('AfterRotation'), noteOf(happening));
          return;
        case 'waiting':
          note(
            stages.find(({ isSettled }) => !isSettled()),
            happening.text,
          );
          return;
        case 'consumer':
        case 'pause':
        case 'activation':
          note(stage('AfterRotation'), noteOf(happening));
          return;
        case 'finished':
          settleSteps();
          stage('AfterRotation')?.settle('finished');
          return;
        default:
          for (const { fail } of stages) fail(happening.kind);
      }
    },
    done: async () => void (await running),
  };
}

interface Stage extends ReturnType<typeof settleable> {
  readonly title: string;
  /** Told before it began. */
  readonly notes: string[];
  write?: (text: string) => void;
}

function settleable() {
  let over = false;
  let settle: (text: string) => void = () => undefined;
  let fail: (reason: string) => void = () => undefined;
  const settled = new Promise<string>((resolve, reject) => {
    settle = (text) => {
      over = true;
      resolve(text);
    };
    fail = (reason) => reject(new Error(reason));
  });
  // Nobody may be waiting for a stage that fails after another one did.
  settled.catch(() => undefined);
  return { settled, isSettled: () => over, settle: (text: string) => settle(text), fail };
}
