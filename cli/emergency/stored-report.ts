/** The report of an emergency as the machine stored it: printed, or saved. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { EmergencyRecord } from '../../domain/events/emergency.ts';
import { isAwsError } from '../../doors/aws-call.ts';
import type { OpenDeployment } from '../command.ts';
import { ReportFileError, UsageError } from '../errors.ts';
import { NoIncidentReportError } from './errors.ts';

const reportFormats = ['md', 'html', 'json'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** `--format`, then the ending of the file, then Markdown. @throws UsageError */
export function reportFormatOf({
  format,
  out,
  json,
}: {
  readonly format?: string | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}): ReportFormat {
  if (json === true && format !== undefined && format !== 'json') {
    throw new UsageError(`--json asks for JSON, and --format for ${format}; expected one of them.`);
  }
  const ending = out === undefined ? '' : extname(out).slice(1).toLowerCase();
  const asked = json === true ? 'json' : (format ?? (ending === '' ? 'md' : ending));
  const found = reportFormats.find((one) => one === asked);
  if (found === undefined) {
    throw new UsageError(
      `"${asked}" is no form of this report; expected ${reportFormats.join(', ')}${format === undefined ? ' as the ending of the file, or --format' : ''}.`,
    );
  }
  return found;
}

/** @throws NoIncidentReportError, AwsCallError */
export async function storedReport(
  { incidentReports, caller }: OpenDeployment,
  { id, report, state }: EmergencyRecord,
  format: ReportFormat,
): Promise<string> {
  if (report === undefined) {
    throw new NoIncidentReportError(
      `${id} has no report${state === 'running' ? ' yet: it is written near the end' : ''}; expected one that was stored. ${state === 'running' ? 'Follow it' : 'Go on with it'}: npx quarterturn emergency ${state === 'running' ? '--follow' : '--resume'} ${id}.`,
    );
  }
  const { bucket } = report;
  const key = keyOf(report.key, format);
  try {
    return await incidentReports.read({ bucket, key, owner: caller.account });
  } catch (error) {
    if (!isAwsError(error, 'NoSuchKey')) throw error;
    throw new NoIncidentReportError(
      `s3://${bucket}/${key} is not there, although the record of ${id} names it; expected the report. Its bucket keeps versions: aws s3api list-object-versions --bucket ${bucket} --prefix ${id}/.`,
    );
  }
}

/** One object a form, side by side; the record names one of them. */
export const keyOf = (key: string, format: ReportFormat): string =>
  `${key.replace(/\.(json|md|html)$/, '')}.${format}`;

/** @throws ReportFileError */
export async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ReportFileError(
      `The report could not be written to ${file} (${code ?? 'unknown'}); expected a file this user may write, in a folder that exists.`,
    );
  }
}
