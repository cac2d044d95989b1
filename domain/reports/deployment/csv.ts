/**
 * One table as CSV (RFC 4180): CRLF, every field quoted where it must be. A secret a line; with controls, a control
 * and its evidence a line.
 *
 * A spreadsheet takes a field that begins with one of `= + - @`, a tab or a carriage return as a formula, quoted or
 * not, so such a field gets an apostrophe in front (OWASP, "CSV Injection").
 */
import type { DeploymentReport } from '../deployment-report.ts';
import * as words from './words.ts';
import { resultWords } from './words.ts';

export function csv(report: DeploymentReport): string {
  const rows = report.controls === undefined ? secretRows(report) : controlRows(report.controls);
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function secretRows({ secrets }: DeploymentReport): string[][] {
  return [
    [
      'secret',
      'name',
      'kind',
      'purpose',
      'state',
      'last_rotated',
      'next_due',
      'frequency',
      'storage',
      'encryption_at_rest',
      'who_has_access',
      'findings',
    ],
    ...secrets.map((secret) => [
      secret.key,
      secret.name,
      secret.kind,
      secret.purpose,
      secret.state,
      words.day(secret.lastRotatedAt),
      words.day(secret.nextDueAt),
      words.frequency(secret),
      words.storage(secret),
      words.encryption(secret),
      words.access(secret),
      secret.findings.map(({ message }) => message).join('; '),
    ]),
  ];
}

function controlRows(controls: NonNullable<DeploymentReport['controls']>): string[][] {
  return [
    ['framework', 'control', 'title', 'secret', 'evidence', 'fact', 'source'],
    ...controls.flatMap(({ framework, id, title, source, evidence }) =>
      evidence.map(({ secret, result, fact }) => [
        framework,
        id,
        title,
        secret ?? '',
        resultWords[result],
        fact,
        source,
      ]),
    ),
  ];
}

function field(text: string): string {
  const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
