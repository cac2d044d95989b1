/**
 * The report of an incident as data: what an emergency, or a drill of one, leaves behind. Markdown and HTML are made
 * from it and say nothing more. Instants are ISO 8601 in UTC, lengths are seconds. It holds no value.
 *
 * Strict at every level, as the audit event is. Texts come from outside, too (a user agent, a reason, a principal):
 * here they stand as they came, and whoever shows them escapes for where they go.
 */
import * as z from 'zod';
import { accessAuditSchema } from './access-audit.ts';
import { evidenceSchema } from './control-records.ts';
import {
  emergencyIdSchema,
  emergencySecretRecordSchema,
  emergencyStageSchema,
  stageRecordSchema,
} from './emergency.ts';

const instant = z.iso.datetime();
const count = z.int().min(0);
const seconds = z.number().min(0);

const told = z.strictObject({
  ...evidenceSchema.shape,
  /** The fact as a sentence. */
  words: z.string(),
  /** It says that something is missing: no reader should take it for proof. */
  reserved: z.boolean(),
});
export type IncidentEvidence = z.infer<typeof told>;

/**
 * What is known of the credential from before:
 *
 * dead          it was refused wherever it was tried, while the new one was accepted there; of signing keys: the value
 *               was read back, and every one of them is revoked
 * notProven     it was replaced, and at one place at least nothing shows that it is refused
 * readableOnly  an encryption key: nothing is sealed with it any more, and it goes on opening what it sealed
 * alive         it was not replaced
 * person        its owners change it where it is issued, or nothing here may
 * notTouched    it was not part of this emergency
 * checked       a drill looked at it
 */
export const standings = [
  'dead',
  'notProven',
  'readableOnly',
  'alive',
  'person',
  'notTouched',
  'checked',
] as const;
export type Standing = (typeof standings)[number];

const secretSchema = z.strictObject({
  key: z.string(),
  name: z.string(),
  kind: emergencySecretRecordSchema.shape.kind,
  exposed: z.boolean(),
  /** As the emergency left it; absent: it was not part of it. */
  state: emergencySecretRecordSchema.shape.state.optional(),
  standing: z.enum(standings),
  /** The same in a sentence, with every place that is not proven, and why. */
  words: z.string(),
  /** Places where nothing shows that the old credential is refused. */
  notProven: z.array(z.strictObject({ where: z.string(), why: z.string() })),
  /** Version ids. */
  replaced: z.string().optional(),
  versionId: z.string().optional(),
  /** Ids of what was given up: kids, `<role>:<fingerprint>`. */
  compromised: z.array(z.string()),
  askedAt: instant.optional(),
  promotedAt: instant.optional(),
  provenAt: instant.optional(),
  /** `finished`, or why what followed did not end. */
  afterRotation: z.string().optional(),
  attempts: count.optional(),
  /** The rotation in flight that gave way. */
  preempted: z.string().optional(),
  evidence: z.array(told),
  reason: z.string().optional(),
  /** Rows that follow an encryption key: as the job's record says. */
  rows: z
    .strictObject({
      state: z.enum(['due', 'active', 'verified', 'unproven', 'stopped', 'closed']),
      /** Not under the new key, when last counted; absent: not counted. */
      left: count.optional(),
    })
    .optional(),
});
export type IncidentSecret = z.infer<typeof secretSchema>;

const stageSchema = z.strictObject({
  stage: emergencyStageSchema,
  /** What it is for, in words. */
  words: z.string(),
  /** waiting: it had not begun when this was written. */
  state: z.enum([...stageRecordSchema.shape.state.options, 'waiting']),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  seconds: seconds.optional(),
  evidence: z.array(told),
  reason: z.string().optional(),
});
export type IncidentStage = z.infer<typeof stageSchema>;

/** How long it took, against what is aimed at; absent times: it has not come so far. */
const measured = z.strictObject({
  at: instant.optional(),
  seconds: seconds.optional(),
  targetSeconds: seconds,
  /** Of a drill: how long a real one is expected to take. */
  expectedSeconds: seconds.optional(),
});

/** What is left to be done. Ticked only when something was found that shows it. */
const remainingSchema = z.strictObject({
  id: z.string().regex(/^[a-z][A-Za-z]{1,40}$/),
  words: z.string(),
  /** done: by the machine, shown by `because`. underWay: it goes on by itself. open: somebody does it. */
  state: z.enum(['done', 'underWay', 'open']),
  /** What shows it, or what is missing. */
  because: z.array(z.string()),
  /** Who, where it is open. */
  who: z.string().optional(),
  /** To paste, Bourne shell. */
  commands: z.array(z.string()),
});
export type Remaining = z.infer<typeof remainingSchema>;

export const incidentReportSchema = z.strictObject({
  type: z.literal('quarterturn-incident'),
  version: z.literal(1),
  at: instant,
  deployment: z.strictObject({ name: z.string(), environment: z.string(), region: z.string() }),
  emergency: emergencyIdSchema,
  title: z.string(),
  /** Everything was looked at, and nothing was changed. */
  drill: z.boolean(),
  /** An event began it, not a person. */
  unattended: z.boolean(),
  /** running: it was written while stages were still at work. */
  outcome: z.enum(['closed', 'incomplete', 'running']),
  /** Incomplete: what failed and why, a sentence each. A drill: what it found. */
  problems: z.array(z.string()),
  /** What must not be overlooked, told first. */
  alerts: z.array(z.strictObject({ words: z.string(), commands: z.array(z.string()) })),
  reason: z.string(),
  requestedBy: z.string(),
  execution: z.string(),
  startedAt: instant,
  endedAt: instant.optional(),
  exposure: z.strictObject({
    secrets: z.array(z.string()),
    /** Absent: not known. */
    since: instant.optional(),
    words: z.string(),
    suspects: z.array(z.string()),
  }),
  overview: z.strictObject({
    /** One sentence. */
    words: z.string(),
    /** Of the exposed secrets: how many old credentials are proven dead (`dead`) or can only read (`readableOnly`). */
    exposed: count,
    dead: count,
    readableOnly: count,
    /** `key: place: why`, one each. */
    notProven: z.array(z.string()),
    /** Until the last exposed credential was dead, or could only read. */
    untilDead: measured,
    untilOver: measured,
  }),
  timeline: z.array(stageSchema),
  /** Exposed ones first. */
  secrets: z.array(secretSchema),
  consumers: z.strictObject({
    stopped: z.array(z.string()),
    restarted: z.array(z.string()),
    alone: z.array(z.string()),
  }),
  readers: z.strictObject({
    /** What the look at the trail says, and how far it reaches. It never says that nobody read. */
    words: z.string(),
    /** Principals nobody declared: who read, who was only refused, and who read what came with the emergency. */
    unknown: count.optional(),
    refused: count.optional(),
    unknownOfNew: count.optional(),
    /** Every region was looked at for the whole time that was asked for. */
    whole: z.boolean(),
    /** Absent: nobody looked, `words` says why. */
    audit: accessAuditSchema.optional(),
  }),
  remaining: z.array(remainingSchema),
  /** Absent: the deployment names nobody. */
  contacts: z
    .strictObject({
      people: z.array(
        z.strictObject({ role: z.string(), name: z.string(), reach: z.string().optional() }),
      ),
      reviewedOn: z.string().optional(),
      nextReviewOn: z.string().optional(),
      reviewOverdue: z.boolean(),
    })
    .optional(),
  /** What the report rests on, and does not show. */
  basis: z.array(z.string()),
});
export type IncidentReport = z.infer<typeof incidentReportSchema>;
