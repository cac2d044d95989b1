/** The report of an incident as Markdown (GitHub's), for a wiki or a ticket. Nothing of its texts is markup, a link or a mention. */
import type { IncidentReport, Remaining } from '../../events/incident-report.ts';
import type { ReportTable } from '../deployment/tables.ts';
import * as tables from './tables.ts';
import { shown } from './visible.ts';
import * as words from './words.ts';

export function incidentMarkdown(report: IncidentReport): string {
  const it = shown(report);
  const sections = [
    [`# ${escaped(it.title)}`],
    it.drill ? ['**DRILL**: everything was looked at, and nothing was changed.'] : [],
    it.alerts.length === 0
      ? []
      : [
          '## Act now',
          ...it.alerts.map((one) => item(`- **${escaped(one.words)}**`, [], one.commands)),
        ],
    ['## Overview', `**${escaped(it.overview.words)}** Outcome: ${tables.outcomeOf(it)}.`],
    bullets(it.overview.notProven),
    [table({ columns: ['Fact', 'Is'], rows: tables.factRows(it) })],
    it.problems.length === 0 ? [] : ['### What failed or is missing', ...bullets(it.problems)],
    ['## Timeline', table({ columns: tables.timelineColumns, rows: it.timeline.map(stage) })],
    [
      `## ${it.drill ? 'What would be exposed' : 'What was exposed'}`,
      `${escaped(words.listed(it.exposure.secrets))}. ${escaped(it.exposure.words)}`,
    ],
    it.exposure.suspects.length === 0
      ? []
      : [`Suspects: ${escaped(words.listed(it.exposure.suspects))}`],
    [
      `## ${it.drill ? 'What was looked at' : 'What was replaced'}`,
      table({ columns: tables.secretColumns, rows: it.secrets.map(tables.secretRow) }),
    ],
    it.secrets.flatMap(secret),
    ['## Who read them', escaped(it.readers.words)],
    (it.readers.audit?.readers.length ?? 0) === 0 ? [] : [table(tables.readerTable(it))],
    bullets(tables.coverageLines(it)),
    ['## What is left to be done', it.remaining.map(remaining).join('\n')],
    [
      '## Contacts',
      ...(it.contacts === undefined ? [] : [table(tables.contactTable(it))]),
      tables.reviewLine(it),
    ],
    ['## What this report rests on', ...bullets(it.basis)],
    [`Made ${words.second(it.at)} UTC by Quarterturn.`],
  ];
  return `${sections.flat().join('\n\n')}\n`;
}

const stage = (one: IncidentReport['timeline'][number]): string[] => [
  ...tables.timelineRow(one),
  tables
    .foundBy(one)
    .map(({ text }) => text)
    .join('; '),
];

function secret(one: IncidentReport['secrets'][number]): string[] {
  return [
    `### ${escaped(one.key)}`,
    escaped(one.words),
    ...bullets([
      ...one.evidence.map((fact) => fact.words),
      ...(one.preempted === undefined
        ? []
        : [`rotation ${one.preempted} was under way and gave way`]),
      ...(one.afterRotation === undefined
        ? []
        : [`what follows the rotation: ${one.afterRotation}`]),
    ]),
  ];
}

const bullets = (lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [lines.map((line) => `- ${escaped(line)}`).join('\n')];

function remaining({ words: text, state, because, who, commands }: Remaining): string {
  const of = who === undefined ? '' : ` (${escaped(who)})`;
  const goesOn = state === 'underWay' ? ', goes on by itself' : '';
  return item(
    `- [${state === 'done' ? 'x' : ' '}] **${escaped(text)}**${of}${goesOn}`,
    because,
    commands,
  );
}

/** A command is shown as it is: a fence longer than any of its own. */
function item(head: string, because: readonly string[], commands: readonly string[]): string {
  const text = commands.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const shell = commands.length === 0 ? [] : [`${fence}sh`, ...commands, fence];
  return [
    head,
    ...because.map((line) => `  - ${escaped(line)}`),
    ...(shell.length === 0 ? [] : ['', ...shell.map((line) => `  ${line}`), '']),
  ].join('\n');
}

function table({ columns, rows }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/**
 * Nothing of a text is markup, HTML or a second line (CommonMark 2.4, "Backslash escapes"), the beginning of a list, a
 * heading or a table, nor a link by itself (GFM 6.9, "Autolinks": `https://`, `www.`).
 */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_[\]<>|~#&@]/g, (character) => `\\${character}`)
    .replaceAll('://', ':\\/\\/')
    .replaceAll(/\bwww\./gi, (found) => `${found.slice(0, -1)}\\.`)
    .replaceAll(/\s+/g, ' ')
    .replace(/^([-+=]|\d+(?=[.)]))/, (found) => (/\d/.test(found) ? `${found}\\` : `\\${found}`));
}
