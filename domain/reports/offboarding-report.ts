/** What `quarterturn offboard --json` prints: who could read what, who did, and what was rotated. No value. */
import * as z from 'zod';
import { accessAuditSchema } from '../events/access-audit.ts';
import { emergencyDocumentSchema } from './emergency-document.ts';
import { heading } from './heading.ts';
import { problemSchema, rotationReportSchema } from './rotation-report.ts';

const offboardedSecretSchema = z.object({
  key: z.string(),
  name: z.string(),
  /**
   * yes      policies allow it
   * perhaps  a condition decides that nobody can judge here, or the key's own policy does
   * no       nothing allows it, of what is seen
   * unknown  IAM could not be asked about any of the principals
   */
  couldRead: z.enum(['yes', 'perhaps', 'no', 'unknown']),
  /** Why, in short; names of policies, and whose. */
  because: z.array(z.string()),
  /** Values it was given, and reads that were refused, as far as the audit looked. */
  reads: z.int().min(0),
  denied: z.int().min(0),
  lastReadAt: z.iso.datetime().optional(),
  /** What is done about it: nothing where it is `no`. */
  rotates: z.enum(['no', 'planned', 'emergency', 'person']),
  /** person: why. */
  reason: z.string().optional(),
});
export type OffboardedSecret = z.infer<typeof offboardedSecretSchema>;

export const offboardingReportSchema = z.object({
  report: z.literal('quarterturn-offboarding'),
  ...heading,
  /** As they were named; a person is one of `triggers.offboarding.people`. */
  who: z.array(z.object({ named: z.string(), arn: z.string().optional() })).min(1),
  since: z.iso.datetime(),
  secrets: z.array(offboardedSecretSchema),
  /** Of each principal. */
  audits: z.array(
    z.object({
      principal: z.string(),
      audit: accessAuditSchema.optional(),
      problem: problemSchema.optional(),
    }),
  ),
  /** What none of this sees, in sentences. */
  notSeen: z.array(z.string()),
  /**
   * looked       `--dry-run`
   * nothing      nothing was or could be read, as far as anybody looked
   * refused      not confirmed
   * rotated      every one that rotates here
   * incomplete   some did not
   * emergency    handed to one: `emergency` says how it ended
   */
  outcome: z.enum([
    'looked',
    'nothing',
    'refused',
    'rotated',
    'incomplete',
    'interrupted',
    'emergency',
  ]),
  problem: problemSchema.optional(),
  /** In the order in which they were begun. */
  rotations: z.array(rotationReportSchema),
  emergency: emergencyDocumentSchema.optional(),
});
export type OffboardingReport = z.infer<typeof offboardingReportSchema>;
