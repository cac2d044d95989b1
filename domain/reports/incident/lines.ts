/** The report of an incident on a terminal. */
import type { IncidentReport } from '../../events/incident-report.ts';

/** @param width columns */
export function incidentLines(report: IncidentReport, width: number): string[] {
  throw new Error(`not built yet: ${report.emergency}, ${width}`);
}
