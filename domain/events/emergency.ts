/**
 * An emergency, from its start to its report: what the machine is handed, what is remembered of it, and what is told.
 * Names, ids and facts, never a value.
 */
import * as z from 'zod';
import { evidenceSchema, tokenSchema } from './control-records.ts';

const instant = z.iso.datetime();
const key = z.string().regex(/^[a-z][A-Za-z0-9]{0,19}$/);
const principalArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,512}$/);

/** Stands in names of executions and objects: what begins later sorts later (`20261123t101500z-9f2c41aa07be63d1`). */
export const emergencyIdSchema = z.string().regex(/^\d{8}t\d{6}z-[0-9a-f]{16}$/);

/**
 * Input of one execution. From the console `{ "secrets": ["jwt"], "reason": "…" }` is enough.
 */
export const emergencyInputSchema = z.strictObject({
  /** Absent: made from the execution's name and start. A second execution under one id goes on with the first. */
  id: emergencyIdSchema.optional(),
  /** Keys of what is exposed: they change first, all at once. */
  secrets: z.array(key).min(1).max(50).or(z.literal('all')),
  /** Everything else changes after them, as an emergency, too. */
  others: z.boolean().default(false),
  reason: z.string().min(1).max(512),
  /** Since when somebody else may have known them; absent: not known, the audit looks 90 days back. */
  exposedSince: instant.optional(),
  /** Whom to cut off first: only who is named in `emergency.contain.principals`. */
  suspects: z.array(principalArn).max(20).default([]),
  /** Consumers are restarted one by one, and not stopped before. */
  keepRunning: z.boolean().default(false),
  /** Everything is looked at and nothing is changed. */
  drill: z.boolean().default(false),
  /** Nobody decided: an event. Only the protective part, and no consumer is stopped. */
  unattended: z.boolean().default(false),
  requestedBy: z.string().min(1).max(256).default('not told'),
});
export type EmergencyInput = z.infer<typeof emergencyInputSchema>;

/**
 * In this order. `protect` and `protectOthers` work on all their secrets at once.
 *
 * announce       security is told, nobody else
 * contain        suspects are denied and lose their sessions
 * stop           consumers stop; what they ran with is remembered
 * protect        the exposed ones: way cleared, rotated, old credential proven dead
 * protectOthers  everything else
 * start          consumers run again with what they ran with, or are restarted, each once for all of its secrets
 * settle         what follows each rotation has ended: health proven, audit event, rows began to move
 * accessAudit    who read them
 * report         written, and stored
 * tell           everybody else
 */
export const emergencyStages = [
  'announce',
  'contain',
  'stop',
  'protect',
  'protectOthers',
  'start',
  'settle',
  'accessAudit',
  'report',
  'tell',
] as const;
export const emergencyStageSchema = z.enum(emergencyStages);
export type EmergencyStage = z.infer<typeof emergencyStageSchema>;

/** `emergency#<name>/<environment>` / `<id>`. */
export const emergencyRecordSchema = z.object({
  id: emergencyIdSchema,
  /** As it was begun, keys resolved. */
  exposed: z.array(key),
  others: z.array(key),
  reason: z.string().max(512),
  exposedSince: instant.optional(),
  suspects: z.array(principalArn),
  keepRunning: z.boolean(),
  drill: z.boolean(),
  unattended: z.boolean(),
  requestedBy: z.string().max(256),
  /** ARN of the execution that works on it, or did last. */
  execution: z.string().max(2048),
  /**
   * running → closed       every stage is done, or had nothing to do
   *         → incomplete   a stage failed, or the execution died: an execution under the same id goes on
   */
  state: z.enum(['running', 'closed', 'incomplete']),
  /** incomplete: why the execution itself ended, where no stage says so. */
  ended: z.string().max(1024).optional(),
  startedAt: instant,
  endedAt: instant.optional(),
  /** Consumers whose secrets these are, by what is done to them. */
  consumers: z.object({
    /** Stopped before, started after. */
    stop: z.array(z.string()),
    /** Restarted after. */
    restart: z.array(z.string()),
    /** Learn by themselves, or nothing reaches them: a person's, told in the report. */
    alone: z.array(z.string()),
  }),
  /** Where the report was stored. */
  report: z.object({ bucket: z.string(), key: z.string(), at: instant }).optional(),
});
export type EmergencyRecord = z.infer<typeof emergencyRecordSchema>;

/** `emergency#<name>/<environment>` / `<id>/stage/<stage>`. */
export const stageRecordSchema = z.object({
  id: emergencyIdSchema,
  stage: emergencyStageSchema,
  /** skipped: nothing to do, `reason` says why. failed: what follows was done all the same. */
  state: z.enum(['running', 'done', 'failed', 'skipped']),
  startedAt: instant,
  endedAt: instant.optional(),
  evidence: z.array(evidenceSchema).default([]),
  reason: z.string().max(1024).optional(),
});
export type StageRecord = z.infer<typeof stageRecordSchema>;

