/** How a worker goes about it, where nobody has a reason to set it: measured (docs/benchmarks.md), or a server's habit. */
import { defaultThrottle } from '../../domain/policy/throttle.ts';
import type { WorkerLimits } from './worker.ts';

export const workerLimits: WorkerLimits = {
  rows: 8_000,
  bytes: 4_000_000,
  strides: 8,
  // What an application holds longer is skipped over, tried again, and left to the sweep.
  lockTimeout: 2_000,
  leaseSeconds: 60,
  statementTimeout: 60_000,
  quarantined: 1_000,
  tries: 5,
  throttle: defaultThrottle,
};
