/** The status report for a person. */
import type { CertificateStatus } from '../../domain/reports/certificate-status.ts';
import { stateWords } from '../../domain/reports/state-words.ts';
import type {
  ConsumerStatus,
  SecretState,
  SecretStatus,
  StatusReport,
  VersionStatus,
} from '../../domain/reports/status-report.ts';
import { type Column, table, wrap } from '../table.ts';
import { drillLine, emergencyLines, findingsAround } from './emergencies.ts';

export interface Look {
  readonly columns: number;
  readonly colours: boolean;
}

export function renderStatus(report: StatusReport, look: Look): string[] {
  return [
    heading(report),
    ...emergencyLines(report, report.deployment, look.columns),
    '',
    ...table(columnsOf(look), report.secrets, look.columns),
    ...certificateLines(report, look),
    ...(report.versions === undefined ? [] : detail(report, look)),
    ...notes(report, look),
    ...drillLine(report).flatMap((line) => ['', ...wrap(line, look.columns)]),
    ...findings(report, look),
    ...elsewhere(report, look),
  ];
}

export function heading({
  deployment,
  caller,
}: Pick<StatusReport, 'deployment' | 'caller'>): string {
  const { name, environment } = deployment;
  const at = caller.endpoint === undefined ? '' : ` at ${caller.endpoint}`;
  return `${name}/${environment}: account ${caller.account}, ${caller.region}${at}, as ${caller.arn}`;
}

function stateOf({ state, rotating, hold, lease }: SecretStatus): string {
  if (state === 'rotating' && rotating?.since) return `rotating since ${minute(rotating.since)}`;
  if (state === 'held' && hold) return `on hold until ${minute(hold.until)}`;
  if (state === 'leased' && lease) return `leased until ${minute(lease.expiresAt)}`;
  return stateWords[state];
}

function columnsOf({ colours }: Look): Column<SecretStatus>[] {
  return [
    { title: 'SECRET', cell: ({ key }) => key },
    { title: 'KIND', cell: ({ kind }) => (kind === 'userManaged' ? '' : kind), optional: true },
    {
      title: 'STATE',
      cell: stateOf,
      paint: ({ state, findings: { length } }, text) =>
        colours ? `\u001b[${colourOf(state, length > 0)}m${text}\u001b[0m` : text,
    },
    { title: 'ROTATED', cell: ({ rotatedAt }) => day(rotatedAt) },
    { title: 'AGE', cell: ({ ageDays }) => days(ageDays), align: 'right' },
    {
      title: 'LIMIT',
      cell: ({ cadenceDays }) => days(cadenceDays),
      align: 'right',
      optional: true,
    },
    { title: 'NEXT DUE', cell: ({ limitAt }) => day(limitAt) },
    {
      title: 'NATIVE RULE',
      cell: ({ nextNativeRotationAt }) => day(nextNativeRotationAt),
      optional: true,
    },
  ];
}

/** Red: needs a person. Green: nothing to do. Grey: somebody else's. Yellow: under way. */
function colourOf(state: SecretState, needsAPerson: boolean): number {
  if (needsAPerson) return 31;
  if (state === 'current') return 32;
  return state === 'userManaged' ? 90 : 33;
}

function detail(
  { secrets: [secret], versions = [], consumers = [] }: StatusReport,
  look: Look,
): string[] {
  if (secret === undefined) return [];
  const facts: [string, string | undefined][] = [
    ['name', secret.name],
    ['state', secret.reason],
    // Where the reason does not tell it.
    [
      'schedule rotates from',
      secret.reason.includes(secret.rotateAt ?? ' ') ? undefined : secret.rotateAt,
    ],
    ['AfterRotation', secret.afterRotation && afterRotationOf(secret.afterRotation)],
  ];
  return [
    '',
    ...facts.flatMap(([title, text]) =>
      text === undefined ? [] : indented(`${title}: `, toTheMinute(text), look),
    ),
    '',
    ...table(versionColumns, versions, look.columns),
    ...versions.flatMap(({ versionId, rotation }) =>
      rotation?.failure === undefined
        ? []
        : indented(
            `${versionId.slice(0, 8)}: `,
            `${rotation.failure.step} failed at ${rotation.failure.at} with ${rotation.failure.code}: ${rotation.failure.message}`,
            look,
          ),
    ),
    ...(consumers.length === 0 ? [] : ['', ...table(consumerColumns, consumers, look.columns)]),
    ...consumers.flatMap(({ consumer, reason }) =>
      reason === undefined ? [] : indented(`${consumer}: `, reason, look),
    ),
  ];
}

const proofs = { held: 'holds it', answered: 'answers', none: 'nobody asks it' } as const;
const consumerColumns: readonly Column<ConsumerStatus>[] = [
  { title: 'CONSUMER', cell: ({ consumer }) => consumer },
  { title: 'ROUND', cell: ({ round }) => round },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'AT', cell: ({ at }) => minute(at) },
  { title: 'RESTARTED', cell: ({ restartedAt }) => (restartedAt ? minute(restartedAt) : '') },
  { title: 'PROOF', cell: ({ proof }) => (proof ? proofs[proof] : '') },
];

