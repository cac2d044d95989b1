/** From when to when a look at CloudTrail says something, region by region. An empty answer is no answer by itself. */

/** What the trail's bucket holds of one region and day, whatever it is about. */
export interface DayOfTrail {
  readonly region: string;
  /** Of delivery: `2026/05/17`. */
  readonly day: string;
  readonly events: number;
  /** Of these, ones that only read. */
  readonly reads: number;
  /** Decryptions by KMS, of whatever. */
  readonly decryptions: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface Interval {
  /** ISO 8601, UTC, to the second (`toTheSecond`). */
  readonly from: string;
  readonly to: string;
}

export interface TrailCoverage {
  readonly region: string;
  /** Absent: the trail says nothing, `problem` says why. */
  readonly interval?: Interval;
  readonly problem?: string;
  /** Days without a file: nothing happened there, or the trail stood still. */
  readonly gaps?: string;
  /** Without KMS events there are no versions. */
  readonly hasDecryptions: boolean;
}

/**
 * "Typically within an average of about 5 minutes. This time is not guaranteed" (CloudTrail user guide); event history:
 * "within 15 minutes". What is younger may still come.
 */
export const deliveryMilliseconds = 15 * 60_000;
const dayMilliseconds = 24 * 60 * 60_000;
/** The cadence looks once an hour: the deployment's own region, with a trail, is not silent for longer. */
const silentMilliseconds = 2 * 60 * 60_000;
/** Event history ends there (CloudTrail user guide, "Working with CloudTrail event history"). */
export const historyMilliseconds = 90 * dayMilliseconds;

/** As CloudTrail writes times; as text they are ordered like the instants. */
export const toTheSecond = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

/** What was asked, without what cannot have been delivered yet; undefined when nothing is left. */
export function delivered({ from, to }: Interval, begunAt: Date): Interval | undefined {
  const latest = toTheSecond(new Date(begunAt.getTime() - deliveryMilliseconds));
  const until = to < latest ? to : latest;
  return from < until ? { from, to: until } : undefined;
}

export const dayOf = (instant: string): string => instant.slice(0, 10).replaceAll('-', '/');

/** Days in which what happened in the interval was delivered, but for the hours in which it may not be yet. */
export function daysOf({ from, to }: Interval): string[] {
  const days: string[] = [];
  const end = Date.parse(to);
  for (let at = Date.parse(`${from.slice(0, 10)}T00:00:00Z`); at <= end; at += dayMilliseconds) {
    days.push(dayOf(new Date(at).toISOString()));
  }
  return days;
}

/** The day after the last one too: a file lies under the day on which it was delivered. */
export function lastDayOf({ to }: Interval): string {
  return dayOf(new Date(Date.parse(to) + dayMilliseconds).toISOString());
}

/**
 * @param days of every region, in any order
 * @param interval what was asked, `delivered`
 * @param isHome the deployment's own region
 */
export function trailCoverage(
  region: string,
  days: readonly DayOfTrail[],
  interval: Interval | undefined,
  isHome = false,
): TrailCoverage {
  const own = days.filter((one) => one.region === region).sort((a, b) => (a.day < b.day ? -1 : 1));
  const hasDecryptions = own.some(({ decryptions }) => decryptions > 0);
  if (interval === undefined) {
    return { region, hasDecryptions, problem: tooYoung };
  }
  const first = own[0];
  if (first === undefined) {
    return {
      region,
      hasDecryptions,
      problem: `the trail's bucket holds no log file of ${region} for these days; expected a trail of all regions, and bucket, prefix and organization as the trail has them`,
    };
  }
  if (own.every(({ reads }) => reads === 0)) {
    return {
      region,
      hasDecryptions,
      problem: `the trail's files of ${region} hold no event that reads; expected a trail with management events of both sorts (ReadWriteType All)`,
    };
  }
  const present = new Set(own.map(({ day }) => day));
  const asked = daysOf(interval);
  const missing = asked.filter((day) => !present.has(day));
  // The first day has files as well where the trail was made in the middle of it.
  const isSilent =
    isHome && Date.parse(first.firstAt) - Date.parse(interval.from) > silentMilliseconds;
  const begins = missing[0] === asked[0] || (first.day === asked[0] && isSilent);
  const from = begins && first.firstAt > interval.from ? first.firstAt : interval.from;
  if (from >= interval.to) {
    return { region, hasDecryptions, problem: `the trail's files of ${region} begin at ${from}` };
  }
  const gaps = begins ? missing.filter((day) => day > first.day) : missing;
  return {
    region,
    hasDecryptions,
    interval: { from, to: interval.to },
    ...(gaps.length > 0 && {
      gaps: `no log file of ${gaps.length} of ${asked.length} days (${gaps.slice(0, 3).join(', ')}${gaps.length > 3 ? ', …' : ''})`,
    }),
  };
}

export const tooYoung =
  'everything that was asked for is younger than 15 minutes, which CloudTrail may take; ask again later';
