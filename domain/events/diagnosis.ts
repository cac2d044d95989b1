/**
 * What `quarterturn doctor` asks of every rotation function, about its own secret: `diagnose` looks and changes
 * nothing, `resume` runs one step of the rotation that is stuck, `abandon` takes AWSPENDING away from it. Answers
 * hold names, labels, material ids and SQLSTATEs; strict at every level, so that no later change lets a value in.
 */
import * as z from 'zod';
import { findingSchema } from './operator-requests.ts';

const versionId = z.string().min(1).max(64);

export const diagnoseSchema = z.strictObject({ operation: z.literal('diagnose') });
export type Diagnose = z.infer<typeof diagnoseSchema>;

/** One of our own errors; messages of others are withheld, because they may hold a value. */
export const problemSchema = z.strictObject({
  code: z.string().regex(/^ERR_ROTATION_[A-Z0-9_]+$/),
  message: z.string().max(2048),
  /** Of PostgreSQL: five characters. */
  sqlstate: z.string().max(5).optional(),
  /** Of the connection, e.g. CERT_HAS_EXPIRED or ECONNREFUSED. */
  reason: z.string().max(128).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** One call, or one login. */
export const attemptSchema = z.strictObject({
  /** Where: host:port/database of a login, `target` of any other check. */
  at: z.string().max(512),
  /** failed: nothing is known of the credential, because the question was not answered. */
  answer: z.enum(['accepted', 'refused', 'failed']),
  /** Through a pooler: what consumers meet, not what the server says. */
  pooled: z.literal(true).optional(),
  milliseconds: z.number(),
  /** refused and failed: why. */
  problem: problemSchema.optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const examinedVersionSchema = z.strictObject({
  versionId,
  labels: z.array(z.string()),
  /** marker: that of a new secret. unreadable: `problem` says why; unparsable: no value of this kind. */
  value: z.enum(['text', 'none', 'marker', 'unreadable', 'unparsable']),
  problem: problemSchema.optional(),
  /** Of its material, by id. */
  primary: z.string().optional(),
  published: z.string().optional(),
  /** How many keys it holds. */
  materials: z.int().optional(),
  /** The material in use, or the one that is published, is recorded as compromised. */
  compromised: z.boolean().optional(),
  /** Absent: nobody was asked about it. */
  attempts: z.array(attemptSchema).optional(),
});
export type ExaminedVersion = z.infer<typeof examinedVersionSchema>;

/** A service the function cannot do without. */
export const reachSchema = z.strictObject({
  service: z.enum(['secretsmanager', 'kms', 'dynamodb']),
  milliseconds: z.number(),
  problem: problemSchema.optional(),
});

/** Of a database: what only the admin's login sees. */
export const examinedTargetSchema = z.strictObject({
  /** The role of the admin; absent: its secret is not readable. */
  admin: z.string().max(63).optional(),
  /** Why the admin could not look. */
  problem: problemSchema.optional(),
  serverVersion: z.int().optional(),
  roles: z.array(
    z.strictObject({
      role: z.string().max(63),
      exists: z.boolean(),
      canLogin: z.boolean(),
      sessions: z.int(),
    }),
  ),
  findings: z.array(findingSchema),
  unchecked: z.array(z.string()),
});
export type ExaminedTarget = z.infer<typeof examinedTargetSchema>;

export const diagnosisSchema = z.strictObject({
  secretArn: z.string(),
  functionArn: z.string(),
  reaches: z.array(reachSchema),
  /** Those with a label, as far as Secrets Manager answers. */
  versions: z.array(examinedVersionSchema),
  /** Absent: its kind has none that is looked at. */
  target: examinedTargetSchema.optional(),
});
export type Diagnosis = z.infer<typeof diagnosisSchema>;

export const resumeSchema = z.strictObject({
  operation: z.literal('resume'),
  /** The version AWSPENDING stands on. */
  versionId: z.string().regex(/^[A-Za-z0-9-]{32,64}$/),
  step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
});
export type Resume = z.infer<typeof resumeSchema>;

export const resumedSchema = z.strictObject({ outcome: z.string().max(64) });
export type Resumed = z.infer<typeof resumedSchema>;

export const abandonSchema = z.strictObject({
  operation: z.literal('abandon'),
  /** The version AWSPENDING stands on. */
  versionId,
  requestedBy: z.string().min(1).max(256),
});
export type Abandon = z.infer<typeof abandonSchema>;

export const abandonedSchema = z.strictObject({
  /** pinned: the target accepts the value, or did not say, so its version keeps a label of ours. */
  outcome: z.enum(['nothingToDo', 'cleared', 'pinned']),
});
export type Abandoned = z.infer<typeof abandonedSchema>;
