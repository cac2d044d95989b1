/**
 * CloudTrail's event history, page by page: for deployments without a trail, and regions of which the trail says
 * nothing. It answers two requests a second with fifty records each, whoever asks, so it is bounded, the newest first.
 *
 * One attribute a request. Reads are asked for by EventName: a caller may name a secret by its name or by part of its
 * ARN, and ResourceName would find one way of them. Decryptions are asked for by ResourceName, the ARN of a key: by
 * EventName every decryption of the account would be read, of every bucket and queue.
 */
import type { AccessAudit } from '../../domain/events/access-audit.ts';
import {
  delivered,
  historyMilliseconds,
  tooYoung,
  toTheSecond,
} from '../../domain/policy/readers/coverage.ts';
import { isBy, printable } from '../../domain/policy/readers/sighting.ts';
import type { Tally } from '../../domain/policy/readers/tally.ts';
import type { Clock } from '../../doors/clock.ts';
import type { CloudTrailDoor, LookupRequest } from '../../doors/cloud-trail.ts';
import type { RegionProgress } from './progress.ts';
import type { Asked } from './question.ts';

type What = keyof RegionProgress['since'];

interface Lookup {
  readonly what: What;
  readonly attribute: LookupRequest['attribute'];
  /** Pages of this lookup, at most. */
  readonly pages: number;
}

/** 35,000 reads; batches leave reads besides; versions are an addition to what reads say. */
export const mostPages = { reads: 700, batches: 50, versions: 200 } as const;

/** Of one call; in milliseconds. */
export const callMilliseconds = 25_000;
/** Whoever asks waits for 15 and 20 minutes (quarterturn offboard, the machine of emergencies). */
export const historyAuditMilliseconds = 12 * 60_000;
/** "limited to two per second, per account, per Region" (API_LookupEvents): somebody else may be asking, too. */
const pause = 600;

const tooLong = `given up after ${historyAuditMilliseconds / 60_000} minutes`;

export interface HistoryQuestion {
  readonly asked: Asked;
  /** Of the deployment's region; a multi-Region key has the same id in every region. */
  readonly keys: readonly string[];
  readonly homeRegion: string;
  readonly begunAt: Date;
}

export const beginRegion = (region: string): RegionProgress => ({
  region,
  lookup: 0,
  pages: 0,
  since: {},
});

/** What is left out of the lookups of a region, because its keys are not known. */
const isWithoutKeys = (lookups: readonly Lookup[]) =>
  !lookups.some(({ what }) => what === 'versions');

function lookupsOf({ keys, homeRegion }: HistoryQuestion, region: string): Lookup[] {
  const here = region === homeRegion ? keys : keys.flatMap((key) => replicaOf(key, region) ?? []);
  return [
    {
      what: 'reads',
      attribute: { key: 'EventName', value: 'GetSecretValue' },
      pages: mostPages.reads,
    },
    {
      what: 'batches',
      attribute: { key: 'EventName', value: 'BatchGetSecretValue' },
      pages: mostPages.batches,
    },
    ...here.map(
      (key): Lookup => ({
        what: 'versions',
        attribute: { key: 'ResourceName', value: key },
        pages: Math.ceil(mostPages.versions / here.length),
      }),
    ),
  ];
}

/** `mrk-`: "related multi-Region keys have the same key ID" (KMS developer guide, "Multi-Region keys"). */
const replicaOf = (key: string, region: string): string | undefined =>
  /:key\/mrk-/.test(key)
    ? key.replace(/^(arn:[a-z-]+:kms:)[a-z0-9-]+:/, `$1${region}:`)
    : undefined;

/** Goes on in every region at once until the call's time is up: each has its own two requests a second. */
export async function askHistory(
  doors: { history: CloudTrailDoor; clock: Clock },
  question: HistoryQuestion,
  tally: Tally,
  regions: readonly RegionProgress[],
): Promise<RegionProgress[]> {
  const ends = doors.clock.now().getTime() + callMilliseconds;
  return Promise.all(regions.map((progress) => askRegion(doors, question, tally, progress, ends)));
}

export function isDone(question: HistoryQuestion, { region, lookup }: RegionProgress): boolean {
  return lookup >= lookupsOf(question, region).length;
}

