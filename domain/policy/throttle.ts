/**
 * How hard a background job may press on a database. Any single factor throttles; what cannot be seen does
 * not. WAL and replicas set the speed of a re-encryption, not cryptography.
 */

export interface Pressure {
  /** How far the slowest standby is behind in replaying. */
  readonly replicationLagSeconds?: number | undefined;
  /** The whole server's, ours included. */
  readonly walBytesPerSecond?: number | undefined;
  /** WAL that may still be written before a replication slot is lost (max_slot_wal_keep_size). */
  readonly slotBytesLeft?: number | undefined;
  /** Of our own batches: what an application waiting for the same disk and locks feels. */
  readonly batchP95Milliseconds?: number | undefined;
  /** VACUUM is at work on the table that is being rewritten. */
  readonly vacuuming?: boolean | undefined;
}

export interface ThrottleLimits {
  readonly replicationLagSeconds: number;
  readonly walBytesPerSecond: number;
  readonly slotBytesLeft: number;
  readonly batchP95Milliseconds: number;
  /** For so long a vacuum is left alone; one against wraparound may run for days. */
  readonly vacuumPatienceMilliseconds: number;
}

/** 70 MB/s and 10 minutes: GitLab's batched migrations; 10 s: well under what makes a replica useless. */
export const defaultThrottle: ThrottleLimits = {
  replicationLagSeconds: 10,
  walBytesPerSecond: 70_000_000,
  slotBytesLeft: 2_000_000_000,
  batchP95Milliseconds: 2_000,
  vacuumPatienceMilliseconds: 600_000,
};

export type Factor = 'replicationLag' | 'walRate' | 'slot' | 'latency' | 'vacuum';

export interface Throttle {
  /** Before the next window; 0: go on. */
  readonly waitMilliseconds: number;
  readonly because: readonly Factor[];
}

const pauseMilliseconds = 5_000;
const longestSlowDown = 30_000;

/**
 * `lastWindowMilliseconds`: how long the last window took; a rate that is twice the limit waits as long again.
 * `pausedMilliseconds`: how long this has been pausing for a vacuum without a window in between.
 */
export function throttle(
  pressure: Pressure,
  limits: ThrottleLimits,
  lastWindowMilliseconds: number,
  pausedMilliseconds = 0,
): Throttle {
  const because: Factor[] = [];
  let wait = 0;
  const pause = (factor: Factor, isTooMuch: boolean) => {
    if (isTooMuch) {
      because.push(factor);
      wait = Math.max(wait, pauseMilliseconds);
    }
  };
  const slow = (factor: Factor, ratio: number) => {
    if (ratio > 1) {
      because.push(factor);
      wait = Math.max(wait, Math.min(lastWindowMilliseconds * (ratio - 1), longestSlowDown));
    }
  };
  pause('replicationLag', (pressure.replicationLagSeconds ?? 0) > limits.replicationLagSeconds);
  pause('slot', (pressure.slotBytesLeft ?? Number.POSITIVE_INFINITY) < limits.slotBytesLeft);
  pause(
    'vacuum',
    pressure.vacuuming === true && pausedMilliseconds < limits.vacuumPatienceMilliseconds,
  );
  slow('walRate', (pressure.walBytesPerSecond ?? 0) / limits.walBytesPerSecond);
  slow('latency', (pressure.batchP95Milliseconds ?? 0) / limits.batchP95Milliseconds);
  return { waitMilliseconds: Math.ceil(wait), because };
}

/** The value under which 95 of 100 lie; undefined without any. */
export function p95(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * 0.95) - 1, 0)];
}
