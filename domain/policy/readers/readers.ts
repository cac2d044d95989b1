/** Who read the secrets, for people: whom nobody declared comes first, and what there was no room for is counted. */
import { identityKey } from './sighting.ts';
import type { Access, Source, TallyState, Touched } from './tally.ts';

export type Standing = 'unknown' | 'declared' | 'own';

export interface Known {
  /** Identity keys (`identityKey`) of roles of this deployment's functions. */
  readonly own: ReadonlySet<string>;
  /** Identity keys of roles and users that were given a way to read, and the keys of the secrets it is for. */
  readonly declared: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The shape of `domain/events/access-audit.ts`. */
export interface Reader {
  principal: string;
  standing: Standing;
  account?: string;
  firstAt: string;
  lastAt: string;
  sources: Source[];
  moreSources: number;
  sessions?: string[];
  secrets: {
    key: string;
    reads: number;
    denied: number;
    versions: { versionId: string; reads: number }[];
  }[];
  readNew: boolean;
}

export interface Readers {
  readers: Reader[];
  moreReaders: number;
  /** Some have more versions of a secret than are listed. */
  hasMoreVersions: boolean;
}

export interface ReadersOptions {
  readonly known: Known;
  /** Versions that came with the emergency, by key. */
  readonly newVersions: Readonly<Record<string, string>>;
  /** The answer in JSON, at most. */
  readonly bytes?: number;
}

/** In DynamoDB an item ends at 400 KB, a state's input at 256 KiB: the readers share it with the rest. */
const mostBytes = 140_000;
const mostReaders = 200;
const mostSources = 20;

const order: Readonly<Record<Standing, number>> = { unknown: 0, declared: 1, own: 2 };

export function readersOf(tally: TallyState, options: ReadersOptions): Readers {
  const { known, newVersions, bytes = mostBytes } = options;
  const all = tally.accesses
    .map((access) => readerOf(access, known, newVersions))
    .sort(
      (one, other) =>
        order[one.standing] - order[other.standing] ||
        Number(other.readNew) - Number(one.readNew) ||
        compare(other.lastAt, one.lastAt) ||
        compare(one.principal, other.principal),
    );
  const { kept, dropped } = fitting(all, bytes);
  return {
    readers: kept,
    moreReaders: dropped + tally.moreAccesses,
    hasMoreVersions: tally.accesses.some(({ secrets }) =>
      secrets.some(({ moreVersions }) => moreVersions > 0),
    ),
  };
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

function readerOf(
  access: Access,
  known: Known,
  newVersions: ReadersOptions['newVersions'],
): Reader {
  const sources = [...access.sources].sort(
    (one, other) => other.count - one.count || compare(other.lastAt, one.lastAt),
  );
  return {
    principal: access.principal,
    standing: standingOf(access, known),
    ...(access.account !== undefined && { account: access.account }),
    firstAt: access.firstAt,
    lastAt: access.lastAt,
    sources: sources.slice(0, mostSources),
    moreSources: access.moreSources + Math.max(0, sources.length - mostSources),
    ...(access.sessions.length > 0 && { sessions: [...access.sessions] }),
    secrets: access.secrets.map((touched) => ({
      key: touched.key,
      reads: readsOf(touched),
      denied: touched.denied,
      versions: touched.versions.map((version) => ({ ...version })),
    })),
    readNew: access.secrets.some(({ key, versions }) =>
      versions.some(({ versionId }) => versionId === newVersions[key]),
    ),
  };
}

/**
 * A batch leaves a GetSecretValue for each of its secrets, answered or refused (API_BatchGetSecretValue); where one is
 * missing (another page, a bound) the batch itself still says that it was asked for.
 */
const readsOf = ({ gets, batches, denied }: Touched): number => Math.max(gets, batches - denied);

/** Declared for some secrets is not declared for all: who touches another one is told first. */
export function standingOf({ principal, secrets }: Access, { own, declared }: Known): Standing {
  const key = identityKey(principal);
  if (key === undefined) return 'unknown';
  if (own.has(key)) return 'own';
  const mayRead = declared.get(key);
  return mayRead !== undefined && secrets.every((touched) => mayRead.has(touched.key))
    ? 'declared'
    : 'unknown';
}

/** Fewer sources of each, then fewer of those at the end. */
function fitting(all: readonly Reader[], bytes: number): { kept: Reader[]; dropped: number } {
  const first = all.slice(0, mostReaders);
  for (const sources of [mostSources, 5, 1]) {
    const kept = first.map((reader) => withSources(reader, sources));
    if (JSON.stringify(kept).length <= bytes) return { kept, dropped: all.length - kept.length };
  }
  const kept: Reader[] = [];
  let room = bytes - 2;
  for (const reader of first) {
    const least = withSources(reader, 1);
    room -= JSON.stringify(least).length + 1;
    if (room < 0) break;
    kept.push(least);
  }
  return { kept, dropped: all.length - kept.length };
}

const withSources = (reader: Reader, most: number): Reader => ({
  ...reader,
  sources: reader.sources.slice(0, most),
  moreSources: reader.moreSources + Math.max(0, reader.sources.length - most),
});
