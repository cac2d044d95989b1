/** What travels from state to state of the re-encryption machine: names, ids and counts, never a value. */
import * as z from 'zod';
import { tokenSchema } from '../../../domain/events/control-records.ts';

const count = z.number().int().min(0);
const jobId = z.string().regex(/^\d{1,19}$/);

/** The input of an execution, as AfterRotation, the cadence or a person gives it. */
export const inputSchema = z.object({
  secretName: z.string().min(1).max(512),
  secretArn: z.string().min(1).max(2048),
  /** The function that does the tasks of this secret. */
  function: z.string().min(1).max(2048),
  /** The version this was started for; what counts is what AWSCURRENT holds when it begins. */
  versionId: tokenSchema,
  /** What was looked at before is looked at once more: sweep, verify, count. */
  again: z.boolean().default(false),
});
export type Input = z.infer<typeof inputSchema>;

/** Begin's answer, handed on and added to by every later task. */
export const begunSchema = inputSchema.extend({
  /** nothingToDo: every row is under the target key, proven, and nobody asked to count again. */
  outcome: z.enum(['begun', 'nothingToDo']),
  /** Wait until consumers are stopped; activate the target key afterwards. */
  maintenance: z.boolean(),
  consumersStopped: z.boolean(),
  targetKid: z.string().regex(/^[0-9a-f]{16}$/),
  /** Before Open: what is left of the time a reader may go on with an older keyset. */
  waitSeconds: count,
  /** Before FenceWriters. */
  readerCacheSeconds: count,
  /** [0 … width - 1]: one item a worker. */
  workers: z.array(count).min(1),
  width: z.int().min(1),
  /** How often this was asked whether something has ended. */
  polls: count,
  /** How often this execution has let the workers run. */
  rounds: count,
});
export type Begun = z.infer<typeof begunSchema>;

export const columnCountsSchema = z.object({
  columnId: z.string(),
  /** Values that were sealed anew. */
  rewritten: z.number(),
  /** Verified: opened with the target key alone. */
  opened: z.number(),
  quarantined: z.number(),
  remaining: z.number(),
});

/** Open's answer and all later ones. */
export const progressSchema = begunSchema.extend({
  jobId,
  epoch: z.string().regex(/^\d{1,19}$/),
  /** Of the job, whichever execution opened it. */
  startedAt: z.iso.datetime(),
  /** The job's pass. */
  pass: count,
  kind: z.enum(['rewrite', 'sweep', 'verify', 'count']),
  /** Ranges of the pass that are not done. */
  open: count,
  /** A sweep that changed nothing and missed nothing. */
  swept: z.boolean(),
  /** Sweeps that found something, over the whole job. */
  sweeps: count,
  /** Verification: values that need another key than the target. */
  remaining: count,
  /** Values looked at in this pass, and rounds in which that stood still. */
  looked: z.number(),
  stalled: count,
  /** Every transaction of the fence has ended. */
  cleared: z.boolean(),
  /** Once it is asked for. */
  verdict: z.enum(['verified', 'unproven']).optional(),
  columns: z.array(columnCountsSchema).optional(),
  findings: z.array(z.string()).optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** What a worker is handed and hands on. */
export const workSchema = z.looseObject({
  secretName: z.string(),
  secretArn: z.string(),
  jobId,
  /** Calls of this worker in this Map. */
  calls: count,
});
export type Work = z.infer<typeof workSchema>;
