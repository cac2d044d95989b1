/** What `quarterturn release --json` prints: one document, versioned. */
import * as z from 'zod';
import { holdRecordSchema } from '../events/control-records.ts';
import { heading } from './heading.ts';
import { problemSchema } from './rotation-report.ts';

export const releaseReportSchema = z.object({
  report: z.literal('quarterturn-release'),
  ...heading,
  secret: z.object({ key: z.string(), name: z.string() }),
  outcome: z.enum(['released', 'notHeld', 'notConfirmed', 'refused']),
  /** The hold as it was found: why, since when, until when. */
  hold: holdRecordSchema.optional(),
  problem: problemSchema.optional(),
});
export type ReleaseReport = z.infer<typeof releaseReportSchema>;
