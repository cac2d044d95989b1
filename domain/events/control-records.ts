/**
 * The records of the control table (DynamoDB): what must be remembered between the calls of one
 * rotation, and after it. No record holds a value, or a hash of one that could be guessed.
 *
 * Partition key `pk` is `<record>#<secret name>`, sort key `sk` as noted: the record type leads the key so
 * that IAM can grant each writer its own records (`dynamodb:LeadingKeys`).
 */
import * as z from 'zod';

export const intents = ['planned', 'activate', 'rollback', 'emergency'] as const;
export const intentSchema = z.enum(intents);
export type Intent = z.infer<typeof intentSchema>;

/** A kid of a keyset, `<role>:<fingerprint>` of a database credential, `value:<fingerprint>` of a user-managed value. */
export type MaterialId = string;

const instant = z.iso.datetime();
/** ClientRequestToken: 32 to 64 characters, becomes the version id (API_RotateSecret). */
export const tokenSchema = z.string().regex(/^[A-Za-z0-9-]{32,64}$/);

/** Who asked for a rotation, and how we know. Keyset values carry a copy. */
export const provenanceSchema = z.object({
  intent: intentSchema,
  token: tokenSchema,
  /** False for the console's button and the native rule: they leave no intent record. */
  attributed: z.boolean(),
  requestedBy: z.string().max(256).optional(),
  reason: z.string().max(1024).optional(),
  /** The version this rotation builds on; absent for a first value. */
  basedOn: z.string().optional(),
  /** The native rule's window was open: an unattributed rotation is then probably the backstop. */
  backstopProbably: z.boolean().optional(),
});
export type Provenance = z.infer<typeof provenanceSchema>;

