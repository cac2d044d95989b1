/** The tables of the report as rows of text, whatever renders them. */
import type { ControlReport, DeploymentReport, ReportedSecret } from '../deployment-report.ts';
import { lastDrillWords } from '../emergency-status.ts';
import { stateWords } from '../state-words.ts';
import * as words from './words.ts';

export interface ReportTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const scheduleTable = ({ secrets }: DeploymentReport): ReportTable => ({
  columns: ['Secret', 'State', 'Last rotated', 'Next due', 'Frequency'],
  rows: secrets.map((secret) => [
    secret.key,
    stateWords[secret.state],
    words.lastRotated(secret),
    words.nextDue(secret),
    words.frequency(secret),
  ]),
});

export const inventoryTable = ({ secrets }: DeploymentReport): ReportTable => ({
  columns: ['Secret', 'Purpose', 'Storage', 'Encryption at rest', 'Who has access'],
  rows: secrets.map((secret) => [
    secret.key,
    secret.purpose,
    words.storage(secret),
    words.encryption(secret),
    words.access(secret),
  ]),
});

export const certificateTable = ({ certificates }: DeploymentReport): ReportTable => ({
  columns: ['Certificate', 'Read from', 'Expires', 'Days left'],
  rows: certificates.map(({ name, source, notAfter, daysLeft, problem }) => [
    name,
    source,
    notAfter === undefined ? (problem ?? '') : words.day(notAfter),
    daysLeft === undefined ? '' : String(daysLeft),
  ]),
});

export const historyTable = ({ history }: ReportedSecret): ReportTable => ({
  columns: ['When (UTC)', 'What', 'Triggered by', 'Outcome', 'Evidence', 'Known from'],
  rows: history.map((entry) => [
    words.minute(entry.at),
    words.title(entry),
    words.triggeredBy(entry),
    words.outcome(entry),
    words.evidence(entry).join('; '),
    words.proofWords[entry.proof],
  ]),
});

export const contactTable = ({ contacts }: DeploymentReport): ReportTable => ({
  columns: ['Role', 'Name', 'Reached by'],
  rows: (contacts?.people ?? []).map(({ role, name, reach }) => [
    role,
    name,
    reach ?? 'not published',
  ]),
});

export const controlTable = (controls: readonly ControlReport[]): ReportTable => ({
  columns: ['Framework', 'Control', 'Title', 'Evidence'],
  rows: controls.map(({ framework, id, title, result }) => [
    framework,
    id,
    title,
    words.resultWords[result],
  ]),
});

/** When emergencies were last practised. */
export const drillLines = ({ lastDrill }: DeploymentReport): string[] =>
  lastDrill === undefined ? [] : [lastDrillWords(lastDrill)];

/** Last updated, next review. */
export function reviewLine({ contacts }: DeploymentReport): string {
  if (contacts === undefined) return 'This deployment names no contacts.';
  const { reviewedOn, nextReviewOn, reviewOverdue } = contacts;
  return reviewedOn === undefined
    ? 'Last updated: not recorded. Next review: overdue.'
    : `Last updated: ${reviewedOn}. Next review: ${nextReviewOn}${reviewOverdue ? ' (overdue)' : ''}.`;
}
