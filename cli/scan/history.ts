/** Every object of a repository: contents, names, messages; on branches, off them, and where nothing leads any more. */
import type { ScanFinding } from '../../domain/reports/scan-report.ts';
import type { GitObjectsDoor, GitObjectType } from '../../doors/git-objects.ts';
import type { ContentScan, Found } from './content-scan.ts';
import { described } from './described.ts';
import { IdList, readCommit, readTag } from './git-formats.ts';
import { type Introduced, introducedBy } from './introduced.ts';

export interface HistoryScan {
  readonly findings: ScanFinding[];
  readonly commits: number;
  readonly objects: number;
  readonly bytes: number;
}

interface FoundObject {
  readonly oid: string;
  readonly type: GitObjectType;
  readonly found: readonly Found[];
  /** Of a commit or tag: whose message it is. */
  readonly head?: { readonly name?: string; readonly author: string; readonly at?: string };
}

/** Of a commit or tag; what follows is searched, too, but not needed to say whose it is. */
const headBytes = 65_536;
/** So many objects are looked up at once: their paths and commits are held in memory meanwhile. */
const attributedAtOnce = 500;

export async function scanHistory(
  git: GitObjectsDoor,
  repository: string,
  scan: ContentScan,
  { interrupted, read }: { interrupted: AbortSignal; read(bytes: number): void },
): Promise<HistoryScan> {
  const trees = new IdList();
  const commits = new IdList();
  const objects: FoundObject[] = [];
  let [count, total] = [0, 0];
  let current: { oid: string; type: GitObjectType; size: number } = {
    oid: '',
    type: 'blob',
    size: 0,
  };
  let head: Buffer[] = [];
  await git.all(
    {
      begin(object) {
        current = object;
        head = [];
        if (object.type === 'tree') trees.add(object.oid);
        else if (object.type === 'commit') commits.add(object.oid);
        scan.begin(object.size, object.type === 'tree' ? 'names' : 'anything');
      },
      content(bytes) {
        total += bytes.length;
        const hasHead = current.type === 'commit' || current.type === 'tag';
        if (hasHead && sum(head) < headBytes) head.push(Buffer.from(bytes));
        scan.push(bytes);
        read(bytes.length);
      },
      end() {
        count += 1;
        const { oid, type } = current;
        const found = scan.end();
        if (found.length > 0) objects.push({ oid, type, found, ...headOf(type, head) });
      },
    },
    interrupted,
  );
  const introduced = new Map<string, Introduced[]>();
  const held = objects.filter(({ type }) => type === 'blob' || type === 'tree');
  for (let from = 0; from < held.length && !interrupted.aborted; from += attributedAtOnce) {
    const oids = held.slice(from, from + attributedAtOnce).map(({ oid }) => oid);
    for (const [oid, by] of await introducedBy(git, oids, { trees, commits }, interrupted)) {
      introduced.set(oid, by);
    }
  }
  return {
    findings: grouped(objects.flatMap((object) => findingsOf(object, repository, introduced))),
    commits: commits.count,
    objects: count,
    bytes: total,
  };
}

const sum = (pieces: readonly Buffer[]): number =>
  pieces.reduce((bytes, piece) => bytes + piece.length, 0);

function headOf(type: GitObjectType, pieces: readonly Buffer[]): Pick<FoundObject, 'head'> {
  const bytes = Buffer.concat(pieces);
  if (type === 'tag') return { head: readTag(bytes) };
  if (type !== 'commit') return {};
  const { author, at } = readCommit(bytes);
  return { head: { author, ...(at !== undefined && { at }) } };
}

function findingsOf(
  { oid, type, found, head }: FoundObject,
  repository: string,
  introduced: ReadonlyMap<string, readonly Introduced[]>,
): ScanFinding[] {
  const whole = found.map((each) => described(each));
  const at = (place: ScanFinding['place']) => whole.map((each) => ({ ...each, place, times: 1 }));
  if (type === 'commit' && head !== undefined) {
    return at({ in: 'message', repository, commit: { oid, ...head } });
  }
  if (type === 'tag' && head !== undefined) {
    const { name = '', ...by } = head;
    return at({ in: 'tag', repository, tag: { oid, name, ...by } });
  }
  const place = { in: type === 'tree' ? 'name' : 'history', repository, object: oid } as const;
  const known = introduced.get(oid) ?? [];
  return known.length === 0 ? at(place) : known.flatMap((each) => at({ ...place, ...each }));
}

/** One file of many versions is one finding: where it began. */
function grouped(findings: readonly ScanFinding[]): ScanFinding[] {
  const groups = new Map<string, ScanFinding>();
  for (const finding of findings) {
    const { place, secret, what, part } = finding;
    const where =
      place.in === 'history' && place.path !== undefined ? place.path : JSON.stringify(place);
    const key = JSON.stringify([place.in, where, secret, what, part]);
    const known = groups.get(key);
    const earlier = known === undefined || began(finding) < began(known) ? finding : known;
    groups.set(key, { ...earlier, times: (known?.times ?? 0) + 1 });
  }
  return [...groups.values()];
}

const began = ({ place }: ScanFinding): string =>
  ('commit' in place ? place.commit?.at : undefined) ?? '9999';
