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
  /** Every row is under the target key, proven, and nobody asked to count again. */
  nothingToDo: z.boolean(),
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
  /** What the preflight of an emergency found and did not stop for. Executions begun before there was one lack it. */
  recorded: z.array(z.string()).default([]),
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
  /** What the machine goes on with: that pass, or (the ledger has proven it) the verdict. */
  stage: z.enum(['rewrite', 'sweep', 'verify', 'count', 'verdict']),
  /** Ranges of the pass that are not done. */
  open: count,
  /** A sweep that changed nothing and missed nothing. */
  swept: z.boolean(),
  /** Sweeps of this execution, or those of the whole job that found something, if these are more. */
  sweeps: count,
  /** Verification: values that need another key than the target and are not in quarantine. */
  remaining: count,
  /** Values looked at in this pass, and rounds in which that stood still. */
  looked: z.number(),
  stalled: count,
  /** Every transaction of the fence has ended. */
  cleared: z.boolean(),
  /** Calls of one worker in one Map: 0, and counted in the workers. */
  calls: count,
  /** Zero is proven; asked for by Verdict, as what follows. */
  green: z.boolean(),
  columns: z.array(columnCountsSchema).optional(),
  findings: z.array(z.string()).optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** What a worker answers, and is handed again. */
export const workedSchema = progressSchema.extend({ done: z.boolean(), paused: z.boolean() });
export type Worked = z.infer<typeof workedSchema>;
