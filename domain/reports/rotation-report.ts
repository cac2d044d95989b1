/** What `quarterturn rotate --json` prints: one document, versioned, without values. */
import * as z from 'zod';
import { failureNoteSchema } from '../events/control-records.ts';
import { heading } from './heading.ts';

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
    /** Nothing moved for so long that waiting on is of no use. */
    'stalled',
    /** Ctrl-C; the rotation goes on. */
    'interrupted',
  ]),
  /** Why, where the outcome is not `finished` or `started`. */
  problem: z.object({ code: z.string(), message: z.string() }).optional(),
  steps: z.array(z.object({ step: z.string(), outcome: z.string(), milliseconds: z.number() })),
  failure: failureNoteSchema.optional(),
  /** Did AWSCURRENT move to this version? */
  promoted: z.boolean(),
  /** What to run next. */
  next: z.string().optional(),
});
export type RotationReport = z.infer<typeof rotationReportSchema>;
