/**
 * What `quarterturn report --format json` prints: one document, versioned, from which every other form is made.
 * Instants are ISO 8601 in UTC, days are whole days. A field that is absent is unknown or does not apply; readers
 * ignore fields they do not know. It holds no value and nothing a value could be guessed from.
 */
import * as z from 'zod';
import { evidenceSchema, intentSchema } from '../events/control-records.ts';
import { certificateStatusSchema } from './certificate-status.ts';
import { contactPersonSchema } from './deployment/contacts.ts';
import { lastDrillSchema } from './emergency-status.ts';
import { heading } from './heading.ts';
import { secretStatusSchema, statusReportSchema } from './status-report.ts';

const instant = z.iso.datetime();
const count = z.int().min(0);

/** How the report knows of something that has happened. */
export const proofs = [
  /** The audit log has its event, and control table or labels know the version. */
  'auditEvent',
  /** Nothing but the event tells of it: whoever may put events on the account's bus could have written it. */
  'auditEventAlone',
  /** The control table has its record, the audit log was not read or has no event of it. */
  'controlTable',
  /** A date label is all there is. */
  'dateLabel',
] as const;
export type Proof = (typeof proofs)[number];

export const rotationOutcomes = [
  'rotated',
  /** AWSCURRENT moved; what follows a rotation stopped and waits for a person. */
  'stopped',
  /** AWSCURRENT moved; what follows is under way. */
  'following',
  'inProgress',
  /** AWSCURRENT has not moved. */
  'failed',
] as const;
export type RotationOutcome = (typeof rotationOutcomes)[number];

export const toldEvidenceSchema = z.object({
  ...evidenceSchema.shape,
  /** The fact as a sentence. */
  words: z.string(),
});
export type ToldEvidence = z.infer<typeof toldEvidenceSchema>;

const rotationEntrySchema = z.object({
  type: z.literal('rotation'),
  /** When what it made came into use; of a rotation that has not come so far, when it was recorded. */
  at: instant,
  versionId: z.string(),
  outcome: z.enum(rotationOutcomes),
  proof: z.enum(proofs),
  /** Absent: only a date label is left of it. */
  intent: intentSchema.optional(),
  /** The secret had no value before. */
  firstValue: z.literal(true).optional(),
  /** Absent with the intent. */
  trigger: z
    .object({
      /** False for the console's button and Secrets Manager's own rule. */
      attributed: z.boolean(),
      by: z.string().optional(),
      reason: z.string().optional(),
      words: z.string(),
    })
    .optional(),
  /** Ids of the material in use afterwards, and of what it replaced. */
  primary: z.string().optional(),
  replaced: z.string().optional(),
  steps: z.array(z.object({ step: z.string(), outcome: z.string(), milliseconds: z.number() })),
  evidence: z.array(toldEvidenceSchema),
  /** Why it stopped or failed. */
  problem: z.string().optional(),
});
export type RotationEntry = z.infer<typeof rotationEntrySchema>;

const reencryptionEntrySchema = z.object({
  type: z.literal('reencryption'),
  at: instant,
  versionId: z.string(),
  outcome: z.enum(['verified', 'unproven', 'stopped']),
  targetKid: z.string(),
  /** Values over all columns; absent: only the job's record is left, not its event. */
  values: z
    .object({ rewritten: count, opened: count, quarantined: count, remaining: count })
    .optional(),
  findings: z.array(z.string()),
  proof: z.enum(proofs),
});
export type ReencryptionEntry = z.infer<typeof reencryptionEntrySchema>;

const unmanagedEntrySchema = z.object({
  type: z.literal('unmanagedWrite'),
  at: instant,
  versionId: z.string(),
  proof: z.enum(proofs),
});

