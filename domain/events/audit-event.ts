/**
 * The audit event of a rotation, and of a write that was none. Both are put on the event bus (source
 * `quarterturn`, detail-type = `type`) and logged; `docs/events.md` describes them for their reader.
 *
 * Strict at every level: a field that is not named here is refused, so no later change can let a value
 * slip into the proof of its own rotation.
 */
import * as z from 'zod';
import { evidenceSchema, intentSchema, provenanceSchema } from './control-records.ts';
import { emergencyIdSchema } from './emergency.ts';
import { rolloutRecordSchema, roundSchema } from './rollout.ts';

export const auditEventSource = 'quarterturn';

const instant = z.iso.datetime();
const versionId = z.string().regex(/^[A-Za-z0-9-]{32,64}$/);
/** A kid, or `<role>:<fingerprint>`: the id of a key or credential, never its bytes. */
const materialId = z.string().min(1).max(256);
const secret = z.strictObject({ name: z.string().min(1).max(512), arn: z.string().max(2048) });

const step = z.strictObject({
  at: instant,
  milliseconds: z.number(),
  outcome: z.string().max(64),
});

/** One pass through the four steps. */
const rotation = z.strictObject({
  versionId,
  intent: intentSchema,
  /** The AWSCURRENT version it was built on and compared against; null: the first value. */
  basedOn: z.string().nullable(),
  at: instant,
  /** Who asked, and how we know. Not attributed: the console's button or the native rule. */
  triggeredBy: z.strictObject({
    attributed: provenanceSchema.shape.attributed,
    requestedBy: provenanceSchema.shape.requestedBy,
    reason: provenanceSchema.shape.reason,
    backstopProbably: provenanceSchema.shape.backstopProbably,
  }),
  /** By step name, the last run that succeeded. */
  steps: z.partialRecord(z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']), step),
  /** Facts read back from the target. */
  evidence: z.array(z.strictObject(evidenceSchema.shape)),
});

/** How one consumer came to the new value, in one round. */
const rollout = z.strictObject({
  consumer: rolloutRecordSchema.shape.consumer,
  round: roundSchema,
  /** unfinished: what follows the rotation stopped before. */
  outcome: z.enum(['healthy', 'unhealthy', 'failed', 'unfinished']),
  at: instant,
  /** held: it reported the new version or key. answered: it works. none: nobody asks it. */
  proof: rolloutRecordSchema.shape.proof,
  restartedAt: instant.optional(),
  /** Before anything was done to it for this version; absent: nobody knows. */
  wasHealthy: z.boolean().optional(),
  reason: z.string().max(1024).optional(),
});

export const rotationAuditEventSchema = z.strictObject({
  type: z.literal('credential-secret-rotation'),
  version: z.literal(1),
  /** The same for every delivery of the same fact: drop what you have seen. */
  id: versionId,
  at: instant,
  secret,
  kind: z.enum(['jwt', 'encryption', 'database', 'userManaged']),
  /** The version whose AfterRotation this is, and why it was made. */
  versionId,
  basedOn: z.string().nullable(),
  intent: intentSchema,
  /** What is used from now on, and what it replaced; absent: there was none. */
  material: z.strictObject({ primary: materialId.optional(), replaced: materialId.optional() }),
  /** The rotation of `versionId` and, when it published a key, that of the key's activation. */
  rotations: z.array(rotation).min(1).max(2),
  outcome: z.enum(['rotated', 'stopped']),
  /** Stopped: why. */
  reason: z.string().max(1024).optional(),
  /** Stopped, because a consumer was not well: the version of the rollback, which is told as a rotation of its own. */
  rolledBackBy: versionId.optional(),
  /** By round and consumer; absent: nothing restarts consumers or asks them. */
  rollouts: z.array(rollout).optional(),
  afterRotation: z.strictObject({
    execution: z.string(),
    startedAt: instant,
    endedAt: instant,
    /** Facts found after the promotion; absent: there was nothing to find. */
    evidence: z.array(z.strictObject(evidenceSchema.shape)).optional(),
  }),
  /** Every token signed before this rotation is refused after it. */
  logsEveryoneOut: z.boolean().optional(),
  /** The emergency that asked for it; absent: nobody's but its own. */
  emergency: emergencyIdSchema.optional(),
});
export type RotationAuditEvent = z.infer<typeof rotationAuditEventSchema>;

const cardinal = z.number().int().min(0);

/** The rows of a secret have moved to its new key, or could not. */
export const reencryptionAuditEventSchema = z.strictObject({
  type: z.literal('credential-reencryption'),
  version: z.literal(1),
  /** The same for every delivery of the same fact: drop what you have seen. */
  id: versionId,
  at: instant,
  secret,
  /** The version that was AWSCURRENT, and the key of its keyset that rows move to. */
  versionId,
  targetKid: materialId,
  mode: z.enum(['online', 'maintenance']),
  /** ARN of the execution that ended. */
  execution: z.string().max(2048),
  /** In the ledger; stopped: looked up there. */
  job: z
    .strictObject({
      id: z.string().max(32),
      epoch: z.string().max(32),
      startedAt: instant,
      endedAt: instant,
    })
    .optional(),
  /**
   * verified: zero values under any other key, counted after every writer from before had ended. unproven: all
   * were looked at, and something is left that nobody vouched for. stopped: it failed, a person looks.
   */
  outcome: z.enum(['verified', 'unproven', 'stopped']),
  /** By column: values sealed anew over the whole job; opened, damaged and left when last verified. */
  columns: z.array(
    z.strictObject({
      columnId: z.string().max(256),
      rewritten: cardinal,
      opened: cardinal,
      quarantined: cardinal,
      remaining: cardinal,
    }),
  ),
  /** What stands in the way. */
  findings: z.array(z.string().max(512)).max(20),
});
export type ReencryptionAuditEvent = z.infer<typeof reencryptionAuditEventSchema>;

/** AWSCURRENT moved to a version that no rotation made. */
export const unmanagedWriteEventSchema = z.strictObject({
  type: z.literal('unmanaged-secret-write'),
  version: z.literal(1),
  id: versionId,
  at: instant,
  secret,
  versionId: z.string().min(1).max(64),
});
export type UnmanagedWriteEvent = z.infer<typeof unmanagedWriteEventSchema>;
