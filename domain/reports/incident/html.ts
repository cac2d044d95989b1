/** The report of an incident as html. */
import type { IncidentReport } from '../../events/incident-report.ts';

export function incidentHtml(report: IncidentReport): string {
  throw new Error(`not built yet: ${report.emergency}`);
}
