/** A diagnosis as a person reads it. Commands are never wrapped: they are there to be pasted. */
import type {
  DoctoredSecret,
  DoctorFinding,
  DoctorReport,
} from '../../domain/reports/doctor-report.ts';
import type { Terminal } from '../command.ts';
import { wrap } from '../table.ts';

type Look = Pick<Terminal, 'columns' | 'colours'>;

export function renderSecret(secret: DoctoredSecret, look: Look): string[] {
  const { key, name, state, versions, roles = [], reaches, findings, notes, unchecked } = secret;
  const reached = Object.entries(reaches)
    .map(([service, milliseconds]) => `${service} ${milliseconds} ms`)
    .join(', ');
  return [
    '',
    `${paint(key, worst(findings), look)}  ${name}, ${state}`,
    ...versions.flatMap((version) => hanging(versionLine(version), look)),
    ...(roles.length === 0
      ? []
      : hanging(
          `roles: ${roles.map(({ role, exists, canLogin, sessions }) => `${role} ${exists ? `${canLogin ? 'LOGIN' : 'NOLOGIN'}, ${sessions} sessions` : 'missing'}`).join('; ')}`,
          look,
        )),
    ...(reached === '' ? [] : hanging(`reached: ${reached}`, look)),
    ...notes.flatMap((note) => hanging(`note: ${note}`, look)),
    ...unchecked.flatMap((text) => hanging(`not checked: ${text}`, look)),
    ...findings.flatMap((finding) => findingLines(finding, look)),
  ];
}

function versionLine({
  versionId,
  labels,
  value,
  primary,
  attempts = [],
}: DoctoredSecret['versions'][number]): string {
  const material = primary === undefined ? '' : `, ${primary}`;
  const tried = attempts.map(
    ({ at, answer, code, sqlstate, reason }) =>
      `, ${answer === 'failed' ? 'not tested' : answer} at ${at}${answer === 'accepted' ? '' : ` (${[sqlstate ?? code, reason].filter((part) => part !== undefined).join(', ')})`}`,
  );
  const holds = value === 'text' ? 'value' : value === 'none' ? 'no value' : value;
  return `${versionId} ${labels.join(' ')}: ${holds}${material}${tried.join('')}`;
}

export function findingLines(
  { code, level, message, command }: DoctorFinding,
  look: Look,
): string[] {
  return [
    ...hanging(`${paint(level === 'blocks' ? 'X' : '!', level, look)} ${code}: ${message}`, look),
    ...(command === undefined ? [] : [`      ${command}`]),
  ];
}

export function renderRest(report: DoctorReport, look: Look): string[] {
  const consumers = report.consumers.flatMap(({ consumer, looked, findings, unchecked }) => [
    '',
    `consumer ${consumer}${looked === undefined ? '' : `  ${looked}`}`,
    ...unchecked.flatMap((text) => hanging(`not checked: ${text}`, look)),
    ...findings.flatMap(({ code, level, container, variable, message }) =>
      findingLines({ code, level, message: `${container}, ${variable}: ${message}` }, look),
    ),
  ]);
  const paths = report.paths.flatMap(({ topic, listening, findings }) => [
    '',
    `topic ${topic}  ${listening} listening`,
    ...findings.flatMap((finding) => findingLines(finding, look)),
  ]);
  const { accessAudit = [] } = report;
  const readers = [
    ...(accessAudit.length === 0 ? [] : ['', 'who read which secret']),
    ...accessAudit.flatMap((finding) => findingLines(finding, look)),
  ];
  const unchecked = report.unchecked.flatMap((text) => wrap(`Not checked: ${text}`, look.columns));
  return [
    ...consumers,
    ...paths,
    ...readers,
    ...(unchecked.length === 0 ? [] : ['', ...unchecked]),
    '',
    report.findings === 0
      ? 'Nothing needs a person.'
      : `${report.findings} ${report.findings === 1 ? 'finding needs' : 'findings need'} a person.`,
  ];
}

const worst = (findings: readonly DoctorFinding[]): 'blocks' | 'warns' | undefined =>
  findings.some(({ level }) => level === 'blocks')
    ? 'blocks'
    : findings.length > 0
      ? 'warns'
      : undefined;

function paint(text: string, level: 'blocks' | 'warns' | undefined, { colours }: Look): string {
  const colour = level === 'blocks' ? 31 : level === 'warns' ? 33 : 32;
  return colours ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function hanging(text: string, { columns }: Look): string[] {
  const [first = '', ...others] = wrap(text, Math.max(columns - 4, 20));
  return [`  ${first}`, ...others.map((line) => `    ${line}`)];
}
