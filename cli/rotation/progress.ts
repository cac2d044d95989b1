/** Progress of one rotation as plain lines, or, on a terminal, as a list that fills. */
import { checklist } from '../checklist.ts';
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

/** The four steps and AfterRotation as a list; each turns while it is worked on. */
export function list(stream: NodeJS.WriteStream): Progress {
  const after = 'AfterRotation';
  const titles = [...stepNames, after];
  const { settle, note, fail, current, done } = checklist(stream, titles);
  /** A step whose duration could not be recorded is done all the same. */
  const settleSteps = () => {
    for (const name of stepNames) settle(name, 'done');
  };
  return {
    tell(happening) {
      switch (happening.kind) {
        case 'step':
          settle(happening.step, `${happening.outcome}, ${duration(happening.milliseconds)}`);
          return;
        case 'promoted':
          // finishSecret is recorded a moment after it has promoted.
          return;
        case 'afterRotation':
          if (happening.state === 'running') settleSteps();
          note(after, noteOf(happening));
          return;
        case 'waiting':
          note(current() ?? after, happening.text);
          return;
        case 'consumer':
        case 'pause':
        case 'activation':
          note(after, noteOf(happening));
          return;
        case 'finished':
          settleSteps();
          settle(after, 'finished');
          return;
        default:
          for (const title of titles) fail(title, happening.kind);
      }
    },
    done,
  };
}
