/** What `quarterturn rotate --json` prints of more than one secret. */
import * as z from 'zod';
import { heading } from './heading.ts';
import { rotationReportSchema } from './rotation-report.ts';

const named = z.object({ key: z.string(), name: z.string() });

export const rotationsReportSchema = z.object({
  report: z.literal('quarterturn-rotations'),
  ...heading,
  /** finished: all that were asked for; with `--no-wait`, begun. stopped: one did not, and the line ended there. */
  outcome: z.enum(['finished', 'stopped', 'interrupted']),
  /** In the order in which they were begun. */
  rotations: z.array(rotationReportSchema),
  /** After the one that ended the line. */
  notBegun: z.array(named),
  /** With `--all`: what that does not mean, and why. */
  skipped: z.array(named.extend({ reason: z.string() })),
});
export type RotationsReport = z.infer<typeof rotationsReportSchema>;
