/** What travels from state to state of the re-encryption machine: names, ids and counts, never a value. */
import * as z from 'zod';
import { tokenSchema } from '../../../domain/events/control-records.ts';

/** The input of an execution, as AfterRotation, the cadence or a person gives it. */
export const inputSchema = z.object({
  secretName: z.string().min(1).max(512),
  secretArn: z.string().min(1).max(2048),
  /** The function that does the tasks of this secret. */
  function: z.string().min(1).max(2048),
  /** The version this was started for; what counts is what AWSCURRENT holds when it begins. */
  versionId: tokenSchema,
  /** A verified job is counted once more: sweep, verify, count. */
  again: z.boolean().default(false),
});
export type Input = z.infer<typeof inputSchema>;

const kid = z.string().regex(/^[0-9a-f]{16}$/);
const count = z.number().int().min(0);

/** Begin's answer, handed on and added to by every later task. */
export const begunSchema = inputSchema.extend({
  /** Every row is under the target key, proven, and nobody asked to count again. */
  nothingToDo: z.boolean(),
  mode: z.enum(['online', 'maintenance']),
  /** mode is maintenance: wait for `consumersStopped`, and activate afterwards. */
  maintenance: z.boolean(),
  consumersStopped: z.boolean(),
  targetKid: kid,
  /** Before Open: what is left of the time a reader may go on with an older keyset. */
  waitSeconds: count,
  /** Before FenceWriters. */
  readerCacheSeconds: count,
  /** [0 … width - 1]: one item a worker. */
  workers: z.array(count).min(1),
  width: z.int().min(1),
  /** Polls of consumers or of a fence. */
  polls: count,
  /** Maps this execution has run; past a bound it continues in a new one. */
  rounds: count,
});
export type Begun = z.infer<typeof begunSchema>;

const columnCounts = z.object({
  columnId: z.string(),
  rewritten: z.number(),
  quarantined: z.number(),
  opened: z.number(),
  remaining: z.number(),
});

/** Open's answer on. */
export const progressSchema = begunSchema.extend({
  jobId: z.string().regex(/^\d+$/),
  epoch: z.string().regex(/^\d+$/),
  /** Of the job, whichever execution opened it. */
  startedAt: z.iso.datetime(),
  /**
   * Where Open found the job, and this execution goes on after Plan: at the Map of that pass. `verdict`: the
   * ledger has proven it and only the answer was lost.
   */
  stage: z.enum(['rewrite', 'sweep', 'verify', 'count', 'verdict']),
  pass: count,
  /** Ranges of the pass that are not done. */
  open: count,
  /** The sweep changed nothing and missed nothing. */
  swept: z.boolean(),
  sweeps: count,
  /** Verification: values that need another key than the target. */
  remaining: count,
  /** Of the pass, by everything that was looked at: rounds in which it stands still are counted. */
  done: z.boolean(),
  looked: z.number(),
  stalled: count,
  paused: z.boolean(),
  /** Calls of one worker in one Map. */
  calls: count,
  /** Every transaction of the fence has ended. */
  cleared: z.boolean(),
  green: z.boolean(),
  /** Values rewritten and found over the whole job, by column. */
  columns: z.array(columnCounts),
  findings: z.array(z.string()),
});
export type Progress = z.infer<typeof progressSchema>;

/**
 * Names of errors that pass by themselves, for `Retry`: the database does not answer, is starting, has no
 * slot free, or its login is just being rotated. Every other error lasts.
 */
export const passingErrors = ['DatabaseUnavailableError'] as const;

export const taskNames = [
  'begin',
  'consumers',
  'open',
  'plan',
  'work',
  'pass',
  'sweep',
  'fenceWriters',
  'writersEnded',
  'verify',
  'fenceCounts',
  'countsEnded',
  'count',
  'verdict',
] as const;
export type TaskName = (typeof taskNames)[number];
