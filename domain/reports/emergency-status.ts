/** What an inventory says of emergencies: one that is not over, and when they were last practised. */
import * as z from 'zod';
import {
  type DrilledRecord,
  drilledRecordSchema,
  type EmergencyRecord,
  emergencyRecordSchema,
} from '../events/emergency.ts';
import { isDrillDue, nextDrill } from '../policy/drill-due.ts';

const instant = z.iso.datetime();

/** The newest, while it is at work or left something undone. */
export const openEmergencySchema = z.object({
  ...emergencyRecordSchema.pick({
    id: true,
    drill: true,
    exposed: true,
    reason: true,
    requestedBy: true,
    startedAt: true,
    endedAt: true,
  }).shape,
  state: z.enum(['running', 'incomplete']),
  /** Is its execution alive? */
  live: z.boolean(),
});
export type OpenEmergency = z.infer<typeof openEmergencySchema>;

export const lastDrillSchema = z.object({
  /** none: there was none yet. unknown: whoever made this may not read it. */
  outcome: z.enum([...drilledRecordSchema.shape.outcome.options, 'none', 'unknown']),
  ...drilledRecordSchema.omit({ outcome: true }).partial().shape,
  /** By the configuration; absent: the calendar starts none. */
  everyMonths: z.int().optional(),
  dueAt: instant.optional(),
  /** It was due, and none was made. */
  overdue: z.boolean(),
});
export type LastDrill = z.infer<typeof lastDrillSchema>;

export function lastDrillOf(
  drilled: DrilledRecord | 'unknown' | undefined,
  everyMonths: number | undefined,
  now: Date,
): LastDrill {
  const every = everyMonths === undefined ? {} : { everyMonths };
  if (drilled === undefined) return { outcome: 'none', ...every, overdue: false };
  if (drilled === 'unknown') return { outcome: 'unknown', ...every, overdue: false };
  if (everyMonths === undefined) return { ...drilled, overdue: false };
  const dueAt = nextDrill(new Date(drilled.at), everyMonths);
  const overdue = isDrillDue(dueAt, now);
  return { ...drilled, ...every, dueAt: dueAt.toISOString(), overdue };
}

/** In one sentence, or two. */
export function lastDrillWords(drill: LastDrill): string {
  const { at = '', findings = 0, everyMonths, dueAt, overdue } = drill;
  const next =
    dueAt === undefined
      ? ''
      : ` The next one ${overdue ? 'was' : 'is'} due on ${dueAt.slice(0, 10)}${overdue ? ', and was not made' : ''}.`;
  switch (drill.outcome) {
    case 'none':
      return everyMonths === undefined
        ? 'Last drill of an emergency: none yet, and the calendar starts none.'
        : `Last drill of an emergency: none yet; the calendar starts one every ${everyMonths} ${everyMonths === 1 ? 'month' : 'months'}.`;
    case 'unknown':
      return 'Last drill of an emergency: not known, these credentials may not read it.';
    case 'passed':
      return `Last drill of an emergency: ${at.slice(0, 10)}, passed.${next}`;
    case 'findings':
      return `Last drill of an emergency: ${at.slice(0, 10)}, ${findings} ${findings === 1 ? 'finding' : 'findings'}.${next}`;
    case 'died':
      return `Last drill of an emergency: ${at.slice(0, 10)}, it did not come to its end.${next}`;
  }
}

export interface EmergencyCommands {
  follow(id: string): string;
  resume(id: string): string;
  report(id: string): string;
  readonly drill: string;
}

interface Problem {
  readonly code: 'drillFindings' | 'drillDied' | 'drillOverdue';
  readonly message: string;
}
type Finding = { readonly code: string; readonly message: string; readonly command: string };

/** What of the last drill needs a person. */
export function drillProblems({
  outcome,
  findings = 0,
  dueAt = '',
  overdue,
}: LastDrill): Problem[] {
  return [
    ...(outcome === 'findings'
      ? [
          {
            code: 'drillFindings' as const,
            message: `the last drill of an emergency has ${findings} ${findings === 1 ? 'finding' : 'findings'}: that much would stand in the way of a real one`,
          },
        ]
      : []),
    ...(outcome === 'died'
      ? [
          {
            code: 'drillDied' as const,
            message:
              'the last drill of an emergency did not come to its end, and neither would a real one',
          },
        ]
      : []),
    ...(overdue
      ? [
          {
            code: 'drillOverdue' as const,
            message: `a drill of an emergency was due on ${dueAt.slice(0, 10)}, and was not made`,
          },
        ]
      : []),
  ];
}

export const drillFindings = (drill: LastDrill, commands: EmergencyCommands): Finding[] =>
  drillProblems(drill).map((problem) => ({
    ...problem,
    command: problem.code === 'drillFindings' ? commands.report(drill.id ?? '') : commands.drill,
  }));

/** One that is at work needs nobody: the machine has it. */
export function emergencyFindings(
  emergency: OpenEmergency,
  commands: Pick<EmergencyCommands, 'resume'>,
): Finding[] {
  const { id, state, live, drill } = emergency;
  // What a drill left undone is told as the last drill.
  if (drill || (state === 'running' && live)) return [];
  return [
    {
      code: state === 'running' ? 'emergencyDied' : 'emergencyIncomplete',
      message: `emergency ${id} is not over: ${state === 'running' ? 'no execution is at work on it' : 'something failed'}`,
      command: commands.resume(id),
    },
  ];
}

export const openEmergencyOf = (
  { id, drill, exposed, reason, requestedBy, startedAt, endedAt, state }: EmergencyRecord,
  live: boolean,
): OpenEmergency | undefined =>
  state === 'closed'
    ? undefined
    : {
        id,
        drill,
        exposed,
        reason,
        requestedBy,
        startedAt,
        ...(endedAt !== undefined && { endedAt }),
        state,
        live,
      };