/** `emergency#<name>/<environment>` / `<id>/secret/<key>`. How far one secret has come. */
export const emergencySecretRecordSchema = z.object({
  id: emergencyIdSchema,
  key,
  name: z.string().max(512),
  kind: z.enum(['jwt', 'encryption', 'database', 'userManaged']),
  exposed: z.boolean(),
  /**
   * waiting → asked → promoted → proven
   *        any → failed   `reason`; an execution under the same id asks again
   * person: nothing here can change it, `reason` says what its owners do
   * checked: a drill; what it found is in `evidence`
   */
  state: z.enum(['waiting', 'asked', 'promoted', 'proven', 'failed', 'person', 'checked']),
  /** Of the rotation that was asked for last: its ClientRequestToken, hence its version. */
  versionId: tokenSchema.optional(),
  /** How often it was asked for. */
  attempts: z.int().min(0),
  /** AWSCURRENT before. */
  replaced: z.string().max(64).optional(),
  /** What is recorded as compromised: kids, `<role>:<fingerprint>`. */
  compromised: z.array(z.string().max(256)),
  /** The rotation in flight that gave way. */
  preempted: z.string().max(64).optional(),
  askedAt: instant.optional(),
  promotedAt: instant.optional(),
  /** When the old credential was looked at, and what was found. */
  provenAt: instant.optional(),
  evidence: z.array(evidenceSchema).default([]),
  /** What followed the rotation: `finished`, or why not. */
  afterRotation: z.string().max(1024).optional(),
  reason: z.string().max(1024).optional(),
  /** What a person runs. */
  command: z.string().max(2048).optional(),
});
export type EmergencySecretRecord = z.infer<typeof emergencySecretRecordSchema>;

/** `drilled#<name>/<environment>` / "last". For the inventory. */
export const drilledRecordSchema = z.object({
  id: emergencyIdSchema,
  at: instant,
  outcome: z.enum(['passed', 'findings', 'died']),
  /** How long a real one is expected to take until old credentials are dead, and until everything is over. */
  deadWithinSeconds: z.int().min(0),
  overWithinSeconds: z.int().min(0),
  findings: z.int().min(0),
});
export type DrilledRecord = z.infer<typeof drilledRecordSchema>;

/** The intent's owner (`IntentRecord.owner`) of a rotation that an emergency asked for. */
export const emergencyOwner = (id: string): string => `emergency#${id}`;
export const emergencyOf = (owner: string | undefined): string | undefined =>
  owner?.startsWith('emergency#') ? owner.slice('emergency#'.length) : undefined;

/** On the bus, at the beginning and at the end. Strict: nothing slips in. */
export const emergencyEventSchema = z.strictObject({
  type: z.literal('credential-emergency'),
  version: z.literal(1),
  /** The same for every delivery of the same fact: drop what you have seen. */
  id: z.string().regex(/^[A-Za-z0-9-]{32,64}$/),
  at: instant,
  /** `<name>/<environment>`. */
  deployment: z.string().max(64),
  emergency: emergencyIdSchema,
  phase: z.enum(['begun', 'closed', 'incomplete']),
  drill: z.boolean(),
  unattended: z.boolean(),
  requestedBy: z.string().max(256),
  reason: z.string().max(512),
  /** Names of secrets; `state` is known at the end. */
  secrets: z
    .array(
      z.strictObject({
        key,
        name: z.string().max(512),
        exposed: z.boolean(),
        state: emergencySecretRecordSchema.shape.state.optional(),
        versionId: tokenSchema.optional(),
      }),
    )
    .max(50),
  startedAt: instant,
  endedAt: instant.optional(),
  /** When the last exposed credential was proven dead, or an exposed encryption key could only read; absent: one is not. */
  deadAt: instant.optional(),
  failedStages: z.array(emergencyStageSchema).optional(),
  /** Of a drill: what it found, and what it expects of a real one, from its start. */
  findings: z.int().min(0).optional(),
  expected: z
    .strictObject({ deadWithinSeconds: z.int().min(0), overWithinSeconds: z.int().min(0) })
    .optional(),
  /** Readers that nobody declared, of the old versions and of the new ones; absent: not known. */
  unknownReaders: z.int().min(0).optional(),
  unknownReadersOfNew: z.int().min(0).optional(),
  /** `s3://bucket/key` of the report. */
  report: z.string().max(2048).optional(),
});
export type EmergencyEvent = z.infer<typeof emergencyEventSchema>;
