/**
 * What `quarterturn reencrypt … --json` prints: one document, versioned, whichever of its commands was asked.
 * Instants are ISO 8601 in UTC. It holds names, keys of rows and counts, never a value.
 */
import * as z from 'zod';
import { consumersRecordSchema, reencryptionRecordSchema } from '../events/control-records.ts';
import {
  bootstrapPlanSchema,
  rowsExecutedSchema,
  rowsPlanSchema,
} from '../events/operator-requests.ts';
import {
  quarantinePageSchema,
  reencryptionDryRunSchema,
  reencryptionStatusSchema,
} from '../events/reencryption.ts';
import { heading } from './heading.ts';

export const reencryptionStates = [
  /** No re-encryption was ever asked for. */
  'none',
  /** A new key is primary; its execution has not opened the job yet. */
  'due',
  'active',
  /** Active, and workers wait. */
  'paused',
  /** Zero rows under any other key, proven. */
  'verified',
  /** Rewritten; quarantined rows or stores wait for somebody to sign. */
  'unproven',
  /** Its execution failed; rows may be left. */
  'stopped',
  /** A rollback, an emergency or a job toward another key took its place. */
  'closed',
] as const;
export type ReencryptionState = (typeof reencryptionStates)[number];

export const reencryptionReportSchema = z.object({
  report: z.literal('quarterturn-reencryption'),
  ...heading,
  /** `status`, `dry-run`, … */
  command: z.string(),
  secret: z.object({ key: z.string(), name: z.string() }),
  outcome: z.enum([
    /** Asked and answered; nothing was changed. */
    'told',
    /** Followed to its end: see `state`. */
    'ended',
    'changed',
    'nothingToDo',
    /** An execution is at work on it. */
    'started',
    'notConfirmed',
    /** Findings stand in the way; nothing was changed. */
    'refused',
    /** The deployment may not do it: a person runs the plan. */
    'needsPerson',
    /** Nothing moved for so long that waiting on is of no use. */
    'stalled',
    /** Ctrl-C; the job goes on. */
    'interrupted',
  ]),
  /** Of the job; absent where it was not asked for. */
  state: z.enum(reencryptionStates).optional(),
  /** As the control table remembers it. */
  record: reencryptionRecordSchema.optional(),
  /** Is its execution alive? */
  live: z.boolean().optional(),
  /** As the ledger in the database has it; absent: no job, or the function did not answer (`problem`). */
  job: reencryptionStatusSchema.shape.job,
  replicationLagSeconds: z.number().optional(),
  /** From two looks; absent while nothing moves. */
  rate: z
    .object({
      rowsPerSecond: z.number(),
      /** Of the pass under way. */
      secondsLeft: z.number().optional(),
    })
    .optional(),
  dryRun: reencryptionDryRunSchema.optional(),
  /** Of the login that rewrites rows, where its role is not ready to be rotated. */
  bootstrap: bootstrapPlanSchema.optional(),
  plan: rowsPlanSchema.optional(),
  executed: rowsExecutedSchema.optional(),
  quarantined: quarantinePageSchema.shape.rows.optional(),
  /** Rows somebody took upon themselves just now. */
  accepted: z.int().optional(),
  attested: z.object({ store: z.string(), kid: z.string() }).optional(),
  /** Maintenance mode: whether consumers are said to be stopped. */
  consumers: consumersRecordSchema.optional(),
  /** ARN of the execution that was started. */
  execution: z.string().optional(),
  problem: z.object({ code: z.string(), message: z.string() }).optional(),
  /** What to run next. */
  next: z.string().optional(),
});
export type ReencryptionReport = z.infer<typeof reencryptionReportSchema>;
