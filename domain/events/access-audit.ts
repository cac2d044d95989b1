/**
 * Who read the secrets, as CloudTrail tells it: what is asked, and what is answered. Principals, addresses and
 * counts; a trail holds no value.
 *
 * It never says "nobody": it says what was looked at, from when to when, and what such a look cannot see.
 */
import * as z from 'zod';

const instant = z.iso.datetime();
const key = z.string().regex(/^[a-z][A-Za-z0-9]{0,19}$/);

/** What the function is invoked with; again and again with its `progress`, until `done`. */
export const accessQuestionSchema = z.strictObject({
  operation: z.literal('readers'),
  /** Keys of secrets of this deployment. */
  secrets: z.array(key).min(1).max(50),
  since: instant,
  until: instant,
  /** Only reads by this principal (`quarterturn offboard`). */
  principal: z.string().min(1).max(2048).optional(),
  /** Versions that came with the emergency, by key: reads of them are told apart. */
  newVersions: z.record(key, z.string().max(64)).default({}),
  /** As answered before; absent: begin. */
  progress: z.unknown().optional(),
});
export type AccessQuestion = z.input<typeof accessQuestionSchema>;

const readSchema = z.strictObject({
  key,
  /** GetSecretValue and BatchGetSecretValue that were answered, and that were refused. */
  reads: z.int().min(0),
  denied: z.int().min(0),
  /** From KMS's Decrypt events (encryption context `SecretVersionId`): versions that were read, and how often. */
  versions: z
    .array(z.strictObject({ versionId: z.string().max(64), reads: z.int().min(0) }))
    .max(100),
});

export const readerSchema = z.strictObject({
  /** ARN of the role or user (not of a session), of the service, or what the trail says instead. */
  principal: z.string().max(2048),
  /**
   * own: a function of this deployment. declared: a role that holds a reader policy of this deployment. unknown:
   * everybody else, told first.
   */
  standing: z.enum(['unknown', 'declared', 'own']),
  account: z.string().max(12).optional(),
  firstAt: instant,
  lastAt: instant,
  /** Where from, the most frequent first: address or service, and the program as it calls itself. */
  sources: z
    .array(
      z.strictObject({
        address: z.string().max(128),
        userAgent: z.string().max(256),
        region: z.string().max(32),
        count: z.int().min(1),
        firstAt: instant,
        lastAt: instant,
      }),
    )
    .max(20),
  moreSources: z.int().min(0),
  /** Of a role: names of its sessions, as whoever opened them chose; of a person's often who it was. */
  sessions: z.array(z.string().max(64)).max(10).optional(),
  secrets: z.array(readSchema).max(50),
  /** It read a version that came with the emergency. */
  readNew: z.boolean(),
});
export type Reader = z.infer<typeof readerSchema>;

export const accessAuditSchema = z.strictObject({
  version: z.literal(1),
  at: instant,
  asked: z.strictObject({ from: instant, to: instant, secrets: z.array(key) }),
  /** By region. */
  covered: z
    .array(
      z.strictObject({
        region: z.string().max(32),
        source: z.enum(['athena', 'lookupEvents']),
        /** Absent: nothing could be looked at, `problem` says why. */
        from: instant.optional(),
        to: instant.optional(),
        events: z.int().min(0),
        problem: z.string().max(512).optional(),
      }),
    )
    .min(1),
  /** Unknown principals first, then by last read. */
  readers: z.array(readerSchema).max(200),
  moreReaders: z.int().min(0),
  /** Copies whose reads leave no trace here: environments, parameters, CI variables, caches, escrow. */
  notVisible: z
    .array(z.strictObject({ what: z.string().max(64), detail: z.string().max(512) }))
    .max(100),
  /** What limits the answer, in sentences. */
  notes: z.array(z.string().max(512)).max(20),
});
export type AccessAudit = z.infer<typeof accessAuditSchema>;

export const accessAnswerSchema = z.discriminatedUnion('done', [
  z.strictObject({ done: z.literal(false), progress: z.unknown(), seen: z.int().min(0) }),
  z.strictObject({ done: z.literal(true), audit: accessAuditSchema }),
]);
export type AccessAnswer = z.infer<typeof accessAnswerSchema>;
