/** An emergency as a person reads it: how it ended, and those there were. */
import type {
  DrilledRecord,
  EmergencyRecord,
  EmergencySecretRecord,
} from '../../domain/events/emergency.ts';
import type { EmergencyDocument } from '../../domain/reports/emergency-document.ts';
import { type Column, table, wrap } from '../table.ts';

/** @param width columns of the terminal */
export function renderEnd(document: EmergencyDocument, width: number): string[] {
  const { emergency: head, secrets, drilled, outcome } = document;
  if (head === undefined) return [];
  return [
    '',
    ...table(columnsOf(head), secrets, width),
    ...secrets.flatMap(({ key, reason, command }) => [
      ...(reason === undefined ? [] : wrap(`- ${key}: ${reason}`, width)),
      // In one piece, however narrow the terminal: it is there to be pasted.
      ...(command === undefined ? [] : [`    ${command}`]),
    ]),
    ...(head.report === undefined
      ? []
      : ['', `Report: s3://${head.report.bucket}/${head.report.key}`]),
    ...(drilled === undefined ? [] : wrap(expectation(drilled), width)),
    ...conclusion(document, head, outcome),
  ];
}

function conclusion(
  { secrets }: EmergencyDocument,
  head: EmergencyRecord,
  outcome: EmergencyDocument['outcome'],
): string[] {
  if (outcome === 'passed') return [`Drill passed: nothing was found, and nothing was changed.`];
  if (outcome !== 'closed') return [];
  const open = secrets.filter(({ state }) => state === 'person').length;
  const took = `${head.id} is closed, after ${since(head.startedAt, head.endedAt)}.`;
  return [
    open === 0 ? took : `${took} ${open} ${open === 1 ? 'secret needs' : 'secrets need'} a person.`,
  ];
}

/** As the last drill measured it. */
export const expectation = ({ deadWithinSeconds, overWithinSeconds }: DrilledRecord): string =>
  `A real one is expected to have old credentials dead within ${span(deadWithinSeconds)}, and to be over within ${span(overWithinSeconds)}.`;

function columnsOf({ startedAt }: EmergencyRecord): Column<EmergencySecretRecord>[] {
  const after = (at: string | undefined) => (at === undefined ? '' : since(startedAt, at));
  return [
    { title: 'SECRET', cell: ({ key }) => key },
    { title: 'EXPOSED', cell: ({ exposed }) => (exposed ? 'yes' : 'no'), optional: true },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'PROMOTED', cell: ({ promotedAt }) => after(promotedAt), align: 'right' },
    { title: 'PROVEN', cell: ({ provenAt }) => after(provenAt), align: 'right' },
    { title: 'VERSION', cell: ({ versionId }) => versionId ?? '', optional: true },
  ];
}

export function renderList(
  emergencies: readonly EmergencyRecord[],
  drilled: DrilledRecord | undefined,
  width: number,
): string[] {
  if (emergencies.length === 0) return ['There was no emergency yet, and no drill.'];
  return [
    ...table(listColumns, emergencies, width),
    ...(drilled === undefined ? [] : ['', ...wrap(lastDrill(drilled), width)]),
  ];
}

export const lastDrill = ({ at, outcome, findings }: DrilledRecord): string =>
  `Last drill: ${minute(at)}, ${outcome === 'findings' ? `${findings} ${findings === 1 ? 'finding' : 'findings'}` : outcome}.`;

const listColumns: readonly Column<EmergencyRecord>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'KIND', cell: ({ drill }) => (drill ? 'drill' : 'EMERGENCY') },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'BEGAN', cell: ({ startedAt }) => minute(startedAt) },
  { title: 'TOOK', cell: ({ startedAt, endedAt }) => since(startedAt, endedAt), align: 'right' },
  { title: 'EXPOSED', cell: ({ exposed }) => exposed.join(', ') },
  { title: 'BY', cell: ({ requestedBy }) => requestedBy, optional: true },
  { title: 'WHY', cell: ({ reason }) => reason, optional: true },
];

const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')}Z`;

const since = (from: string, to: string | undefined): string =>
  to === undefined ? '' : span((Date.parse(to) - Date.parse(from)) / 1_000);

/** `48 s`, `12 min 4 s`, `2 h 10 min`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  const more = minutes % 60;
  return more === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${more} min`;
}
