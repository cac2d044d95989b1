/** Which of its things `quarterturn emergency` is to do: begin one, or something about one that was begun. */
import { UsageError } from '../errors.ts';

export type Mode = 'begin' | 'follow' | 'resume' | 'lift' | 'report' | 'list';

const others = ['follow', 'resume', 'lift', 'report', 'list'] as const;
/** Of one that is begun. */
const about = {
  all: '--all',
  reason: '--reason',
  andAll: '--and-all',
  exposedSince: '--exposed-since',
  suspect: '--suspect',
  keepRunning: '--keep-running',
} as const;
const ofReport = { format: '--format', out: '--out' } as const;

/** Options as commander hands them over; absent: not given. */
export type Given = {
  readonly [Option in
    | (typeof others)[number]
    | keyof typeof about
    | keyof typeof ofReport]?: unknown;
};
type Option = keyof Given;

/** @throws UsageError when two are asked for, or an option belongs to another */
export function modeOf(names: readonly string[], given: Given): Mode {
  const [asked, more] = others.filter((one) => given[one] !== undefined);
  if (more !== undefined) {
    throw new UsageError(`--${asked} and --${more} were given; expected one of them.`);
  }
  const mode = asked ?? 'begin';
  if (mode !== 'begin' && names.length > 0) {
    throw new UsageError(
      `--${mode} is about an emergency that was begun, and secrets were named; expected one or the other.`,
    );
  }
  const stranger = [
    ...(mode === 'begin' ? [] : Object.entries(about)),
    ...(mode === 'report' ? [] : Object.entries(ofReport)),
  ].find(([option]) => given[option as Option] !== undefined);
  if (stranger !== undefined) {
    throw new UsageError(
      mode === 'begin'
        ? `${stranger[1]} was given; expected it with --report alone.`
        : `${stranger[1]} was given with --${mode}; expected it where an emergency is ${stranger[0] in ofReport ? 'reported' : 'begun'}.`,
    );
  }
  return mode;
}
