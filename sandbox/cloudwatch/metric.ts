/**
 * Metrics as CloudWatch keeps them: points of a minute, found by namespace, name and exactly their dimensions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
 */
export interface MetricName {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

export interface MetricPoint extends MetricName {
  value: number;
  at: Date;
  unit?: string;
}

export type Statistic = 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'SampleCount';
export const STATISTICS: readonly Statistic[] = [
  'Sum',
  'Average',
  'Minimum',
  'Maximum',
  'SampleCount',
];

/** Start of a minute, in milliseconds. */
type Minute = number;

interface Summary {
  sum: number;
  count: number;
  minimum: number;
  maximum: number;
}

interface Series {
  metric: MetricName;
  unit: string;
  /** In order. */
  minutes: Map<Minute, Summary>;
  /** A level: the last value stands until the next one. */
  standing: boolean;
}

export const MINUTE = 60_000;
/** Points of one minute are kept for 15 days. */
const RETENTION = 15 * 24 * 60 * MINUTE;

export class MetricStore {
  readonly #series = new Map<string, Series>();

  put(point: MetricPoint): void {
    const { minutes } = this.#of(point, false);
    const minute = minuteOf(point.at);
    const {
      sum = 0,
      count = 0,
      minimum = Infinity,
      maximum = -Infinity,
    } = minutes.get(minute) ?? {};
    minutes.set(minute, {
      sum: sum + point.value,
      count: count + 1,
      minimum: Math.min(minimum, point.value),
      maximum: Math.max(maximum, point.value),
    });
    prune(minutes, minute);
  }

  /** A level, such as the messages in a queue: told when it changes, there at every minute. */
  stand(point: MetricPoint): void {
    const { minutes } = this.#of(point, true);
    const minute = minuteOf(point.at);
    const before = minutes.get(minute);
    const { value } = point;
    minutes.set(minute, {
      sum: value,
      count: 1,
      minimum: Math.min(before?.minimum ?? value, value),
      maximum: Math.max(before?.maximum ?? value, value),
    });
    prune(minutes, minute);
  }

  /** @returns undefined when there is no point in [from, to) */
  statistic(
    metric: MetricName,
    statistic: Statistic,
    from: number,
    to: number,
  ): number | undefined {
    const series = this.#series.get(keyOf(metric));
    if (series === undefined) {
      return undefined;
    }
    const within: Summary[] = [];
    let standing: Summary | undefined;
    for (const [minute, summary] of series.minutes) {
      if (minute < from) {
        standing = summary;
      } else if (minute < to) {
        within.push(summary);
      }
    }
    if (series.standing && standing !== undefined && !series.minutes.has(from)) {
      // The level at the end of the last minute that told one.
      within.unshift({ sum: standing.sum, count: 1, minimum: standing.sum, maximum: standing.sum });
    }
    return within.length === 0 ? undefined : combine(within, statistic);
  }

  /** Minutes with a point, from this instant on. */
  minutesSince(metric: MetricName, since: number): Minute[] {
    const minutes = this.#series.get(keyOf(metric))?.minutes.keys() ?? [];
    return [...minutes].filter((minute) => minute >= since);
  }

  unitOf(metric: MetricName): string {
    return this.#series.get(keyOf(metric))?.unit ?? 'None';
  }

  all(): MetricName[] {
    return [...this.#series.values()].map(({ metric }) => metric);
  }

  #of({ namespace, name, dimensions, unit }: MetricPoint, standing: boolean): Series {
    const metric = { namespace, name, dimensions };
    const key = keyOf(metric);
    const series = this.#series.get(key) ?? {
      metric,
      unit: unit ?? 'None',
      minutes: new Map<Minute, Summary>(),
      standing,
    };
    this.#series.set(key, series);
    return series;
  }
}

export function minuteOf(at: Date): Minute {
  return Math.floor(at.getTime() / MINUTE) * MINUTE;
}

export function isSameMetric(one: MetricName, other: MetricName): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf({ namespace, name, dimensions }: MetricName): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);
}

function combine(summaries: readonly Summary[], statistic: Statistic): number {
  const total = (of: (summary: Summary) => number) =>
    summaries.reduce((sum, summary) => sum + of(summary), 0);
  switch (statistic) {
    case 'Sum':
      return total(({ sum }) => sum);
    case 'SampleCount':
      return total(({ count }) => count);
    case 'Average':
      return total(({ sum }) => sum) / total(({ count }) => count);
    case 'Minimum':
      return Math.min(...summaries.map(({ minimum }) => minimum));
    case 'Maximum':
      return Math.max(...summaries.map(({ maximum }) => maximum));
  }
}

function prune(minutes: Map<Minute, Summary>, now: Minute): void {
  for (const minute of minutes.keys()) {
    // The newest stays: a level stands for ever.
    if (minute >= now - RETENTION) {
      return;
    }
    minutes.delete(minute);
  }
}
