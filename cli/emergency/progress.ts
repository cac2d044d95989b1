/** Progress of an emergency as plain lines, or, on a terminal, as a list of its stages that fills. */
import { emergencyStages } from '../../domain/events/emergency.ts';
import { checklist } from '../checklist.ts';
import type { Terminal } from '../command.ts';
import { type Happening, isEnding } from './happening.ts';

export interface Progress {
  tell(happening: Happening): void;
  /** Awaited once nothing more happens. */
  done(): Promise<void>;
}

export function progressOf(
  { stream }: Pick<Terminal, 'stream'>,
  json: boolean,
  say: (line: string) => void,
): Progress {
  return stream === undefined || json ? lines(say) : list(stream);
}

/** One line each, for pipes and logs, with the time since it began. */
export function lines(say: (line: string) => void): Progress {
  return {
    tell(happening) {
      // How it ended is told in full, with what to do.
      if (isEnding(happening)) return;
      const at = happening.kind === 'waiting' ? '' : clockOf(happening.after);
      say(`${at.padStart(8)}  ${titleOf(happening).padEnd(14)} ${wordsOf(happening)}`.trimEnd());
    },
    done: async () => undefined,
  };
}

export function list(stream: NodeJS.WriteStream): Progress {
  const { note, settle, skip, fail, current, done } = checklist(stream, emergencyStages, {
    goesOn: true,
  });
  return {
    tell(happening) {
      switch (happening.kind) {
        case 'stage':
          tellStage(happening);
          return;
        case 'fact':
          note(happening.stage, happening.words);
          return;
        case 'secret':
          note(
            happening.stage,
            `${clockOf(happening.after)}  ${happening.key} ${wordsOf(happening)}`,
          );
          return;
        case 'waiting':
          note(current() ?? 'tell', happening.words);
          return;
        default:
          for (const stage of emergencyStages) skip(stage, notOver[happening.kind]);
      }
    },
    done,
  };

  function tellStage(happening: Extract<Happening, { kind: 'stage' }>): void {
    const { stage, state } = happening;
    // One that is not recorded had nothing to do.
    for (const before of emergencyStages.slice(0, emergencyStages.indexOf(stage))) {
      skip(before, 'nothing to do');
    }
    const words = `${clockOf(happening.after)}  ${wordsOf(happening)}`;
    if (state === 'done') settle(stage, words);
    else if (state === 'skipped') skip(stage, words);
    else if (state === 'failed') fail(stage, words);
  }
}

const notOver = {
  over: 'nothing to do',
  died: 'not done',
  interrupted: 'goes on by itself',
} as const;

const titleOf = (happening: Exclude<Happening, { kind: 'over' | 'died' | 'interrupted' }>) =>
  happening.kind === 'waiting'
    ? 'waiting'
    : happening.kind === 'secret'
      ? happening.key
      : happening.stage;

function wordsOf(happening: Exclude<Happening, { kind: 'over' | 'died' | 'interrupted' }>): string {
  switch (happening.kind) {
    case 'stage': {
      const { state, seconds, reason } = happening;
      const took = state === 'done' && seconds !== undefined ? `, ${seconds.toFixed(1)} s` : '';
      const why = reason === undefined ? '' : `: ${reason}`;
      return `${state === 'running' ? 'begun' : state === 'failed' ? 'FAILED' : state}${took}${why}`;
    }
    case 'secret': {
      const { state, count, reason, command } = happening;
      const how = count === undefined ? '' : ` (${count.reached} of ${count.of})`;
      const why = reason === undefined ? '' : `: ${reason}`;
      const run = command === undefined ? '' : ` Run: ${command}`;
      return `${secretWords[state]}${how}${why}${run}`;
    }
    case 'fact':
    case 'waiting':
      return happening.words;
  }
}

const secretWords: Record<Extract<Happening, { kind: 'secret' }>['state'], string> = {
  preempted: 'way cleared',
  asked: 'asked for',
  promoted: 'promoted',
  proven: 'proven: the old one was looked at',
  failed: 'FAILED',
  person: 'needs a person',
  checked: 'checked',
};

/** `+4:07`: minutes and seconds since it began. */
function clockOf(seconds: number): string {
  const whole = Math.round(seconds);
  return `+${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
