/** The report as Markdown (GitHub's tables), for a wiki or a ticket. */
import type { DeploymentReport, ReportedSecret } from '../deployment-report.ts';
import { stateWords } from '../state-words.ts';
import * as tables from './tables.ts';
import * as words from './words.ts';

export function markdown(report: DeploymentReport): string {
  const { deployment, caller, at, period, certificates, controls } = report;
  const heading = `# Secret rotation: ${escaped(`${deployment.name}/${deployment.environment}`)}`;
  const made = `Made ${words.minute(at)} UTC by ${escaped(caller.arn)}, account ${caller.account}, ${caller.region}. It looks back to ${words.day(period.from)} and ahead to ${words.day(period.ahead)}.`;
  const sections = [
    [heading, made],
    attention(report),
    ['## Rotation schedule', table(tables.scheduleTable(report))],
    ['## Secret inventory', table(tables.inventoryTable(report))],
    certificates.length === 0 ? [] : ['## Certificates', table(tables.certificateTable(report))],
    controls === undefined ? [] : controlSections(controls),
    ['## History', ...report.secrets.flatMap(history)],
    [
      '## Contacts',
      ...(report.contacts === undefined ? [] : [table(tables.contactTable(report))]),
      tables.reviewLine(report),
      ...tables.drillLines(report).map(escaped),
    ],
    [
      '## What this report rests on',
      [words.coverage(report), ...words.method].map((line) => `- ${escaped(line)}`).join('\n'),
    ],
  ];
  return `${sections.flat().join('\n\n')}\n`;
}

function attention(report: DeploymentReport): string[] {
  const { secrets, findings } = report;
  if (findings === 0) return ['Nothing needs a person.'];
  const lines = secrets.flatMap(({ key, state, findings: some }) =>
    some.map(
      ({ message }) =>
        `- **${escaped(key)}** (${stateWords[state]}): ${escaped(words.tidy(message))}`,
    ),
  );
  const strays = words.straysToTell(report).map(({ reason }) => `- ${escaped(reason)}`);
  const certificates = words
    .certificatesToTell(report)
    .map(({ name, message }) => `- **${escaped(name)}** (certificate): ${escaped(message)}`);
  const drill = words.drillToTell(report).map((message) => `- ${escaped(message)}`);
  return ['## Needs a person', [...lines, ...certificates, ...strays, ...drill].join('\n')];
}

function history(secret: ReportedSecret): string[] {
  const title = `### ${escaped(secret.key)}`;
  return secret.history.length === 0
    ? [title, 'Nothing is recorded in the period.']
    : [title, table(tables.historyTable(secret))];
}

function controlSections(controls: NonNullable<DeploymentReport['controls']>): string[] {
  return [
    '## Controls',
    table(tables.controlTable(controls)),
    ...controls.flatMap(({ framework, id, title, supports, source, evidence }) => [
      `### ${framework} ${id}: ${escaped(title)}`,
      `${escaped(supports)} Source: <${source}>`,
      table({
        columns: ['Secret', 'Evidence', 'Fact'],
        rows: evidence.map(({ secret, result, fact }) => [
          secret ?? 'the deployment',
          words.resultWords[result],
          fact,
        ]),
      }),
    ]),
  ];
}

function table({ columns, rows }: tables.ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** Nothing of a cell is markup, HTML or a second line (CommonMark 2.4, "Backslash escapes"). */
const escaped = (text: string): string =>
  text.replaceAll(/[\\`*_[\]<>|~#&]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ');
