/** The report of a scan for a person: where, whose, how it was spelt. Paths and authors are a stranger's words. */
import type { ScanFinding, ScanPlace, ScanReport } from '../../domain/reports/scan-report.ts';
import { oneLine as printableLine } from '../printable.ts';
import { wrap } from '../table.ts';

const controlCharacter = String.fromCharCode(27);
/** Not even our own colours: nothing of this is ours. */
const oneLine = (text: string): string =>
  printableLine(text.replaceAll(controlCharacter, '\\u001b'));

export function renderScan(report: ScanReport, columns: number): string[] {
  const { findings, shared, leftOut, incomplete, notes } = report;
  return [
    ...report.deployments.map(
      ({ deployment, secrets, values, caller }) =>
        `${deployment}: ${counted(values, 'value')} of ${counted(secrets, 'secret')}, as ${caller.arn}${caller.endpoint === undefined ? '' : ` at ${caller.endpoint}`}`,
    ),
    ...report.paths.flatMap(searched),
    ...findings.flatMap((finding) => ['', ...ofFinding(finding)]),
    ...(shared ?? []).flatMap(({ holders }) => [
      '',
      'SHARED between deployments:',
      ...holders.map(
        ({ deployment, secret, what, versions }) =>
          `  ${deployment}  ${secret}  ${what}  in ${versions.map(ofVersion).join('; ')}`,
      ),
    ]),
    ...section(
      'Not looked for:',
      leftOut.map(
        ({ deployment, secret, what, reason }) => `${deployment} ${secret}, ${what}: ${reason}`,
      ),
      columns,
    ),
    ...section('Not looked at:', incomplete, columns),
    ...section('Note:', notes, columns),
    '',
    verdict(report),
  ];
}

function searched({ path, files, bytes, history }: ScanReport['paths'][number]): string[] {
  return [
    ...(files > 0 || history === undefined
      ? [`${oneLine(path)}: ${counted(files, 'file')}, ${size(bytes)}`]
      : []),
    ...(history === undefined
      ? []
      : [
          `${oneLine(history.repository)}: ${counted(history.objects, 'object')} of ${counted(history.commits, 'commit')}, ${size(history.bytes)}`,
        ]),
  ];
}

function ofFinding(finding: ScanFinding): string[] {
  const { kind, deployment, secret, key, what, state, versions, part, spellings, times } = finding;
  if (kind === 'fallback') {
    return [`FALLBACK  ${oneLine(secret)}: ${what}`, `  ${placeOf(finding.place)}`];
  }
  const holding = versions.map(ofVersion).join('; ');
  const advice =
    state === 'live' || state === 'pending'
      ? [`  npx quarterturn emergency ${key} --deployment ${deployment} --reason "found by scan"`]
      : [];
  return [
    `${(state ?? 'found').toUpperCase()}  ${secret}  ${what}  (${holding})`,
    `  ${placeOf(finding.place)}`,
    `  ${part === 'whole' ? 'all of it' : `its ${part} part`}, ${[...spellings].reverse().join(' in ')}${times > 1 ? `, in ${times} versions of the file` : ''}`,
    ...advice,
  ];
}

const ofVersion = ({ versionId, labels, state }: ScanFinding['versions'][number]): string =>
  `${labels.join(', ')} ${versionId}${state === undefined ? '' : ` as ${state}`}`;

function placeOf(place: ScanPlace): string {
  switch (place.in) {
    case 'file':
      return `${oneLine(place.path)}:${place.line}`;
    case 'message':
      return `the message of ${by(place.commit)} in ${oneLine(place.repository)}`;
    case 'tag':
      return `the tag ${oneLine(place.tag.name)}, ${by(place.tag)} in ${oneLine(place.repository)}`;
    case 'name':
    case 'history': {
      const { object, path, commit } = place;
      const what = place.in === 'name' ? 'a name in ' : '';
      const where = path === undefined ? `object ${object}` : `${oneLine(path)} (object ${object})`;
      const since = commit === undefined ? 'in no commit' : `since ${by(commit)}`;
      return `${what}${where}, ${since}, in ${oneLine(place.repository)}`;
    }
  }
}

const by = ({ oid, author, at }: { oid: string; author: string; at?: string }): string =>
  `${oid} of ${at ?? 'no date'} by ${oneLine(author)}`;

function section(title: string, lines: readonly string[], columns: number): string[] {
  return lines.length === 0
    ? []
    : ['', title, ...lines.flatMap((line) => wrap(`  ${oneLine(line)}`, columns))];
}

function verdict({ findings, shared, incomplete }: ScanReport): string {
  const found = [
    ...(findings.length > 0 ? [counted(findings.length, 'finding')] : []),
    ...(shared?.length ? [`${counted(shared.length, 'value')} shared between deployments`] : []),
  ];
  const rest = incomplete.length > 0 ? 'not everything could be looked at' : undefined;
  if (found.length > 0) return [...found, ...(rest ? [rest] : [])].join('; ');
  return rest === undefined
    ? 'Nothing was found.'
    : `Nothing was found, and ${rest}: this proves nothing.`;
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

const size = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(0)} MB`;
