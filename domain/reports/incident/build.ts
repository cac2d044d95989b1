/** Facts → the report of an incident. */
import type { IncidentReport } from '../../events/incident-report.ts';
import type { IncidentFacts } from './facts.ts';

export function incidentReport(facts: IncidentFacts): IncidentReport {
  throw new Error(`not built yet: ${facts.emergency.id}`);
}
