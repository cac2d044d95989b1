/**
 * What the command line asks of the function that re-encrypts the rows of one secret: one request and one
 * answer per operation. Answers hold names, keys of rows and counts, never a value; strict at every level.
 */
import * as z from 'zod';
import { findingSchema } from './operator-requests.ts';

const secretName = z.string().min(1).max(512);
const count = z.number().int().min(0);
const kid = z.string().regex(/^[0-9a-f]{16}$/);
/** Who asks, for the records: the caller's ARN. */
const by = z.string().min(1).max(256);

const of = { secret: secretName };

export const reencryptionOperations = {
  /** Where the job stands. */
  reencryptionStatus: z.strictObject({ operation: z.literal('reencryptionStatus'), ...of }),
  /** What a job would do: findings, ranges, and rows by key, counted now. Writes nothing. */
  reencryptionDryRun: z.strictObject({ operation: z.literal('reencryptionDryRun'), ...of }),
  /** Workers stop after the batch they are at. */
  pauseReencryption: z.strictObject({ operation: z.literal('pauseReencryption'), ...of }),
  /** Takes the pause off; whoever asks starts an execution, if none is alive. */
  resumeReencryption: z.strictObject({ operation: z.literal('resumeReencryption'), ...of }),
  /** A page of the quarantine. */
  quarantinedRows: z.strictObject({
    operation: z.literal('quarantinedRows'),
    ...of,
    limit: z.int().min(1).max(1_000),
    after: z
      .strictObject({ leaf: z.string(), columnId: z.string(), rowKey: z.array(z.string()) })
      .optional(),
  }),
  /** Somebody takes it upon themselves that these rows stay as they are. */
  acceptQuarantined: z.strictObject({
    operation: z.literal('acceptQuarantined'),
    ...of,
    columnId: z.string(),
    reason: z.string().regex(/^[A-Z_]{1,40}$/),
    by,
  }),
  /** Somebody vouches that a store nobody can count holds the job's target key only. */
  attestStore: z.strictObject({
    operation: z.literal('attestStore'),
    ...of,
    store: z.string().min(1).max(40),
    /** Where it can be looked up, e.g. a ticket. */
    evidence: z.string().min(1).max(256),
    by,
  }),
} as const;
export type ReencryptionOperation = keyof typeof reencryptionOperations;

const columnProgress = z.strictObject({
  columnId: z.string(),
  nulls: count,
  /** Empty, or under the target key already. */
  skipped: count,
  rewritten: count,
  quarantined: count,
  gone: count,
  opened: count,
  remaining: count,
});

export const reencryptionStatusSchema = z.strictObject({
  secret: secretName,
  /** Absent: no job was ever opened in this database. */
  job: z
    .strictObject({
      id: z.string(),
      epoch: z.string(),
      targetKid: kid,
      mode: z.enum(['online', 'maintenance']),
      state: z.enum(['active', 'verified', 'closed']),
      paused: z.boolean(),
      pass: count,
      passKind: z.enum(['rewrite', 'sweep', 'verify', 'count']),
      ranges: z.strictObject({ done: count, total: count }),
      rowsEstimated: z.number().min(0),
      /** Of the pass under way. */
      columns: z.array(columnProgress),
      quarantined: z.strictObject({ rows: count, accepted: count }),
      /** Stores nobody has vouched for yet. */
      storesOpen: z.array(z.string()),
      createdAt: z.iso.datetime(),
      verifiedAt: z.iso.datetime().optional(),
    })
    .optional(),
  /** Of the server, as far as the role may see it. */
  replicationLagSeconds: z.number().min(0).optional(),
  at: z.iso.datetime(),
});
export type ReencryptionStatus = z.infer<typeof reencryptionStatusSchema>;

export const reencryptionDryRunSchema = z.strictObject({
  secret: secretName,
  targetKid: kid,
  findings: z.array(findingSchema),
  leaves: z.array(
    z.strictObject({
      leaf: z.string(),
      walk: z.enum(['key', 'ctid']),
      rowsEstimated: z.number().min(0),
      ranges: count,
    }),
  ),
  /** Rows not under the target key, by the key their value names; absent kid: it names none. */
  rowsLeft: z.array(
    z.strictObject({
      columnId: z.string(),
      leaf: z.string(),
      kid: z.string().optional(),
      rows: count,
    }),
  ),
});
export type ReencryptionDryRun = z.infer<typeof reencryptionDryRunSchema>;

export const reencryptionPausedSchema = z.strictObject({
  secret: secretName,
  /** Absent: no job is active, nothing was changed. */
  jobId: z.string().optional(),
  paused: z.boolean(),
});
export type ReencryptionPaused = z.infer<typeof reencryptionPausedSchema>;

export const quarantinePageSchema = z.strictObject({
  secret: secretName,
  jobId: z.string().optional(),
  rows: z.array(
    z.strictObject({
      leaf: z.string(),
      columnId: z.string(),
      rowKey: z.array(z.string()),
      reason: z.string(),
      kid: z.string().optional(),
      acceptedBy: z.string().optional(),
    }),
  ),
});
export type QuarantinePage = z.infer<typeof quarantinePageSchema>;

export const quarantineAcceptedSchema = z.strictObject({
  secret: secretName,
  jobId: z.string(),
  accepted: count,
});
export type QuarantineAccepted = z.infer<typeof quarantineAcceptedSchema>;

export const storeAttestedSchema = z.strictObject({
  secret: secretName,
  store: z.string(),
  kid,
});
export type StoreAttested = z.infer<typeof storeAttestedSchema>;
