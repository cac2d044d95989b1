/** Progress of a re-encryption: a bar on a terminal, a line now and then in a pipe. */
import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import { RendererOfAnyStream } from '../checklist.ts';
import type { Terminal } from '../command.ts';
import type { Rated } from './follow.ts';
import { fractionDone } from './rate.ts';
import { span } from './render.ts';

export interface Progress {
  tell(look: Rated, seen: number): void;
  done(): Promise<void>;
}

export function progressOf(
  { stream, columns }: Terminal,
  json: boolean,
  say: (line: string) => void,
): Progress {
  return stream === undefined || json ? lines(say) : bar(stream, columns);
}

/** One line a pass, and one for every tenth of it. */
function lines(say: (line: string) => void): Progress {
  let told = '';
  return {
    tell(look, seen) {
      if (look.job === undefined) return;
      const { pass, passKind, paused } = look.job;
      const done = fractionDone(look.job, seen);
      const news = `${pass} ${paused} ${Math.floor(done * 10)}`;
      if (news === told) return;
      told = news;
      say(`pass ${pass} ${passKind.padEnd(7)} ${percent(done)}${speed(look)}`);
    },
    done: async () => undefined,
  };
}

const widest = 30;

function bar(stream: NodeJS.WriteStream, columns: number): Progress {
  let drawn = 'looking';
  let draw: (text: string) => void = () => undefined;
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const running = new Listr(
    [
      {
        title: drawn,
        async task(_: unknown, task: { title: string }) {
          draw = (text) => {
            task.title = text;
          };
          // What was told before the list was ready.
          draw(drawn);
          await settled;
        },
      },
    ],
    {
      renderer: RendererOfAnyStream,
      // Ctrl-C is ours: the job goes on, and a person is told so.
      registerSignalListeners: false,
      rendererOptions: {
        logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
      },
    },
  ).run();
  return {
    tell(look, seen) {
      if (look.job === undefined) return;
      const { pass, passKind } = look.job;
      const done = fractionDone(look.job, seen);
      const text = ` ${percent(done)} pass ${pass} ${passKind}${speed(look)}`;
      const width = Math.max(5, Math.min(widest, columns - text.length - 6));
      const full = Math.round(done * width);
      drawn = `${'█'.repeat(full)}${'░'.repeat(width - full)}${text}`;
      draw(drawn);
    },
    async done() {
      settle();
      await running;
    },
  };
}

const percent = (done: number): string => `${Math.floor(done * 100)} %`.padStart(5);

function speed({ state, rate, replicationLagSeconds, job }: Rated): string {
  // Readers' caches and open transactions are waited out after a pass.
  const isBetween =
    state === 'active' && job !== undefined && fractionDone(job, 0) === 1 && !job.paused;
  const parts = [
    ...(job?.paused ? ['paused'] : []),
    ...(isBetween ? ['waiting before the next'] : []),
    ...(rate === undefined ? [] : [`${rate.rowsPerSecond.toLocaleString('en-US')} rows/s`]),
    ...(rate?.secondsLeft === undefined ? [] : [`${span(rate.secondsLeft)} left`]),
    ...(replicationLagSeconds === undefined ? [] : [`lag ${replicationLagSeconds.toFixed(1)} s`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}
