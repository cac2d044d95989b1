/** What `quarterturn eject --json` says. */
import * as z from 'zod';
import { ejectAnswerSchema } from '../events/eject-operation.ts';

export const ejectionReportSchema = z.object({
  report: z.literal('quarterturn-ejection'),
  version: z.literal(1),
  at: z.iso.datetime(),
  deployment: z.object({ name: z.string(), environment: z.string() }),
  secret: z.object({ key: z.string(), name: z.string() }),
  outcome: z.enum(['ejected', 'dryRun', 'notConfirmed']),
  /** Absent for a secret that does not rotate. */
  rotation: ejectAnswerSchema.optional(),
  /** Tags that are removed, or would be. */
  tags: z.array(z.string()),
  /** What is left for a person to do. */
  next: z.array(z.string()),
});
export type EjectionReport = z.infer<typeof ejectionReportSchema>;
