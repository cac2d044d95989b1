/** docs/scale.md: what a hundred million and a billion rows take, from the figures of a row. */
import { defaultThrottle } from '../../domain/policy/throttle.ts';
import { workerLimits } from '../../lambdas/reencryption/limits.ts';
import { planLimits } from '../../lambdas/reencryption/plan.ts';
import { table } from '../tables.ts';

export interface RowFigures {
  readonly columns: number;
  /** Microseconds of CPU, all of a worker's, and what of it is opening, sealing and opening again. */
  readonly worker: number;
  readonly cryptography: number;
  /** Microseconds of CPU of its session in the server. */
  readonly server: number;
  /** Bytes of write-ahead log, whole pages after a checkpoint included. */
  readonly log: number;
}

/**
 * As `npm run bench -- reencryption` measures them: 400,000 rows, one process a core of an AMD EPYC with 2 cores
 * and nothing else at work, 2026-11-23; rounded up.
 */
export const measured: readonly RowFigures[] = [
  { columns: 1, worker: 24, cryptography: 15, server: 12, log: 340 },
  { columns: 3, worker: 73, cryptography: 57, server: 16, log: 420 },
];

/** US dollars, us-east-1, list prices of November 2026 without free tier: AWS's pages on Lambda, Step Functions, Aurora. */
export const prices = {
  lambdaGigabyteSecond: 0.0000166667,
  lambdaCall: 0.2 / 1e6,
  stateTransition: 0.025 / 1_000,
  auroraRequest: 0.2 / 1e6,
} as const;

export const assumed = {
  /** What lib/reencryption.ts deploys: one vCPU. */
  memoryGigabytes: 1769 / 1024,
  /** A call of 15 minutes ends a minute before that. */
  callSeconds: 840,
  rowBytes: 290,
  pageBytes: 8192,
  /** Aurora counts a write for up to 4 KB of log. */
  auroraWriteBytes: 4096,
  /** Between two subnets of a region. */
  roundTripMicroseconds: 500,
  /** Statements for a window of 8,000 rows, each waited for: a read, eight strides, what goes with them. */
  roundTrips: { rewrite: 52, verify: 11 },
  windowRows: workerLimits.rows,
  /** Rewrite, sweep, verify and count; the second and the last read in the server and send nothing. */
  passes: 4,
  /** Entering, TakeProgress, Done; CallWorker and IsDone for each call. */
  transitionsPerWorker: 3,
  transitionsPerCall: 2,
  /** Of everything around the four passes. */
  otherTransitions: 100,
} as const;

export interface Scale {
  ranges: number;
  /** Rows a second while rewriting, and what holds it there. */
  rate: number;
  boundBy: 'workers' | 'log';
  /** Of the server, while rewriting. */
  cores: number;
  rewriteHours: number;
  verifyHours: number;
  logGigabytes: number;
  lambda: number;
  stepFunctions: number;
  aurora: number;
}

/** Microseconds a row. */
export const onTheWay = (task: 'rewrite' | 'verify'): number =>
  (assumed.roundTrips[task] * assumed.roundTripMicroseconds) / assumed.windowRows;

/** A worker and its session take turns: neither works while the other does. */
export function scaleOf(rows: number, workers: number, figures: RowFigures): Scale {
  const { worker, cryptography, server, log } = figures;
  const byWorkers = (workers * 1e6) / (worker + server + onTheWay('rewrite'));
  const byLog = defaultThrottle.walBytesPerSecond / log;
  const rate = Math.min(byWorkers, byLog);
  // One of the three operations, and the row is read but not written: half of all that is no cryptography, at most.
  const verifying = cryptography / 3 + (worker - cryptography + server) / 2 + onTheWay('verify');
  const verified = (workers * 1e6) / verifying;
  const rewriteSeconds = rows / rate;
  const verifySeconds = rows / verified;
  const seconds = workers * (rewriteSeconds + verifySeconds);
  const callsOf = (duration: number) => workers * Math.ceil(duration / assumed.callSeconds);
  const calls = callsOf(rewriteSeconds) + callsOf(verifySeconds) + 2 * workers;
  const { transitionsPerWorker, transitionsPerCall, otherTransitions, passes } = assumed;
  const transitions =
    passes * workers * transitionsPerWorker + calls * transitionsPerCall + otherTransitions;
  const reads = (passes * rows * assumed.rowBytes) / assumed.pageBytes;
  const writes = (rows * log) / assumed.auroraWriteBytes;
  return {
    ranges: Math.ceil(rows / planLimits.rowsPerRange),
    rate,
    boundBy: byWorkers <= byLog ? 'workers' : 'log',
    cores: (rate * server) / 1e6,
    rewriteHours: rewriteSeconds / 3_600,
    verifyHours: verifySeconds / 3_600,
    logGigabytes: (rows * log) / 1e9,
    lambda:
      seconds * assumed.memoryGigabytes * prices.lambdaGigabyteSecond + calls * prices.lambdaCall,
    stepFunctions: transitions * prices.stateTransition,
    aurora: (reads + writes) * prices.auroraRequest,
  };
}

const workersOf = [2, 8, 16] as const;

/** @param rows in millions */
export function scaleTable(rows: number): string {
  const titles = ['columns', 'workers', 'rows/s', 'bound by', 'server cores', 'rewrite', 'verify'];
  const costs = ['log', 'Lambda', 'Step Functions', 'Aurora I/O'];
  return table(
    [...titles, ...costs],
    measured.flatMap((figures) =>
      workersOf.map((workers) => {
        const scale = scaleOf(rows * 1e6, workers, figures);
        return [
          String(figures.columns),
          String(workers),
          `${(scale.rate / 1_000).toFixed(0)} k`,
          scale.boundBy,
          scale.cores.toFixed(1),
          duration(scale.rewriteHours),
          duration(scale.verifyHours),
          `${scale.logGigabytes.toFixed(0)} GB`,
          dollars(scale.lambda),
          dollars(scale.stepFunctions),
          dollars(scale.aurora),
        ];
      }),
    ),
  );
}

export function figuresTable(): string {
  return table(
    ['columns', 'worker, CPU', 'of it cryptography', 'server, CPU', 'log'],
    measured.map(({ columns, worker, cryptography, server, log }) => [
      String(columns),
      `${worker} µs`,
      `${cryptography} µs`,
      `${server} µs`,
      `${log} B`,
    ]),
  );
}

export function duration(hours: number): string {
  return hours < 1 ? `${Math.ceil(hours * 60)} min` : `${hours.toFixed(1)} h`;
}

const dollars = (amount: number) => `$${amount.toFixed(2)}`;
