/** What is said at the end: the report, how each secret came out, and what to run next. */

import type { EmergencyRecord } from '../../domain/events/emergency.ts';
import { incidentReportSchema } from '../../domain/events/incident-report.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { EmergencyDocument } from '../../domain/reports/emergency-document.ts';
import { incidentLines } from '../../domain/reports/incident/lines.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import type { OpenDeployment, Terminal } from '../command.ts';
import { wrap } from '../table.ts';
import { renderEnd } from './render.ts';
import { storedReport } from './stored-report.ts';

export async function tellEnd(
  deployment: OpenDeployment,
  document: EmergencyDocument,
  terminal: Terminal,
): Promise<void> {
  const { emergency: head, outcome, problem, next } = document;
  const isOver = outcome !== 'interrupted' && outcome !== 'started' && outcome !== 'lifted';
  if (isOver && head?.report !== undefined) {
    try {
      const lines = await reportLines(deployment, head, terminal.columns);
      for (const line of ['', ...lines]) terminal.out(line);
    } catch (error) {
      // Whoever may follow need not be who may read reports.
      const { code, message } = error as { code?: string; message?: string };
      if (!(error instanceof AwsCallError) && !code?.startsWith('ERR_ROTATION_')) throw error;
      terminal.err(`The report could not be read: ${message}`);
    }
  }
  if (isOver) for (const line of renderEnd(document, terminal.columns)) terminal.out(line);
  if (problem !== undefined) {
    const tell = outcome === 'interrupted' ? terminal.out : terminal.err;
    for (const line of wrap(`${problem.message} (${problem.code})`, terminal.columns)) tell(line);
  }
  if (outcome === 'lifted') terminal.out('Lifted: suspects may read again.');
  if (next !== undefined) terminal.out(`Next: ${next}`);
}

/** What is known and what is left to be done; of another release's report, its Markdown. */
async function reportLines(
  deployment: OpenDeployment,
  head: EmergencyRecord,
  width: number,
): Promise<string[]> {
  const report = readAs(incidentReportSchema, parsed(await storedReport(deployment, head, 'json')));
  if (report.success) return incidentLines(report.data, width);
  return (await storedReport(deployment, head, 'md')).trimEnd().split('\n');
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
