/** The report, held against its schema. */
import { expect } from '@jest/globals';
import { incidentReportSchema } from '../../../../domain/events/incident-report.ts';
import { incidentReport } from '../../../../domain/reports/incident/build.ts';
import type { IncidentFacts } from '../../../../domain/reports/incident/facts.ts';

/** Everything of it is what its schema says, to the field. */
export function reportOf(given: IncidentFacts) {
  const report = incidentReport(given);
  expect(incidentReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  return report;
}
/** What is left to be done, by its id. */
export const item = (given: IncidentFacts, which: string) =>
  reportOf(given).remaining.find((one) => one.id === which);
