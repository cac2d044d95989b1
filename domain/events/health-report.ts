/**
 * What an instance says of itself at `/api/credentials/health`: the answer of the client library's health handler, or
 * of anything that writes the same (docs/health.md). Members nobody asked for are not read.
 */
import * as z from 'zod';
import type { HealthCheckSeen } from '../policy/health-proof.ts';

const checkSchema = z.object({
  status: z.enum(['ok', 'failing']),
  /** Name or ARN of the secret this check is of. */
  secret: z.string().max(2_048).optional(),
  /** The version of its value that is at hand. */
  versionId: z.string().max(64).optional(),
  /** Keysets: every key it holds. */
  keys: z
    .array(z.object({ kid: z.string().max(64).optional(), state: z.string().max(32) }))
    .max(500)
    .optional(),
  /** Databases: the role it logs in with. */
  role: z.string().max(128).optional(),
}) satisfies z.ZodType<HealthCheckSeen>;

export const seenHealthReportSchema = z.object({
  status: z.enum(['ok', 'failing']),
  /** Only for who may see it. */
  checks: z
    .record(z.string().max(256), checkSchema)
    .refine((checks) => Object.keys(checks).length <= 100)
    .optional(),
});
export type SeenHealthReport = z.infer<typeof seenHealthReportSchema>;