async function askRegion(
  { history, clock }: { history: CloudTrailDoor; clock: Clock },
  question: HistoryQuestion,
  tally: Tally,
  progress: RegionProgress,
  ends: number,
): Promise<RegionProgress> {
  const { asked, begunAt } = question;
  const { region } = progress;
  const isAsked = isBy(asked.principal);
  const { from, to } = boundsOf(question);
  const lookups = lookupsOf(question, region);
  const gaveUp = begunAt.getTime() + historyAuditMilliseconds;
  let state = progress;
  let isFirst = true;
  for (;;) {
    const lookup = lookups[state.lookup];
    if (lookup === undefined) return state;
    if (from >= to) {
      state = ended(state, lookup, to);
      continue;
    }
    const now = clock.now().getTime();
    if (now >= gaveUp) {
      state = ended(state, lookup, state.oldest ?? to, tooLong);
      continue;
    }
    if (now >= ends) return state;
    if (!isFirst) await clock.sleep(pause);
    isFirst = false;
    let page: Awaited<ReturnType<CloudTrailDoor['lookup']>>;
    try {
      page = await history.lookup({
        region,
        attribute: lookup.attribute,
        from: new Date(from),
        to: new Date(to),
        token: state.token,
      });
    } catch (error) {
      state = ended(state, lookup, state.oldest ?? to, (error as Error).message);
      continue;
    }
    if (page === 'throttled') continue;
    if (page === 'ended') {
      state = ended(
        state,
        lookup,
        state.oldest ?? to,
        'CloudTrail did not go on from its own token',
      );
      continue;
    }
    for (const sighting of page.sightings) {
      if (isAsked(sighting.identity)) tally.add(sighting);
    }
    const { token } = page;
    const oldest = page.oldest ? toTheSecond(page.oldest) : state.oldest;
    const pages = state.pages + 1;
    if (token === undefined) state = ended(state, lookup, from);
    else if (pages >= lookup.pages) {
      state = ended(
        state,
        lookup,
        oldest ?? to,
        `more than ${pages} pages of ${lookup.attribute.value}`,
      );
    } else {
      state = { ...state, pages, token, ...(oldest !== undefined && { oldest }) };
    }
  }
}

/** @param reached from when on this lookup says something; its end: it says nothing */
function ended(
  { region, lookup, since, problem: before }: RegionProgress,
  { what }: Lookup,
  reached: string,
  problem?: string,
): RegionProgress {
  const told = [...(before ? [before] : []), ...(problem ? [`${what}: ${problem}`] : [])].join(
    '; ',
  );
  // Of several keys the one that reaches least far back.
  const earlier = since[what] ?? reached;
  return {
    region,
    lookup: lookup + 1,
    pages: 0,
    since: { ...since, [what]: earlier > reached ? earlier : reached },
    ...(told !== '' && { problem: printable(told, 512) }),
  };
}

/** Event history ends 90 days ago. */
function boundsOf({ asked, begunAt }: HistoryQuestion): { from: string; to: string } {
  const oldest = toTheSecond(new Date(begunAt.getTime() - historyMilliseconds));
  const { from, to } = asked.interval;
  return { from: from < oldest ? oldest : from, to };
}

/** What the look at one region says, from when to when. */
export function historyCoverage(
  question: HistoryQuestion,
  { region, since, problem }: RegionProgress,
  events: number,
): { covered: AccessAudit['covered'][number]; notes: string[] } {
  const { asked, begunAt } = question;
  const { from, to } = boundsOf(question);
  const { reads = to } = since;
  const interval = delivered({ from: reads, to }, begunAt);
  const why = [
    ...(problem ? [problem] : []),
    ...(reads < to && interval === undefined ? [tooYoung] : []),
    ...(from > asked.interval.from ? ['event history ends 90 days ago'] : []),
  ].join('; ');
  const shorter = (what: What, said: string) => {
    const { [what]: reached = to } = since;
    if (reached <= reads) return [];
    return [
      reached < to
        ? `${said} in ${region} are told from ${reached} on only.`
        : `${said} in ${region} could not be asked for.`,
    ];
  };
  return {
    covered: {
      region,
      source: 'lookupEvents',
      ...interval,
      events,
      ...(why !== '' && { problem: printable(why, 512) }),
    },
    notes: [
      ...shorter('batches', 'Refused BatchGetSecretValue'),
      ...(isWithoutKeys(lookupsOf(question, region))
        ? [
            `Which versions were read in ${region} is not known without a trail: event history finds decryptions by the key, and the replica's key there is not in the configuration.`,
          ]
        : shorter('versions', 'Versions that were read')),
    ],
  };
}
