/** What `quarterturn rotate --json` prints: one document, versioned, without values. */
import * as z from 'zod';
import { failureNoteSchema } from '../events/control-records.ts';
import { rolloutRecordSchema, roundSchema } from '../events/rollout.ts';
import { heading } from './heading.ts';

const stepsSchema = z.array(
  z.object({ step: z.string(), outcome: z.string(), milliseconds: z.number() }),
);

/** How far each consumer came, in each round. */
export const rolledOutSchema = z.array(
  z.object({
    consumer: z.string(),
    round: roundSchema,
    state: rolloutRecordSchema.shape.state,
    /** Since its rollout began. */
    milliseconds: z.number(),
    restarted: z.boolean(),
    /** held: it reported the version or key. answered: it works. none: nobody asks it. */
    proof: z.enum(['held', 'answered', 'none']).optional(),
    reason: z.string().optional(),
  }),
);

/** What was seen of one rotation. */
export const seenSchema = z.object({
  steps: stepsSchema,
  /** Did AWSCURRENT move to this version? */
  promoted: z.boolean(),
  failure: failureNoteSchema.optional(),
  consumers: rolledOutSchema.default([]),
  /** The published key, and the version that made it primary. */
  activation: z.object({ versionId: z.string(), kid: z.string() }).optional(),
});
export type Seen = z.infer<typeof seenSchema>;

export const problemSchema = z.object({ code: z.string(), message: z.string() });

/** The rows of an encryption secret, which move in an execution of their own. */
export const rowsSeenSchema = z.object({
  state: z.enum(['due', 'active', 'verified', 'unproven', 'stopped', 'closed']),
  targetKid: z.string(),
  /** Values under another key when last counted. */
  left: z.number().optional(),
});
export type RowsSeen = z.infer<typeof rowsSeenSchema>;

export const rotationReportSchema = z.object({
  report: z.literal('quarterturn-rotation'),
  ...heading,
  secret: z.object({ key: z.string(), name: z.string() }),
  /** The version the rotation makes. Absent: refused, nothing was changed. */
  versionId: z.string().optional(),
  /** Another rotation was in progress already; this report is about that one. */
  followed: z.boolean(),
  outcome: z.enum([
    /** Promoted, and its AfterRotation is finished. */
    'finished',
    /** `--no-wait`: Secrets Manager works on it. */
    'started',
    /** Before anything was changed. */
    'refused',
    /** A step failed, or the rotation was given up; AWSCURRENT has not moved. */
    'failed',
    /** Promoted; the AfterRotation stopped and needs a person. */
    'stopped',
    /** Promoted, and taken back: what was in use before is in use again. */
    'rolledBack',
    /** Nothing moved for so long that waiting on is of no use. */
    'stalled',
    /** Ctrl-C; the rotation goes on. */
    'interrupted',
  ]),
  /** Why, where the outcome is not `finished` or `started`. */
  problem: problemSchema.optional(),
  ...seenSchema.shape,
  /** The rotation that took its material back. */
  rollback: z
    .object({
      versionId: z.string(),
      /** Absent: a person rolled it back. */
      consumer: z.string().optional(),
      reason: z.string().optional(),
      ...seenSchema.shape,
    })
    .optional(),
  rows: rowsSeenSchema.optional(),
  /** What to run next. */
  next: z.string().optional(),
});
export type RotationReport = z.infer<typeof rotationReportSchema>;
