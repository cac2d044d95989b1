/**
 * What `quarterturn doctor --json` prints: one document, versioned. A field that is absent is unknown or does not
 * apply; readers ignore fields they do not know. It holds no value and nothing a value could be guessed from.
 */
import * as z from 'zod';
import { consumerPostureFoundSchema } from '../events/operator-requests.ts';
import { heading } from './heading.ts';

export const repairSchema = z.discriminatedUnion('kind', [
  z.object({
    /** The four steps again, under the same token; AWSPENDING taken away, pinned first where that may be needed. */
    kind: z.enum(['resume', 'abandon', 'clearPending', 'restartAfterRotation']),
    versionId: z.string(),
  }),
  /** AWSCURRENT is set into the database through its admin. */
  z.object({ kind: z.literal('restoreLogin') }),
]);

export const doctorFindingSchema = z.object({
  code: z.string(),
  /** warns: a person should know, and nothing is broken. */
  level: z.enum(['blocks', 'warns']),
  /** What was found, what it means and what to do. */
  message: z.string(),
  /** What to run; absent where reading on is all there is to do. */
  command: z.string().optional(),
  /** What `--repair` does, the first one first. */
  repairs: z.array(repairSchema).optional(),
});
export type DoctorFinding = z.infer<typeof doctorFindingSchema>;

export const doctoredVersionSchema = z.object({
  versionId: z.string(),
  labels: z.array(z.string()),
  value: z.enum(['text', 'none', 'marker', 'unreadable', 'unparsable']),
  /** Its material, by id. */
  primary: z.string().optional(),
  /** Which target accepts it; absent: nobody was asked about it. */
  attempts: z
    .array(
      z.object({
        at: z.string(),
        answer: z.enum(['accepted', 'refused', 'failed']),
        milliseconds: z.number(),
        code: z.string().optional(),
        sqlstate: z.string().optional(),
        reason: z.string().optional(),
      }),
    )
    .optional(),
});

export const doctoredSecretSchema = z.object({
  key: z.string(),
  name: z.string(),
  kind: z.enum(['jwt', 'encryption', 'database', 'userManaged']),
  /** As `quarterturn status` says it. */
  state: z.string(),
  versions: z.array(doctoredVersionSchema),
  /** Milliseconds in which its function reached each service; absent: it did not. */
  reaches: z.record(z.string(), z.number()),
  /** Of a database: its roles, as the admin sees them. */
  roles: z
    .array(
      z.object({
        role: z.string(),
        exists: z.boolean(),
        canLogin: z.boolean(),
        sessions: z.int(),
      }),
    )
    .optional(),
  findings: z.array(doctorFindingSchema),
  notes: z.array(z.string()),
  /** What nobody could see, and why. */
  unchecked: z.array(z.string()),
});
export type DoctoredSecret = z.infer<typeof doctoredSecretSchema>;

export const repairedSchema = z.object({
  key: z.string(),
  code: z.string(),
  repair: repairSchema,
  /** gone: looked at again, there was nothing left to repair. */
  outcome: z.enum(['done', 'failed', 'notConfirmed', 'gone']),
  message: z.string(),
});
export type Repaired = z.infer<typeof repairedSchema>;

export const doctorReportSchema = z.object({
  report: z.literal('quarterturn-doctor'),
  ...heading,
  secrets: z.array(doctoredSecretSchema),
  /** Those whose deployment can be looked at. */
  consumers: z.array(consumerPostureFoundSchema),
  /** Topics that alarms and news are told through, and who hears them. Only without a secret named. */
  paths: z.array(
    z.object({
      topic: z.string(),
      /** Subscriptions that are confirmed. */
      listening: z.int(),
      findings: z.array(doctorFindingSchema),
    }),
  ),
  /** What the report of an emergency would lack of who read what. Only without a secret named. */
  accessAudit: z.array(doctorFindingSchema).optional(),
  /** With `--repair`: what was done, in order; `secrets` is as they were found afterwards. */
  repairs: z.array(repairedSchema),
  /** Of the deployment as a whole. */
  unchecked: z.array(z.string()),
  /** How many need a person: those that block, and those there is a repair for; above 0 the exit code is 3. */
  findings: z.int(),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;

export const needsPerson = ({
  level,
  repairs,
}: {
  readonly level: 'blocks' | 'warns';
  readonly repairs?: readonly unknown[] | undefined;
}): boolean => level === 'blocks' || repairs !== undefined;
