/** The report of an incident on a terminal: what is known, and what is left to be done. The rest is in its file. */
import type { IncidentReport } from '../../events/incident-report.ts';
import * as tables from './tables.ts';
import { shown } from './visible.ts';
import * as words from './words.ts';

/** @param width columns; no line is longer, but for words and commands that are */
export function incidentLines(report: IncidentReport, width: number): string[] {
  const it = shown(report);
  const open = it.remaining.filter(({ state }) => state !== 'done');
  const fact = (name: string, text: string) => wrapped(`${name}: ${text}`, width, '', '  ');
  return [
    ...wrapped(it.title, width),
    ...wrapped(`${it.overview.words} Outcome: ${tables.outcomeOf(it)}.`, width),
    ...titled(
      'Act now',
      it.alerts.flatMap(({ words: text, commands }) => entry(text, commands, width)),
    ),
    ...titled(
      'Not proven dead',
      it.overview.notProven.flatMap((text) => entry(text, [], width)),
    ),
    ...titled(
      'What failed or is missing',
      it.problems.flatMap((text) => entry(text, [], width)),
    ),
    '',
    ...tables
      .factRows(it)
      .filter(([name]) => name.startsWith('Until'))
      .flatMap(([name, text]) => fact(name, text)),
    ...it.secrets
      .filter(({ standing }) => standing !== 'notTouched')
      .flatMap(({ key, standing }) => fact(key, words.standingWords[standing])),
    ...fact('Readers', it.readers.words),
    ...titled(
      'Left to be done',
      open.flatMap(({ words: text, state, who, commands }) =>
        entry(
          `[ ] ${text}${who === undefined ? '' : ` (${who})`}${state === 'underWay' ? ', goes on by itself' : ''}`,
          commands,
          width,
        ),
      ),
    ),
  ];
}

const titled = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title.toUpperCase(), ...lines];

const entry = (text: string, commands: readonly string[], width: number): string[] => [
  ...wrapped(text, width, '  ', '    '),
  ...commands.map((command) => `      ${command}`),
];

function wrapped(text: string, width: number, first = '', next = first): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + word.length + 1 > Math.max(width, 20)) {
      lines.push(line);
      line = next;
    }
    line = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
