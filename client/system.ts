/**
 * The client's door to the machine: time, chance, time limits, warnings. Everything else takes a `System` as an
 * argument, so that a test can stand still and be certain.
 */
import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export interface System {
  now(): Date;
  /** From 0 up to 1, for spreading reads; no key comes of it. */
  chance(): number;
  /** Unpredictable bytes, for nonces and token ids. */
  randomBytes(count: number): Buffer;
  /** Aborts after so many milliseconds; holds no process open. */
  timeLimit(milliseconds: number): AbortSignal;
  /** Where a failure goes that nobody waits for. */
  warn(warning: Error): void;
}

export const system: System = {
  now: () => new Date(),
  chance: Math.random,
  // Drawn when needed, never in advance: a pool would be given out twice by a virtual machine that is cloned.
  randomBytes,
  timeLimit: (milliseconds) => AbortSignal.timeout(milliseconds),
  warn: (warning) => process.emitWarning(warning),
};

/** Resolves after so many milliseconds, and holds the process open until then; rejects when `signal` aborts. */
export const wait = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  await pause(milliseconds, undefined, { signal });
};
