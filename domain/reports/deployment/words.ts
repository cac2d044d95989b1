/** How the report words what it tells; every form says it alike. */
import type {
  ControlResult,
  DeploymentReport,
  HistoryEntry,
  Proof,
  ReportedSecret,
  RotationEntry,
} from '../deployment-report.ts';

import { drillProblems } from '../emergency-status.ts';

/** `2026-05-17`, in UTC: what the schedule counts in. */
export const day = (instant: string | undefined): string => instant?.slice(0, 10) ?? '';

/** `2026-05-17 17:00`, in UTC. */
export const minute = (instant: string): string => instant.slice(0, 16).replace('T', ' ');

/** Instants inside of a sentence, to the minute. */
export const tidy = (text: string): string =>
  text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (it) => `${minute(it)} UTC`);

export const frequency = ({ frequencyDays }: ReportedSecret): string =>
  frequencyDays === undefined ? 'as needed' : `every ${frequencyDays} days`;

export const lastRotated = ({ lastRotatedAt, kind }: ReportedSecret): string =>
  lastRotatedAt === undefined
    ? kind === 'userManaged'
      ? 'not recorded'
      : 'never'
    : day(lastRotatedAt);

export const nextDue = ({ nextDueAt, kind }: ReportedSecret): string =>
  nextDueAt === undefined ? (kind === 'userManaged' ? 'as needed' : 'not known') : day(nextDueAt);

export const storage = ({ storage: it, name }: ReportedSecret): string =>
  `${it.service}, ${it.region}: ${name}`;

export function encryption({ encryption: { managedBy, key } }: ReportedSecret): string {
  switch (managedBy) {
    case 'customer':
      return `customer managed KMS key ${key?.split('/').at(-1)}`;
    case 'aws':
      return `AWS managed key ${key}`;
    default:
      return 'not told';
  }
}

export const access = ({ access: names, kind }: ReportedSecret): string =>
  names.length > 0 ? names.join(', ') : kind === 'userManaged' ? 'its owners' : 'nobody';

export const kinds: Record<ReportedSecret['kind'], string> = {
  jwt: 'JWT signing',
  encryption: 'field encryption',
  database: 'database login',
  userManaged: 'user-managed',
};

export const outcomes: Record<RotationEntry['outcome'], string> = {
  rotated: 'rotated',
  stopped: 'rotated, then stopped',
  following: 'rotated, being followed up',
  inProgress: 'in progress',
  failed: 'failed',
};

export const proofWords: Record<Proof, string> = {
  auditEvent: 'audit event',
  auditEventAlone: 'an event alone',
  controlTable: 'control table',
  dateLabel: 'date label',
};

export const resultWords: Record<ControlResult, string> = {
  pass: 'supports',
  fail: 'speaks against',
  notShown: 'not shown',
};

/** What was done, e.g. `planned rotation`. */
export function title(entry: HistoryEntry): string {
  if (entry.type === 'reencryption') return `rows moved to key ${entry.targetKid}`;
  if (entry.type === 'unmanagedWrite') return 'written outside of a rotation';
  if (entry.firstValue) return 'first value';
  if (entry.intent === undefined) return 'rotation';
  return entry.intent === 'rollback' ? 'rollback' : `${entry.intent} rotation`;
}

export function outcome(entry: HistoryEntry): string {
  if (entry.type === 'rotation') return outcomes[entry.outcome];
  return entry.type === 'reencryption' ? entry.outcome : 'needs a person';
}

export function triggeredBy(entry: HistoryEntry): string {
  if (entry.type === 'reencryption') return 'the rotation before it';
  if (entry.type === 'unmanagedWrite') return 'not recorded; CloudTrail names who';
  if (entry.trigger === undefined) return 'not recorded';
  const { words, reason } = entry.trigger;
  return reason === undefined ? words : `${words}: ${reason}`;
}

/** One sentence each. */
export function evidence(entry: HistoryEntry): string[] {
  if (entry.type === 'unmanagedWrite') return [];
  if (entry.type === 'reencryption') {
    const { values, findings } = entry;
    return [
      ...(values === undefined
        ? []
        : [
            `${values.rewritten} values sealed anew, ${values.opened} opened under the new key, ${values.remaining} left under another one, ${values.quarantined} in quarantine`,
          ]),
      ...findings,
    ];
  }
  const { steps, problem } = entry;
  const milliseconds = steps.reduce((sum, step) => sum + step.milliseconds, 0);
  return [
    ...(problem === undefined ? [] : [problem]),
    ...entry.evidence.map(({ words }) => words),
    ...(milliseconds === 0 ? [] : [`its steps took ${seconds(milliseconds)}`]),
  ];
}

const seconds = (milliseconds: number): string =>
  milliseconds < 1_000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1_000).toFixed(1)} s`;

/** Of each certificate that needs a person, why. */
export const certificatesToTell = ({ certificates }: DeploymentReport) =>
  certificates.flatMap(({ name, findings = [] }) =>
    findings.map(({ message }) => ({ name, message: tidy(message) })),
  );

/** Secrets nobody rotates that look as if somebody did. */
export const straysToTell = ({ strays }: DeploymentReport) =>
  strays.filter(({ kind }) => kind === 'stray');

/** What of the last drill needs a person. */
export const drillToTell = ({ lastDrill }: Pick<DeploymentReport, 'lastDrill'>): string[] =>
  lastDrill === undefined ? [] : drillProblems(lastDrill).map(({ message }) => message);

/** What the past in the report rests on. */
export function coverage({ auditLog }: DeploymentReport): string {
  const { group, state, events, notUnderstood, problem } = auditLog;
  const lines =
    notUnderstood === 0
      ? ''
      : ` ${plural(notUnderstood, 'line')} of it were written by another release and are not told here.`;
  switch (state) {
    case 'read':
      return `The audit log ${group} was read in full for the period: ${plural(events, 'event')}.${lines}`;
    case 'partly':
      return `The audit log ${group} holds more than was read: ${plural(events, 'event')} are told, others may be missing.${lines}`;
    case 'denied':
      return `The audit log ${group} could not be read with the rights of whoever made this report. The past is told from the control table and the date labels alone.`;
    case 'absent':
      return `There is no audit log ${group}. The past is told from the control table and the date labels alone.`;
    default:
      return `The audit log ${group} could not be read (${problem ?? 'no reason given'}). The past is told from the control table and the date labels alone.`;
  }
}

export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** How the report was made, for whoever has to rely on it. */
export const method: readonly string[] = [
  'No value was read and no database was opened for this report: whoever made it may do neither.',
  'Ages and due dates follow from the date labels of the secrets in Secrets Manager, by the rule the schedule itself decides by: in UTC, a day is 24 hours.',
  'What happened follows from the audit events, then from the records of the control table, then from the date labels; each line says which. Whoever may put events on the account’s bus could write one: where a record of the same rotation says otherwise, the record is told, and an event that nothing else knows of is called an event alone.',
  'Access lists the consumers and functions that this deployment lets read a value. A break-glass role, owners of a user-managed secret, and rights given elsewhere in the account are not seen here.',
];