/** A fact read back from the target, for the audit event. Names and numbers, never a value. */
export const evidenceSchema = z.object({
  fact: z.string().regex(/^[a-z][a-zA-Z]{1,63}$/),
  detail: z.record(z.string(), z.union([z.string().max(512), z.number(), z.boolean()])).optional(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** `intent#<secret>` / token. Written by the caller before RotateSecret, read consistently by the core. */
export const intentRecordSchema = z.object({
  intent: intentSchema,
  token: tokenSchema,
  requestedBy: z.string().max(256),
  reason: z.string().max(1024).optional(),
  at: instant,
  /** The execution that owns this rotation: its events are handed over, never start a second one. */
  owner: z.string().optional(),
  /** rollback: the version whose material becomes current again (default AWSPREVIOUS). */
  restoreVersionId: z.string().optional(),
  /** activate: the version that published the key, and the key. */
  activate: z.object({ versionId: z.string(), kid: z.string() }).optional(),
});
export type IntentRecord = z.infer<typeof intentRecordSchema>;

/** For whoever may not read the function's log: an error as it left the function. */
export const failureNoteSchema = z.object({
  step: z.string().max(32),
  code: z.string().max(128),
  message: z.string().max(1024),
  at: instant,
});
export type FailureNote = z.infer<typeof failureNoteSchema>;

/** `rotation#<secret>` / token. What createSecret fixed for this token, and what each step found. */
export const rotationRecordSchema = z.object({
  token: tokenSchema,
  intent: intentSchema,
  /** The AWSCURRENT version this rotation builds on and will compare-and-swap against; null: none yet. */
  basedOn: z.string().nullable(),
  restoreVersionId: z.string().optional(),
  activateKid: z.string().optional(),
  owner: z.string().optional(),
  provenance: provenanceSchema,
  at: instant,
  /** Per step, the last run that succeeded. */
  steps: z
    .record(z.string(), z.object({ at: instant, milliseconds: z.number(), outcome: z.string() }))
    .default({}),
  evidence: z.array(evidenceSchema).default([]),
  /** Why the last run of a step failed; gone once that step has succeeded. Our messages hold no value. */
  failure: failureNoteSchema.optional(),
});
export type RotationRecord = z.infer<typeof rotationRecordSchema>;

/** `after#<secret>` / version id. The AfterRotation of one version. */
export const afterRotationRecordSchema = z.object({
  versionId: z.string(),
  state: z.enum(['due', 'running', 'finished', 'stopped']),
  intent: intentSchema,
  basedOn: z.string().nullable(),
  /** A key that waits for activation. */
  publishedKid: z.string().optional(),
  /** The primary material of this version and of the one before it. */
  primary: z.string().optional(),
  replaced: z.string().optional(),
  owner: z.string().optional(),
  execution: z.string().optional(),
  reason: z.string().max(1024).optional(),
  /** emergency: when what was in use before was looked at, and what was found (`domain/policy/proven-dead.ts`). */
  proof: z.object({ at: instant, evidence: z.array(evidenceSchema) }).optional(),
  at: instant,
});
export type AfterRotationRecord = z.infer<typeof afterRotationRecordSchema>;

/** `lease#<secret>` / "lease". While it stands, the core refuses every token but this one. */
export const leaseRecordSchema = z.object({
  token: tokenSchema,
  owner: z.string(),
  at: instant,
  expiresAt: instant,
});
export type LeaseRecord = z.infer<typeof leaseRecordSchema>;

/** `compromised#<secret>` / material id. Outlives every label. */
export const compromisedRecordSchema = z.object({
  material: z.string(),
  at: instant,
  recordedBy: z.string(),
  reason: z.string().max(1024).optional(),
});
export type CompromisedRecord = z.infer<typeof compromisedRecordSchema>;

/** `hold#<secret>` / "hold". Cadence leaves the secret alone until it ends. */
export const holdRecordSchema = z.object({
  reason: z.string(),
  at: instant,
  until: instant,
  /** Who ended it before its time; `until` is when. */
  releasedBy: z.string().max(256).optional(),
});
export type HoldRecord = z.infer<typeof holdRecordSchema>;

/**
 * `notice#<secret>` / "notice". The planned rotation that was announced last. It holds for the version it was
 * announced over: once another one is AWSCURRENT, the next rotation is announced anew.
 */
export const noticeRecordSchema = z.object({
  versionId: z.string(),
  at: instant,
  /** The schedule does not rotate before. */
  plannedAt: instant,
  /** Is the event on the bus? Written first and sent then: one that is not told yet is sent again. */
  told: z.boolean(),
});
export type NoticeRecord = z.infer<typeof noticeRecordSchema>;

/**
 * `notice#<secret>` / "overdue" and "reminder". The last day (UTC) on which a secret was called overdue, or its owners
 * were reminded of it.
 */
export const overdueRecordSchema = z.object({
  day: z.iso.date(),
  at: instant,
  told: z.boolean(),
});
export type OverdueRecord = z.infer<typeof overdueRecordSchema>;

/**
 * `told#<secret>` / `<fact>#<version id>`. What the watch has told about a version, so that it is told once; and
 * what it saw and gives others a moment to tell first.
 */
export const toldRecordSchema = z.object({
  fact: z.enum(['started', 'failed', 'loginLost', 'unmanagedWriteSeen', 'unmanagedWrite']),
  /** A version that no rotation made may have any id (API_PutSecretValue). */
  versionId: z.string().min(1).max(64),
  at: instant,
});
export type ToldRecord = z.infer<typeof toldRecordSchema>;

/**
 * `sent#<name>/<environment>` / `<event id>/<audience>`. What people were told, kept as evidence of it: a few
 * records a rotation.
 */
export const sentRecordSchema = z.object({
  state: z.enum(['sending', 'sent', 'refused']),
  at: instant,
  /** SNS's. */
  messageId: z.string().max(128).optional(),
});
export type SentRecord = z.infer<typeof sentRecordSchema>;

/** `adopted#<secret>` / "adopted". Written by `quarterturn adopt`, once; what an existing secret was like. */
export const adoptionRecordSchema = z.object({
  at: instant,
  by: z.string().max(256),
  /** Since when the material it held was in use: its age counts from here until the first date label. */
  materialSince: instant,
  /** The version that was AWSCURRENT. */
  versionId: z.string(),
});
export type AdoptionRecord = z.infer<typeof adoptionRecordSchema>;

/**
 * `reencryption#<secret>` / "job". The re-encryption of the rows, as its last task left it; the ledger in the
 * database is what counts.
 *
 * due → active → verified          zero rows under any other key, proven
 *              → unproven          rewritten, but quarantined rows or stores are not vouched for
 *              → stopped           a person looks: rows may be left
 * any          → closed            rollback, emergency or a job toward another key took its place
 *
 * While it is due, active or stopped, no planned rotation starts.
 */
export const reencryptionRecordSchema = z.object({
  state: z.enum(['due', 'active', 'verified', 'unproven', 'stopped', 'closed']),
  mode: z.enum(['online', 'maintenance']),
  /** The key the rows move to, and the version whose keyset holds it. */
  targetKid: z.string(),
  versionId: z.string(),
  /** ARN of the execution that works on it. */
  execution: z.string().optional(),
  /** Of the job row in the database. */
  jobId: z.string().optional(),
  epoch: z.string().optional(),
  pass: z.object({ number: z.int(), kind: z.string().max(16) }).optional(),
  /** Rows not under the target key when last counted, by column. */
  rowsLeft: z.array(z.object({ columnId: z.string(), rows: z.number() })).optional(),
  /** Why it is unproven or stopped. */
  findings: z.array(z.string().max(512)).max(20).default([]),
  /** When the job last came further. */
  at: instant,
  verifiedAt: instant.optional(),
  /** Verified: over what was declared then (`domain/policy/counted-scope.ts`). */
  scope: z.string().max(64).optional(),
  /** When it came due. What was said of consumers before that was said for another maintenance. */
  dueSince: instant.optional(),
  /** Somebody paused the job: since when workers find it so. */
  pausedSince: instant.optional(),
});
export type ReencryptionRecord = z.infer<typeof reencryptionRecordSchema>;

/** `consumers#<secret>` / "consumers". Maintenance mode: a person or a hook says that nothing reads or writes. */
export const consumersRecordSchema = z.object({
  stopped: z.boolean(),
  by: z.string().max(256),
  at: instant,
});
export type ConsumersRecord = z.infer<typeof consumersRecordSchema>;

/**
 * `zero#<secret>` / kid. No row of any declared store is under this key: proven by a verified job toward
 * another one. A key that becomes primary again has no proof from before.
 */
export const zeroProofSchema = z.object({
  kid: z.string(),
  /** The key every row was under instead, and the job's epoch. */
  targetKid: z.string(),
  epoch: z.string(),
  /** Since then no row has been found under it. */
  firstProvenAt: instant,
  lastProvenAt: instant,
  /** What was declared when it was last proven (`domain/policy/counted-scope.ts`). */
  scope: z.string().max(64).optional(),
});
export type ZeroProof = z.infer<typeof zeroProofSchema>;

/**
 * `trigger#<name>/<environment>` / the sender's id. A trigger that was accepted: sent again, it is known; the sender
 * reads here what came of it.
 */
export const triggerRecordSchema = z.object({
  trigger: z.enum(['exposure', 'offboarding', 'deployment']),
  /** EventBridge's id: the same for a second delivery, another one when somebody sends it again. */
  eventId: z.string().max(64),
  at: instant,
  /** Every secret was dealt with. */
  done: z.boolean(),
  secrets: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      state: z.string().max(32),
      versionId: z.string().optional(),
      emergency: z.string().max(64).optional(),
      code: z.string().max(128).optional(),
      message: z.string().max(1024).optional(),
      command: z.string().max(2048).optional(),
    }),
  ),
});
export type TriggerRecord = z.infer<typeof triggerRecordSchema>;

