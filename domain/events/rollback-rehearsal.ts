/**
 * What a secret's own rotation function answers when it is asked what a rollback would do: material by id, and
 * findings. The command line reads no value, so it cannot tell by itself. Strict: no later change lets a value in.
 */
import * as z from 'zod';
import { findingSchema } from './operator-requests.ts';

const versionId = z.string().min(1).max(64);
/** A kid, or role and fingerprint. */
const material = z.string().min(1).max(256);

export const rollbackRehearsalSchema = z.strictObject({
  secretArn: z.string(),
  /** ARN of the function that answers. */
  functionArn: z.string(),
  /** AWSCURRENT; absent: no version carries it. A plain value names no material. */
  current: z
    .strictObject({ versionId, primary: material.optional(), published: material.optional() })
    .optional(),
  /** The version to go back to; absent: none was named, and nothing is AWSPREVIOUS. */
  restore: z.strictObject({ versionId, primary: material.optional() }).optional(),
  /** What AWSCURRENT would hold afterwards; absent: it would be refused. */
  next: z
    .strictObject({
      primary: material.optional(),
      /** The published key that would be withdrawn for good. */
      withdrawn: material.optional(),
    })
    .optional(),
  /** The rotation in progress, which would be pre-empted. */
  inProgress: versionId.optional(),
  /** Refused: the newest other labelled version that would not be. */
  nearest: versionId.optional(),
  findings: z.array(findingSchema),
});
export type RollbackRehearsal = z.infer<typeof rollbackRehearsalSchema>;
