/** What travels from state to state of the rollout machine: names, ids and counts, never a value. */
import * as z from 'zod';
import { healthAnswerSchema, rolloutInputSchema } from '../../domain/events/rollout.ts';
import type { ConsumerSettings } from './environment.ts';
import { UnknownConsumerError } from './errors.ts';
import type { Restart } from './platform.ts';

const instant = z.iso.datetime();
const seconds = z.int().min(1);

export const progressSchema = rolloutInputSchema.extend({
  /** nothingToDo: this consumer is healthy already in this round of this version. */
  outcome: z.enum(['begun', 'nothingToDo']),
  /** Is it restarted in this round? */
  restart: z.boolean(),
  /** Is it asked before anything is done to it? */
  baseline: z.boolean(),
  /** Is it asked afterwards? */
  health: z.boolean(),
  /** Name of the function that asks; empty: nobody does. */
  healthFunction: z.string(),
  /** Has it to be taken? */
  exclusive: z.boolean(),
  locked: z.boolean(),
  /** Until when it is waited for. */
  lockBy: instant.optional(),
  /** The platform has taken the restart. */
  restarted: z.boolean(),
  /** Until when the platform must have taken it: from the first attempt of this execution. */
  restartBy: instant.optional(),
  steady: z.boolean(),
  /** Until when it must be steady; absent: the platform took the restart in an execution before. */
  steadyBy: instant.optional(),
  /** Seconds between two looks, of each loop. */
  wait: z.object({ lock: seconds, steady: seconds, health: seconds }),
  /** well: enough good looks in a row. */
  verdict: z.enum(['again', 'well']),
  goodInARow: z.int(),
  /** The weakest of those in a row. */
  proof: z.enum(['held', 'answered', 'none']),
  /** Until when it must be well. */
  wellBy: instant.optional(),
  /** What the health function answered last; the machine lays it here. */
  asked: z.object({ answer: healthAnswerSchema }).optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** A look before anything is done; without an answer its function failed, and nothing is known. */
export const baselineSchema = progressSchema.extend({
  before: z.object({ answer: healthAnswerSchema.optional() }),
});

/** `Catch` adds this where it leads to Unhealthy or Failed (Amazon States Language, "Error outputs"). */
export const caughtSchema = rolloutInputSchema.extend({
  error: z.object({ Error: z.string(), Cause: z.string().optional() }),
});
export type Caught = z.infer<typeof caughtSchema>;

/**
 * An execution holds 25,000 events (Step Functions guide, "Quotas"), and a look with its wait is 9 to 14 of them: so
 * many looks of each loop are less than half of that.
 */
const mostLooks = 400;

/** Seconds between two looks of a loop that may go on for so long: `wished`, or more where that were too many. */
export const pauseOf = (wished: number, withinSeconds: number): number =>
  Math.max(wished, Math.ceil(withinSeconds / mostLooks));

/** @throws UnknownConsumerError */
export function settingsOf(consumers: readonly ConsumerSettings[], name: string): ConsumerSettings {
  const found = consumers.find((consumer) => consumer.name === name);
  if (found === undefined) throw new UnknownConsumerError(name);
  return found;
}

/** Whoever goes on with the same version has the consumer already. */
export const ownerOf = ({
  secretName,
  versionId,
}: Pick<Progress, 'secretName' | 'versionId'>): string => `${secretName}#${versionId}`;

export const keyOf = ({
  secretName,
  versionId,
  round,
  consumer,
}: Pick<Progress, 'secretName' | 'versionId' | 'round' | 'consumer'>) => ({
  secretName,
  versionId,
  round,
  consumer,
});

export const restartOf = (progress: Progress, at: Date): Restart => ({
  ...keyOf(progress),
  at,
  id: `${progress.versionId}/${progress.round}/${progress.consumer}`,
});

export const later = (from: Date, moreSeconds: number): Date =>
  new Date(from.getTime() + moreSeconds * 1000);