function afterRotationOf({
  state,
  at,
  live,
  publishedKid,
  reason,
}: NonNullable<SecretStatus['afterRotation']>): string {
  const execution = state === 'running' && !live ? ', no execution is alive' : '';
  const key = publishedKid === undefined ? '' : `, key ${publishedKid} is published`;
  return `${state} since ${at}${execution}${key}${reason === undefined ? '' : ` (${reason})`}`;
}

const versionColumns: readonly Column<VersionStatus>[] = [
  { title: 'VERSION', cell: ({ versionId }) => versionId },
  { title: 'INTENT', cell: ({ rotation }) => rotation?.intent ?? 'not recorded' },
  { title: 'AT', cell: ({ rotation }) => (rotation ? minute(rotation.at) : '') },
  {
    title: 'TOOK',
    cell: ({ rotation }) => duration(rotation?.milliseconds),
    align: 'right',
  },
  {
    title: 'BY',
    cell: ({ rotation }) =>
      rotation === undefined ? '' : (rotation.requestedBy ?? 'console or native rule'),
  },
  { title: 'AFTER', cell: ({ rotation }) => rotation?.afterRotation ?? '' },
  { title: 'LABELS', cell: ({ labels }) => labels.join(' ') },
];

function rowsOf({ state, targetKid, left, at }: NonNullable<SecretStatus['rows']>): string {
  const some = left === undefined ? '' : `, ${left} values left`;
  return `rows move to key ${targetKid}: ${state}${some}, ${minute(at)}`;
}

const certificateColumns = ({ colours }: Look): Column<CertificateStatus>[] => [
  { title: 'CERTIFICATE', cell: ({ name }) => name },
  {
    title: 'ENDS',
    cell: ({ notAfter }) => (notAfter === undefined ? 'not known' : day(notAfter)),
    paint: ({ findings: { length } }, text) =>
      colours ? `\u001b[${length > 0 ? 31 : 32}m${text}\u001b[0m` : text,
  },
  { title: 'LEFT', cell: ({ daysLeft }) => days(daysLeft), align: 'right' },
  { title: 'LOOKED AT', cell: ({ checkedAt }) => (checkedAt ? minute(checkedAt) : 'not yet') },
  { title: 'READ FROM', cell: ({ source }) => source, optional: true },
];

function certificateLines({ certificates = [] }: StatusReport, look: Look): string[] {
  if (certificates.length === 0) return [];
  return [
    '',
    ...table(certificateColumns(look), certificates, look.columns),
    ...certificates.flatMap(({ name, remark }) =>
      remark === undefined ? [] : indented(`${name}: `, remark, look),
    ),
  ];
}

function notes({ secrets }: StatusReport, look: Look): string[] {
  const lines = secrets.flatMap(({ key, notes: some, rows, plannedAt, hold }) =>
    [
      ...(hold === undefined ? [] : [`on hold until ${minute(hold.until)}: ${hold.reason}`]),
      ...(plannedAt === undefined ? [] : [`announced: rotates at ${minute(plannedAt)}`]),
      ...(rows === undefined ? [] : [rowsOf(rows)]),
      ...some,
    ].flatMap((note) => indented(`${key}: `, note, look)),
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

function findings(report: StatusReport, look: Look): string[] {
  const { secrets, certificates = [], strays = [], findings: count } = report;
  if (count === 0) return ['', 'Nothing needs a person.'];
  const found = [
    ...secrets.map(({ key, findings: some }) => ({ title: key, some })),
    ...certificates.map(({ name, findings: some }) => ({ title: `certificate ${name}`, some })),
    { title: 'emergencies', some: findingsAround(report, report.deployment) },
  ];
  return [
    '',
    `${count} ${count === 1 ? 'finding needs' : 'findings need'} a person:`,
    ...found.flatMap(({ title, some }) =>
      some.flatMap(({ message, command }) => [
        ...indented(`${title}: `, message, look),
        // In one piece, however narrow the terminal: it is there to be pasted.
        ...(command === undefined ? [] : [`    ${command}`]),
      ]),
    ),
    ...strays
      .filter(({ kind }) => kind === 'stray')
      .flatMap(({ reason }) => indented('stray: ', reason, look)),
  ];
}

/** Not findings: what looks like this deployment's and rotates with something else, or is going. */
function elsewhere({ strays = [] }: StatusReport, look: Look): string[] {
  const others = strays.filter(({ kind }) => kind !== 'stray');
  return others.length === 0
    ? []
    : ['', ...others.flatMap(({ reason }) => indented('', reason, look))];
}

function indented(title: string, text: string, { columns }: Look): string[] {
  const [first = '', ...others] = wrap(`${title}${text}`, Math.max(columns - 4, 20));
  return [`  ${first}`, ...others.map((line) => `    ${line}`)];
}

/** `2026-05-17`, in UTC: what the schedule counts in. */
const day = (instant: string | undefined): string => instant?.slice(0, 10) ?? '';
const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')}Z`;
/** Instants inside a sentence. */
const toTheMinute = (text: string): string =>
  text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, minute);
const days = (count: number | undefined): string => (count === undefined ? '' : `${count} d`);

export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '';
  return milliseconds < 1_000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1_000).toFixed(1)} s`;
}
