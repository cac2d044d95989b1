/**
 * What happens around a rotation, for whoever wants to be told: on the event bus with source `quarterturn` and
 * detail-type = `type`, beside the audit events of `audit-event.ts`. `docs/events.md` describes them for their
 * reader; `lambdas/notify` makes messages of them.
 *
 * Strict at every level, for the same reason as the audit events: no later change lets a value in.
 */
import * as z from 'zod';
import { intentSchema } from './control-records.ts';

const instant = z.iso.datetime();
const id = z.string().regex(/^[A-Za-z0-9-]{32,64}$/);
/** Of a rotation that came to nothing, too: RotateSecret takes any 32 to 64 characters as a token. */
const anyVersionId = z.string().min(1).max(64);
const secret = z.strictObject({ name: z.string().min(1).max(512), arn: z.string().max(2048) });
const rotatedKind = z.enum(['jwt', 'encryption', 'database', 'userManaged']);

const everyNotice = {
  version: z.literal(1),
  /** The same for every delivery of the same fact: drop what you have seen. */
  id,
  at: instant,
};

/** The schedule will rotate this secret; nothing has happened yet. */
export const plannedNoticeSchema = z.strictObject({
  type: z.literal('credential-rotation-planned'),
  ...everyNotice,
  secret,
  kind: rotatedKind,
  /** Not before. */
  plannedAt: instant,
  /** When the material reaches its limit. */
  limitAt: instant,
  /** Every session ends with this rotation: its readers know one key. */
  logsEveryoneOut: z.boolean().optional(),
});
export type PlannedNotice = z.infer<typeof plannedNoticeSchema>;

/** The four steps have begun. */
export const startedNoticeSchema = z.strictObject({
  type: z.literal('credential-rotation-started'),
  ...everyNotice,
  secret,
  kind: rotatedKind,
  /** The version that is being made. */
  versionId: anyVersionId,
  intent: intentSchema,
  /** Not attributed: the console's button or the native rule. */
  attributed: z.boolean(),
  requestedBy: z.string().max(256).optional(),
  reason: z.string().max(1024).optional(),
  /** The native rule's window was open. */
  backstopProbably: z.boolean().optional(),
  /** The secret had no value before. */
  firstValue: z.literal(true).optional(),
});
export type StartedNotice = z.infer<typeof startedNoticeSchema>;

/**
 * A rotation failed before AWSCURRENT moved, or does not end. One a version, and another one if it costs the login
 * later; heard without any CloudTrail trail,
 * because `lambdas/watch` looks itself.
 */
export const failedNoticeSchema = z.strictObject({
  type: z.literal('credential-rotation-failed'),
  ...everyNotice,
  secret,
  kind: rotatedKind,
  versionId: anyVersionId,
  intent: intentSchema,
  /** When the rotation was recorded. */
  since: instant,
  /** The step that failed last, and how; absent: it failed without a word, or is only slow. */
  failure: z
    .strictObject({
      step: z.string().max(32),
      code: z.string().max(128),
      message: z.string().max(1024),
      at: instant,
    })
    .optional(),
  /**
   * Of a database: can the application log in? `works`: AWSCURRENT does; `restored`: it could not, and its verifier
   * was set again; `pendingWorks`: only AWSPENDING does, until the rotation ends; `lockedOut`: nothing does;
   * `unknown`: the database could not be asked.
   */
  login: z.enum(['works', 'restored', 'pendingWorks', 'lockedOut', 'unknown']).optional(),
});
export type FailedNotice = z.infer<typeof failedNoticeSchema>;

/** The material is past its limit, or near it and kept from rotating. Once a day. */
export const overdueNoticeSchema = z.strictObject({
  type: z.literal('credential-overdue'),
  ...everyNotice,
  secret,
  kind: rotatedKind,
  rotatedAt: instant.optional(),
  limitAt: instant.optional(),
  reason: z.string().max(1024),
});
export type OverdueNotice = z.infer<typeof overdueNoticeSchema>;

/** A secret its owners change is older than they wanted it to become. */
export const reminderNoticeSchema = z.strictObject({
  type: z.literal('credential-reminder'),
  ...everyNotice,
  secret,
  purpose: z.string().max(1024),
  changedAt: instant,
  ageDays: z.int().min(0),
  remindDays: z.int().min(1),
});
export type ReminderNotice = z.infer<typeof reminderNoticeSchema>;

/** A certificate ends soon, has ended, or cannot be read. */
export const certificateNoticeSchema = z.strictObject({
  type: z.literal('certificate-expiring'),
  ...everyNotice,
  /** `<name>/<environment>`: a certificate's name is its deployment's own, and several share the bus. */
  deployment: z.string().max(64),
  /** Its name in the configuration, and where it is read from: an ARN, a secret's name, or host:port. */
  certificate: z.strictObject({ name: z.string().max(64), source: z.string().max(2048) }),
  notAfter: instant.optional(),
  daysLeft: z.int().optional(),
  /** What is wrong: not readable, not valid yet, for another name. */
  problem: z.string().max(512).optional(),
});
export type CertificateNotice = z.infer<typeof certificateNoticeSchema>;

export const noticeSchema = z.discriminatedUnion('type', [
  plannedNoticeSchema,
  startedNoticeSchema,
  failedNoticeSchema,
  overdueNoticeSchema,
  reminderNoticeSchema,
  certificateNoticeSchema,
]);
export type Notice = z.infer<typeof noticeSchema>;