/** `waiting#<name>/<environment>` / the sender's id. What an offboarding still has to rotate; gone when nothing is left. */
export const waitingRecordSchema = z.object({
  requestId: z.string(),
  person: z.string(),
  account: z.string().optional(),
  reason: z.string().max(512).optional(),
  since: instant,
  /** Keys of the secrets that are left. */
  secrets: z.array(z.string()),
  /** By key, the rotation that was asked for last: whether it was begun, only Secrets Manager knows. */
  asked: z.record(z.string(), tokenSchema).optional(),
  /** Somebody was told that it takes more than a day. */
  told: z.boolean(),
});
export type WaitingRecord = z.infer<typeof waitingRecordSchema>;

/**
 * `exposure#<secret>` / "exposure". The exposure a secret was last rotated for unattended; until its end no other one
 * rotates it. One that failed gives way.
 */
export const exposureRecordSchema = z.object({
  requestId: z.string(),
  eventId: z.string().max(64),
  state: z.enum(['taken', 'failed']),
  at: instant,
  until: instant,
});
export type ExposureRecord = z.infer<typeof exposureRecordSchema>;

/** `refusal#<name>/<environment>` / `<code>/<hour>`. That security was told of a reason for refusals in that hour. */
export const refusalRecordSchema = z.object({ at: instant, eventId: z.string().max(64) });
export type RefusalRecord = z.infer<typeof refusalRecordSchema>;