export const historyEntrySchema = z.discriminatedUnion('type', [
  rotationEntrySchema,
  reencryptionEntrySchema,
  unmanagedEntrySchema,
]);
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const reportedSecretSchema = z.object({
  key: z.string(),
  name: z.string(),
  kind: secretStatusSchema.shape.kind,
  purpose: z.string(),
  /** Of 90 or 180 days; absent: as needed, by its owners. */
  frequencyDays: z.int().optional(),
  lastRotatedAt: instant.optional(),
  nextDueAt: instant.optional(),
  /** When the schedule asks for the next rotation. */
  plannedAt: instant.optional(),
  ageDays: z.int().optional(),
  state: secretStatusSchema.shape.state,
  reason: z.string(),
  storage: z.object({ service: z.string(), region: z.string(), arn: z.string().optional() }),
  encryption: z.object({
    /** `unknown`: nobody told. */
    managedBy: z.enum(['customer', 'aws', 'unknown']),
    /** Id, ARN or alias as the secret names it. */
    key: z.string().optional(),
  }),
  /** Consumers by name and functions by what they do, that this deployment lets read the value. */
  access: z.array(z.string()),
  /** What Secrets Manager itself says; absent: it did not tell. */
  service: z
    .object({
      rotationEnabled: z.boolean(),
      lastRotatedAt: instant.optional(),
      nextRotationAt: instant.optional(),
      lastAccessedOn: instant.optional(),
      createdAt: instant.optional(),
      /** Keys of tags, without AWS's own. */
      tags: z.array(z.string()),
    })
    .optional(),
  notes: z.array(z.string()),
  findings: z.array(secretStatusSchema.shape.findings.element.pick({ code: true, message: true })),
  /** The latest first. */
  history: z.array(historyEntrySchema),
});
export type ReportedSecret = z.infer<typeof reportedSecretSchema>;

/** As `quarterturn status` tells it, without what to run. */
export const reportedCertificateSchema = certificateStatusSchema.extend({
  findings: z
    .array(certificateStatusSchema.shape.findings.element.pick({ code: true, message: true }))
    .optional(),
});
export type ReportedCertificate = z.infer<typeof reportedCertificateSchema>;

export const controlResults = ['pass', 'fail', 'notShown'] as const;
export type ControlResult = (typeof controlResults)[number];

export const controlReportSchema = z.object({
  /** E.g. `SecretsManager.4`. */
  id: z.string(),
  framework: z.enum(['AWS Security Hub', 'AWS Config', 'HIPAA Security Rule', 'SOC 2']),
  title: z.string(),
  /** Where it is written. */
  source: z.url(),
  /** What Quarterturn looks at for it, and what that does not show. */
  supports: z.string(),
  /** The worst of the evidence; `notShown` when there is none either way. */
  result: z.enum(controlResults),
  evidence: z.array(
    z.object({
      /** A secret by its key; absent: of the deployment as a whole. */
      secret: z.string().optional(),
      result: z.enum(controlResults),
      fact: z.string(),
    }),
  ),
});
export type ControlReport = z.infer<typeof controlReportSchema>;

export const deploymentReportSchema = z.object({
  report: z.literal('quarterturn-report'),
  ...heading,
  /** The past the history is about, and how far ahead the timeline looks. */
  period: z.object({ from: instant, until: instant, ahead: instant }),
  /** Absent: the deployment names nobody. */
  contacts: z
    .object({
      people: z.array(contactPersonSchema),
      /** Dates, `2025-11-18`; absent: nobody ever went through the sheet. */
      reviewedOn: z.string().optional(),
      nextReviewOn: z.string().optional(),
      reviewOverdue: z.boolean(),
    })
    .optional(),
  /** When emergencies were last practised; absent: the deployment has no machine for them. */
  lastDrill: lastDrillSchema.optional(),
  secrets: z.array(reportedSecretSchema),
  certificates: z.array(reportedCertificateSchema),
  /** Secrets that carry this deployment's tags and are not in it; only those of kind `stray` need a person. */
  strays: statusReportSchema.shape.strays.unwrap(),
  auditLog: z.object({
    group: z.string(),
    /** `partly`: not every page was read. */
    state: z.enum(['read', 'partly', 'denied', 'absent', 'failed']),
    /** Events of this deployment's secrets, and lines this release does not understand. */
    events: count,
    notUnderstood: count,
    /** Why it was not read. */
    problem: z.string().optional(),
  }),
  /** With `--control`. */
  controls: z.array(controlReportSchema).optional(),
  /** How many findings there are, of secrets, certificates, strays and the last drill; above 0 the exit code is 3. */
  findings: count,
});
export type DeploymentReport = z.infer<typeof deploymentReportSchema>;
