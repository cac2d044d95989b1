/**
 * What `quarterturn status --json` prints: one document, versioned. Instants are ISO 8601 in UTC, durations
 * days or milliseconds as named. A field that is absent is unknown or does not apply; readers ignore fields
 * they do not know. It holds no value and nothing a value could be guessed from.
 */
import * as z from 'zod';
import { failureNoteSchema, intentSchema } from '../events/control-records.ts';
import { rolloutRecordSchema } from '../events/rollout.ts';
import { certificateStatusSchema } from './certificate-status.ts';
import { lastDrillSchema, openEmergencySchema } from './emergency-status.ts';
import { heading } from './heading.ts';

export const secretStates = [
  /** A new secret without a value yet. */
  'uninitialised',
  /** Adopted, and not rotated until it is deployed with `armed: true`. */
  'unarmed',
  'current',
  /** Within its lead time: the schedule rotates it in the next window. */
  'due',
  /** Past its limit. */
  'overdue',
  /** Secrets Manager works on the four steps. */
  'rotating',
  /** AWSCURRENT moved; its AfterRotation was not taken up yet, is at work, or has stopped. */
  'afterRotationDue',
  'afterRotationRunning',
  'afterRotationStopped',
  /** A published key waits for its activation, and no execution is at work on it. */
  'publishedKeyWaits',
  /** After a rollback: the schedule leaves it alone. */
  'held',
  /** An emergency or rollback has the secret to itself. */
  'leased',
  /** Rotation is switched off in Secrets Manager. */
  'rotationDisabled',
  /** AWSCURRENT was written by something that is no rotation. */
  'unmanagedWrite',
  /** Its age cannot be read. */
  'badDate',
  /** Secrets Manager or the control table refused to tell. */
  'unreadable',
  /** Somebody else's to rotate. */
  'userManaged',
] as const;
export type SecretState = (typeof secretStates)[number];

const instant = z.iso.datetime();

export const findingSchema = z.object({
  /** A state, `rotationFailed`, or the code of an error. */
  code: z.string(),
  message: z.string(),
  /** What to run; absent where reading on is all there is to do. */
  command: z.string().optional(),
});
export type Finding = z.infer<typeof findingSchema>;

export const secretStatusSchema = z.object({
  /** Its key in the configuration, and its name in Secrets Manager. */
  key: z.string(),
  name: z.string(),
  kind: z.enum(['jwt', 'encryption', 'database', 'userManaged']),
  state: z.enum(secretStates),
  /** The state in words. */
  reason: z.string(),
  armed: z.boolean().optional(),
  cadenceDays: z.int().optional(),
  /** Since when the material is in use, in whole days up to now. */
  rotatedAt: instant.optional(),
  ageDays: z.int().optional(),
  /** When the schedule asks for the next rotation, and when the material reaches its limit. */
  rotateAt: instant.optional(),
  limitAt: instant.optional(),
  /** For when its rotation is announced: the schedule does not rotate it before. */
  plannedAt: instant.optional(),
  /** The backstop: Secrets Manager's own rule. */
  nextNativeRotationAt: instant.optional(),
  /** The rotation in progress: its version, and when it was recorded. */
  rotating: z.object({ versionId: z.string(), since: instant.optional() }).optional(),
  /** The AfterRotation of AWSCURRENT. */
  afterRotation: z
    .object({
      versionId: z.string(),
      state: z.enum(['due', 'running', 'finished', 'stopped']),
      at: instant,
      /** Is its execution alive? */
      live: z.boolean(),
      publishedKid: z.string().optional(),
      reason: z.string().optional(),
    })
    .optional(),
  hold: z.object({ until: instant, reason: z.string() }).optional(),
  lease: z.object({ owner: z.string(), token: z.string(), expiresAt: instant }).optional(),
  /** The rows of an encryption secret on their way to a new key, as its record was left. */
  rows: z
    .object({
      state: z.enum(['due', 'active', 'verified', 'unproven', 'stopped', 'closed']),
      targetKid: z.string(),
      /** When the job last came further. */
      at: instant,
      /** Values under another key when last counted. */
      left: z.number().optional(),
    })
    .optional(),
  /** Worth knowing, nothing to do. */
  notes: z.array(z.string()),
  /** What needs a person. */
  findings: z.array(findingSchema),
});
export type SecretStatus = z.infer<typeof secretStatusSchema>;

/** One version of a secret, and the rotation that made it. */
export const versionStatusSchema = z.object({
  versionId: z.string(),
  labels: z.array(z.string()),
  /** Absent: no rotation of ours made it, or its record is gone. */
  rotation: z
    .object({
      intent: intentSchema,
      at: instant,
      /** Absent: the console's button or the native rule. */
      requestedBy: z.string().optional(),
      reason: z.string().optional(),
      basedOn: z.string().optional(),
      /** Of the steps together. */
      milliseconds: z.number().optional(),
      failure: failureNoteSchema.optional(),
      afterRotation: z.enum(['due', 'running', 'finished', 'stopped']).optional(),
    })
    .optional(),
});
export type VersionStatus = z.infer<typeof versionStatusSchema>;

/** How a consumer came to AWSCURRENT: the last that is recorded of it. */
export const consumerStatusSchema = rolloutRecordSchema.pick({
  consumer: true,
  /** publish, use or confirm (`domain/events/rollout.ts`). */
  round: true,
  state: true,
  at: true,
  restartedAt: true,
  proof: true,
  reason: true,
});
export type ConsumerStatus = z.infer<typeof consumerStatusSchema>;

export const statusReportSchema = z.object({
  report: z.literal('quarterturn-status'),
  ...heading,
  /** Without `status <secret>`: the newest emergency, while it is at work or left something undone. */
  emergency: openEmergencySchema.optional(),
  /** Without `status <secret>`: when emergencies were last practised, where the deployment has the machine. */
  lastDrill: lastDrillSchema.optional(),
  secrets: z.array(secretStatusSchema),
  /** With `status <secret>`: its labelled versions, the newest rotation first. */
  versions: z.array(versionStatusSchema).optional(),
  /** With `status <secret>`: where consumers are restarted or asked, in the order of the configuration. */
  consumers: z.array(consumerStatusSchema).optional(),
  /** Without `status <secret>`: where the deployment has any. */
  certificates: z.array(certificateStatusSchema).optional(),
  /** Without `status <secret>`: secrets that carry this deployment's tags and are not in it. */
  strays: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(['stray', 'replica', 'deleted']),
        reason: z.string(),
      }),
    )
    .optional(),
  /** How many findings there are, of secrets, certificates, strays, emergency and drill; above 0 the exit code is 3. */
  findings: z.int(),
});
export type StatusReport = z.infer<typeof statusReportSchema>;
