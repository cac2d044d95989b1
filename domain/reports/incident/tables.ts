/** The tables of the report as rows of text, whatever renders them. */
import type { Reader } from '../../events/access-audit.ts';
import type { IncidentReport, IncidentStage } from '../../events/incident-report.ts';
import type { ReportTable } from '../deployment/tables.ts';
import { coverage, deniedOf, readsOf } from './readers.ts';
import * as words from './words.ts';

/** What happened, in two columns. */
export function factRows(report: IncidentReport): [string, string][] {
  const { overview, startedAt, endedAt, consumers, drill } = report;
  const over =
    endedAt === undefined ? 'not over when this was written' : `${words.second(endedAt)} UTC`;
  return [
    ['Emergency', report.emergency],
    [
      'Begun by',
      `${report.requestedBy}${report.unattended ? ', an event: nobody decided it' : ''}`,
    ],
    ['Reason', report.reason],
    ['From', `${words.second(startedAt)} UTC`],
    ['To', over],
    ['Until dead', measure(overview.untilDead, report.drill)],
    ['Until over', measure(overview.untilOver, report.drill)],
    [`Consumers ${drill ? 'it would stop' : 'stopped'}`, words.listed(consumers.stopped)],
    [`Consumers ${drill ? 'it would restart' : 'restarted'}`, words.listed(consumers.restarted)],
    ['Consumers left alone', words.listed(consumers.alone)],
  ];
}

type Measured = IncidentReport['overview']['untilDead'];

function measure(
  { at, seconds, targetSeconds, expectedSeconds }: Measured,
  drill: boolean,
): string {
  const target = `aimed at: ${words.length(targetSeconds)}`;
  if (drill) {
    const expected =
      expectedSeconds === undefined ? 'not known' : `about ${words.length(expectedSeconds)}`;
    return `${expected} in an emergency; ${target}`;
  }
  if (seconds === undefined) return `NOT reached; ${target}`;
  const late = seconds > targetSeconds ? ': LATE' : '';
  return `${words.length(seconds)}${at === undefined ? ' so far' : ''}; ${target}${late}`;
}

export const timelineColumns = ['Stage', 'What for', 'State', 'From (UTC)', 'To', 'Took', 'Found'];

export const timelineRow = ({
  stage,
  words: what,
  state,
  startedAt,
  endedAt,
  seconds,
}: IncidentStage): string[] => [
  stage,
  what,
  words.stageStates[state],
  startedAt === undefined ? '' : words.second(startedAt),
  endedAt === undefined ? '' : words.second(endedAt),
  seconds === undefined ? '' : words.length(seconds),
];

/** What a stage found, a sentence each; why it failed or had nothing to do first. */
export const foundBy = ({
  reason,
  evidence,
}: IncidentStage): { text: string; reserved: boolean }[] => [
  ...(reason === undefined ? [] : [{ text: reason, reserved: false }]),
  ...evidence.map(({ words: text, reserved }) => ({ text, reserved })),
];

export const secretColumns = [
  'Secret',
  'Kind',
  'Exposed',
  'Old credential',
  'Versions',
  'Given up',
  'Replaced (UTC)',
  'Proven (UTC)',
];

export const secretRow = (secret: IncidentReport['secrets'][number]): string[] => [
  secret.key,
  words.kinds[secret.kind],
  secret.exposed ? 'yes' : 'no',
  words.standingWords[secret.standing],
  secret.versionId === undefined ? '' : `${secret.replaced ?? 'none'} → ${secret.versionId}`,
  secret.compromised.join(', '),
  secret.promotedAt === undefined ? '' : words.second(secret.promotedAt),
  secret.provenAt === undefined ? '' : words.second(secret.provenAt),
];

const standings = {
  unknown: 'NOT DECLARED',
  declared: 'declared',
  own: 'this deployment',
} as const;

export const readerTable = ({ readers }: IncidentReport): ReportTable => ({
  columns: [
    'Principal',
    'Standing',
    'First (UTC)',
    'Last (UTC)',
    'Reads',
    'Refused',
    'What',
    'From where',
  ],
  rows: (readers.audit?.readers ?? []).map((reader) => [
    reader.account === undefined
      ? reader.principal
      : `${reader.principal} (account ${reader.account})`,
    `${standings[reader.standing]}${reader.readNew && reader.standing === 'unknown' ? ', READ THE NEW VALUE' : ''}`,
    words.second(reader.firstAt),
    words.second(reader.lastAt),
    String(readsOf(reader)),
    String(deniedOf(reader)),
    whatOf(reader),
    sourcesOf(reader),
  ]),
});

const whatOf = ({ secrets }: Reader): string =>
  secrets
    .map(({ key, versions }) =>
      versions.length === 0
        ? key
        : `${key} (${versions.map(({ versionId, reads }) => `${short(versionId)}: ${reads}`).join(', ')})`,
    )
    .join('; ');

/** Enough to tell two of a secret apart; the JSON has all of it. */
const short = (versionId: string): string =>
  versionId.length > 9 ? `${versionId.slice(0, 8)}…` : versionId;

const sourcesOf = ({ sources, moreSources }: Reader): string =>
  [
    ...sources.map(
      ({ address, userAgent, region, count }) => `${count} × ${address}, ${region}, ${userAgent}`,
    ),
    ...(moreSources === 0 ? [] : [`and ${moreSources} more`]),
  ].join('; ');

export const coverageLines = ({ readers: { audit } }: IncidentReport): string[] =>
  audit === undefined
    ? []
    : [
        ...audit.covered.map(
          (one) => `CloudTrail, ${coverage(one)} (${words.plural(one.events, 'event')})`,
        ),
        ...audit.notVisible.map(({ what, detail }) => `Not visible: ${what}: ${detail}`),
        ...audit.notes,
      ];

export const contactTable = ({ contacts }: IncidentReport): ReportTable => ({
  columns: ['Role', 'Name', 'Reached by'],
  rows: (contacts?.people ?? []).map(({ role, name, reach }) => [
    role,
    name,
    reach ?? 'not published',
  ]),
});

/** Last updated, next review: as in the report of the deployment. */
export function reviewLine({ contacts }: IncidentReport): string {
  if (contacts === undefined) return 'This deployment names no contacts.';
  const { reviewedOn, nextReviewOn, reviewOverdue } = contacts;
  return reviewedOn === undefined
    ? 'Last updated: not recorded. Next review: overdue.'
    : `Last updated: ${reviewedOn}. Next review: ${nextReviewOn}${reviewOverdue ? ' (overdue)' : ''}.`;
}

/** In a word or two. */
export function outcomeOf({ outcome, drill, problems }: IncidentReport): string {
  if (!drill || outcome === 'running') return outcomes[outcome];
  if (problems.length > 0) return 'FINDINGS';
  return outcome === 'closed' ? 'passed' : outcomes[outcome];
}

const outcomes: Record<IncidentReport['outcome'], string> = {
  closed: 'closed',
  incomplete: 'INCOMPLETE',
  running: 'still at work when this was written',
};
