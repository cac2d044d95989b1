/** The report on a terminal: the schedule, the inventory, what needs a person, the contacts. */
import * as tables from '../../domain/reports/deployment/tables.ts';
import * as words from '../../domain/reports/deployment/words.ts';
import type { DeploymentReport, ReportedSecret } from '../../domain/reports/deployment-report.ts';
import { stateWords } from '../../domain/reports/state-words.ts';
import { heading, type Look } from '../status/render.ts';
import { type Column, table, wrap } from '../table.ts';

export function renderReport(report: DeploymentReport, look: Look): string[] {
  const { controls, certificates, contacts } = report;
  return [
    heading(report),
    ...titled('Rotation schedule', table(schedule(look), report.secrets, look.columns)),
    ...titled('Secret inventory', plain(tables.inventoryTable(report), look)),
    ...(certificates.length === 0
      ? []
      : titled('Certificates', plain(tables.certificateTable(report), look))),
    ...titled('The past year', table(past, report.secrets, look.columns)),
    ...(controls === undefined
      ? []
      : titled('Controls', [
          ...plain(tables.controlTable(controls), look),
          ...against(controls, look),
        ])),
    ...titled('Contacts', [
      ...(contacts === undefined ? [] : plain(tables.contactTable(report), look)),
      tables.reviewLine(report),
      ...tables.drillLines(report).flatMap((line) => wrap(line, look.columns)),
    ]),
    ...attention(report, look),
    '',
    ...wrap(words.coverage(report), look.columns),
  ];
}

const titled = (title: string, lines: readonly string[]): string[] => [
  '',
  title.toUpperCase(),
  ...lines,
];

const plain = ({ columns, rows }: tables.ReportTable, { columns: width }: Look): string[] =>
  table(
    columns.map((title, at) => ({ title, cell: (row: readonly string[]) => row[at] ?? '' })),
    rows,
    width,
  );

/** A verdict without its reason helps nobody; the whole evidence is too long for a terminal. */
function against(controls: NonNullable<DeploymentReport['controls']>, { columns }: Look): string[] {
  const facts = controls.flatMap(({ id, evidence }) =>
    evidence
      .filter(({ result }) => result === 'fail')
      .map(({ secret, fact }) => `${id}${secret === undefined ? '' : `, ${secret}`}: ${fact}`),
  );
  return [
    ...(facts.length === 0 ? [] : ['', 'What speaks against:']),
    ...facts.flatMap((text) => {
      const [first = '', ...others] = wrap(words.tidy(text), Math.max(columns - 4, 20));
      return [`  ${first}`, ...others.map((line) => `    ${line}`)];
    }),
    '',
    ...wrap('Every piece of evidence: --control with --format md, html, json or csv.', columns),
  ];
}

const schedule = ({ colours }: Look): Column<ReportedSecret>[] => [
  { title: 'Secret', cell: ({ key }) => key },
  {
    title: 'State',
    cell: ({ state }) => stateWords[state],
    paint: (secret, text) => (colours ? `\u001b[${colourOf(secret)}m${text}\u001b[0m` : text),
  },
  { title: 'Last rotated', cell: words.lastRotated },
  { title: 'Next due', cell: words.nextDue },
  { title: 'Frequency', cell: words.frequency },
];

const past: Column<ReportedSecret>[] = [
  { title: 'Secret', cell: ({ key }) => key },
  { title: 'Rotated', cell: (secret) => count(secret, 'rotated', 'following'), align: 'right' },
  {
    title: 'Failed or stopped',
    cell: (secret) => count(secret, 'failed', 'stopped'),
    align: 'right',
  },
  {
    title: 'Latest',
    cell: ({ history: [latest] }) =>
      latest === undefined
        ? 'nothing recorded'
        : `${words.minute(latest.at)}Z ${words.title(latest)}, ${words.outcome(latest)}`,
  },
];

const count = ({ history }: ReportedSecret, ...outcomes: readonly string[]): string =>
  String(
    history.filter((entry) => entry.type === 'rotation' && outcomes.includes(entry.outcome)).length,
  );

/** As in `status`. Red: needs a person. Green: nothing to do. Grey: somebody else's. Yellow: under way. */
function colourOf({ state, findings }: ReportedSecret): number {
  if (findings.length > 0 || state === 'overdue') return 31;
  if (state === 'current') return 32;
  return state === 'userManaged' ? 90 : 33;
}

function attention(report: DeploymentReport, { columns }: Look): string[] {
  const { secrets, findings } = report;
  if (findings === 0) return ['', 'Nothing needs a person.'];
  const told = [
    ...secrets.flatMap(({ key, findings: some }) =>
      some.map(({ message }) => `${key}: ${words.tidy(message)}`),
    ),
    ...words
      .certificatesToTell(report)
      .map(({ name, message }) => `certificate ${name}: ${message}`),
    ...words.straysToTell(report).map(({ reason }) => `stray: ${reason}`),
    ...words.drillToTell(report).map((message) => `emergencies: ${message}`),
  ];
  const lines = told.flatMap((text) => {
    const [first = '', ...others] = wrap(text, Math.max(columns - 4, 20));
    return [`  ${first}`, ...others.map((line) => `    ${line}`)];
  });
  return [
    '',
    `${words.plural(findings, 'finding')} ${findings === 1 ? 'needs' : 'need'} a person; npx quarterturn status says what to run:`,
    ...lines,
  ];
}
