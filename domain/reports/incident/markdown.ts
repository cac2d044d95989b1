/** The report of an incident as markdown. */
import type { IncidentReport } from '../../events/incident-report.ts';

export function incidentMarkdown(report: IncidentReport): string {
  throw new Error(`not built yet: ${report.emergency}`);
}
