/** How the report of an incident words what it tells; every form says it alike. */
import type { EmergencyStage } from '../../events/emergency.ts';
import type {
  IncidentSecret,
  IncidentStage,
  Remaining,
  Standing,
} from '../../events/incident-report.ts';

/** `2026-05-17 17:00:05`, in UTC. */
export const second = (instant: string): string => instant.slice(0, 19).replace('T', ' ');

/** `3 min 10 s`, `1 h 4 min`. */
export function length(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor((whole % 3600) / 60),
    whole % 60,
  ];
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  if (minutes > 0) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return `${rest} s`;
}

export const secondsBetween = (from: string, to: string): number =>
  Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);

export const listed = (words: readonly string[], nothing = 'none'): string =>
  words.length === 0 ? nothing : words.join(', ');

export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What each stage is for. */
export const stageWords: Record<EmergencyStage, string> = {
  announce: 'Tell security, and nobody else',
  contain: 'Cut off suspects',
  stop: 'Stop consumers',
  protect: 'Replace what is exposed, and prove the old credentials dead',
  protectOthers: 'Replace everything else',
  start: 'Start consumers again, each once',
  settle: 'See what follows each rotation to its end',
  accessAudit: 'Find who read the secrets',
  report: 'Write this report',
  tell: 'Tell the others',
};

export const stageStates: Record<IncidentStage['state'], string> = {
  running: 'at work',
  done: 'done',
  failed: 'FAILED',
  skipped: 'nothing to do',
  waiting: 'not begun',
};

export const standingWords: Record<Standing, string> = {
  dead: 'dead',
  notProven: 'NOT PROVEN',
  readableOnly: 'reads only',
  alive: 'NOT REPLACED',
  person: 'by hand',
  notTouched: 'not touched',
  checked: 'looked at',
};

/** The old credential may still be of use to whoever has it. */
export const isOpen = ({ standing }: Pick<IncidentSecret, 'standing'>): boolean =>
  standing === 'notProven' || standing === 'alive' || standing === 'person';

export const remainingStates: Record<Remaining['state'], string> = {
  done: 'done',
  underWay: 'goes on by itself',
  open: 'open',
};

export const kinds: Record<IncidentSecret['kind'], string> = {
  jwt: 'JWT signing',
  encryption: 'field encryption',
  database: 'database login',
  userManaged: 'user-managed',
};
