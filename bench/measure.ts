/** Figures from samples, and the machine they were taken on. */
import { cpus, totalmem } from 'node:os';

/** The middle one; of an even number the lower of the two in the middle. */
export const median = (samples: readonly number[]): number => at(samples, 0.5);

/** 95 of 100 samples were at most this (nearest rank). */
export const p95 = (samples: readonly number[]): number => at(samples, 0.95);

function at(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export interface Machine {
  processor: string;
  cores: number;
  memoryGigabytes: number;
  node: string;
  system: string;
  date: string;
}

export function machine(now: Date): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGigabytes: totalmem() / 2 ** 30,
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    date: now.toISOString().slice(0, 10),
  };
}
