/** The forms of a report, and which one a file's name asks for. */
import { extname } from 'node:path';
import { csv } from '../../domain/reports/deployment/csv.ts';
import { markdown } from '../../domain/reports/deployment/markdown.ts';
import type { DeploymentReport } from '../../domain/reports/deployment-report.ts';
import { page } from '../../domain/reports/html/page.ts';
import { UsageError } from '../errors.ts';
import type { Look } from '../status/render.ts';
import { renderReport } from './render.ts';

export const formats = ['terminal', 'md', 'html', 'json', 'csv'] as const;
export type Format = (typeof formats)[number];

export interface Asked {
  readonly format?: string | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `--json` wins, then `--format`, then the ending of the file. @throws UsageError */
export function formatOf({ format, out, json }: Asked): Format {
  const asked = json === true ? 'json' : format;
  const ending = out === undefined ? undefined : extname(out).slice(1).toLowerCase();
  const named = asked ?? (ending === undefined ? 'terminal' : endings[ending]);
  if (json === true && format !== undefined && format !== 'json') {
    throw new UsageError(`--json asks for JSON, and --format for ${format}; expected one of them.`);
  }
  if (named === undefined) {
    throw new UsageError(
      `"${out}" ends in none of ${Object.keys(endings)
        .map((it) => `.${it}`)
        .join(', ')}; name the file so, or add --format.`,
    );
  }
  if (!isFormat(named)) {
    throw new UsageError(`"${named}" is no format; expected one of ${formats.join(', ')}.`);
  }
  return named;
}

const endings: Readonly<Record<string, Format>> = {
  md: 'md',
  markdown: 'md',
  html: 'html',
  htm: 'html',
  json: 'json',
  csv: 'csv',
  txt: 'terminal',
};

const isFormat = (text: string): text is Format => formats.some((format) => format === text);

/** The whole text, its last line break included. */
export function rendered(report: DeploymentReport, format: Format, look: Look): string {
  switch (format) {
    case 'md':
      return markdown(report);
    case 'html':
      return page(report);
    case 'csv':
      return csv(report);
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'terminal':
      return `${renderReport(report, look).join('\n')}\n`;
  }
}
