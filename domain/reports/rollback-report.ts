/** What `quarterturn rollback --json` prints: one document, versioned, without values. */
import * as z from 'zod';
import { holdRecordSchema } from '../events/control-records.ts';
import { heading } from './heading.ts';
import { problemSchema, rotationReportSchema, seenSchema } from './rotation-report.ts';

const instant = z.iso.datetime();
const versionSchema = z.object({
  versionId: z.string(),
  /** A kid, or role and fingerprint. Absent: a plain value, or not known. */
  primary: z.string().optional(),
  /** Its date label, and when its material first became current. */
  label: z.string().optional(),
  since: instant.optional(),
  /** Whole days. */
  ageDays: z.int().optional(),
});
export type RollBackVersion = z.infer<typeof versionSchema>;

export const rollbackReportSchema = z.object({
  report: z.literal('quarterturn-rollback'),
  ...heading,
  secret: z.object({ key: z.string(), name: z.string() }),
  /** AWSCURRENT before; absent: there is none. */
  from: versionSchema.optional(),
  /** The version whose material becomes current again; absent: none was found. */
  restore: versionSchema.optional(),
  /** A published key that is withdrawn for good. */
  withdrawn: z.string().optional(),
  /** The rotation that was, or would be, pre-empted. */
  preempts: z.string().optional(),
  /** Refused: the newest other version that would not be. */
  nearest: versionSchema.optional(),
  hold: holdRecordSchema.pick({ reason: true, until: true }).optional(),
  /** The version the rollback makes. Absent: refused, nothing was changed. */
  versionId: z.string().optional(),
  /** A rollback was in progress already; this report is about that one. */
  followed: z.boolean(),
  /** As of a rotation (`rotation-report.ts`); finished: what was in use before is in use again, everywhere. */
  outcome: rotationReportSchema.shape.outcome,
  /** Why, where the outcome is not `finished` or `started`. */
  problem: problemSchema.optional(),
  ...seenSchema.shape,
  /** What to run next. */
  next: z.string().optional(),
});
export type RollBackReport = z.infer<typeof rollbackReportSchema>;
