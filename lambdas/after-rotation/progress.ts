/** What travels from state to state of the AfterRotation machine: names and ids, never a value. */
import * as z from 'zod';
import { evidenceSchema, intentSchema, tokenSchema } from '../../domain/events/control-records.ts';
import { emergencyIdSchema } from '../../domain/events/emergency.ts';
import { rolloutInputSchema, roundSchema } from '../../domain/events/rollout.ts';

/** The input of an execution, as the starter, the cadence or a person gives it. */
export const inputSchema = z.object({
  secretArn: z.string().min(1).max(2048),
  /** Letters, digits and /_+=.@- (API_CreateSecret). */
  secretName: z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/),
  versionId: tokenSchema,
  /** The execution that died over this version and is replaced. */
  takeOver: z.string().max(2048).optional(),
  /** A person has removed the reason why this AfterRotation stopped: go on. */
  resume: z.boolean().optional(),
});
export type Input = z.infer<typeof inputSchema>;

const found = z.object({ evidence: z.array(evidenceSchema) });

/** Of `retireRole`; evidence, not a condition: another answer of another release says nothing. */
const retiredSchema = z
  .object({ retired: z.array(z.record(z.string(), z.union([z.string(), z.number()]))) })
  .partial()
  .catch({});

/** The rollback that a consumer's failure leads to. */
export const rollBackSchema = z.object({
  /** Its ClientRequestToken, hence its version. */
  token: tokenSchema,
  /** The version whose material is restored. */
  restoreVersionId: z.string(),
  /** The version that is AWSCURRENT and is rolled back from, and its new material. */
  from: z.string(),
  material: z.string(),
  consumer: z.string(),
  reason: z.string(),
});
export type RollBack = z.infer<typeof rollBackSchema>;

/** Begin's answer, handed on and added to by every later task. */
export const progressSchema = inputSchema.extend({
  /** nothingToDo: finished already, or another execution's. */
  outcome: z.enum(['begun', 'nothingToDo']),
  startedAt: z.iso.datetime(),
  intent: intentSchema,
  basedOn: z.string().nullable(),
  /** A key is published and waits: this execution activates it. */
  activate: z.boolean(),
  publishedKid: z.string().nullable(),
  /** Until every reader has read the version that publishes it: the bound of their caches, in seconds. */
  waitSeconds: z.int().default(0),
  /** The ClientRequestToken of that activation, hence its version. */
  activation: z.string().nullable(),
  /** The rotation function, to close the role that a database emergency left behind. */
  retire: z.boolean(),
  rotationFunction: z.string(),
  /** Consumers connect through RDS Proxy, which has to let AWSCURRENT in. Executions begun by 0.1 lack it. */
  behindProxy: z.boolean().default(false),
  /** What the rotation function found there. */
  proxy: found.optional(),
  /** Places outside of Secrets Manager hold copies of the value. Executions begun by 0.1 lack this and what follows. */
  sync: z.boolean().default(false),
  /** What was written there and read back: of this version, and of the activation. */
  copies: found.optional(),
  copiesAgain: found.optional(),
  /** Consumers are restarted, or asked whether they are well. */
  rollout: z.boolean().default(false),
  /** Some can be asked; then the readers' bound is waited for first. */
  confirm: z.boolean().default(false),
  /** The version under which consumers' records stand: of an activation, the one that published its key. */
  rolledOutAs: tokenSchema.optional(),
  /** The previous release is redeployed before consumers are restarted. */
  redeploy: z.boolean().default(false),
  /** What came of that. */
  redeployed: found.optional(),
  /** The round under way, and the consumers of it that come next. */
  round: roundSchema.optional(),
  wave: z
    .object({
      done: z.boolean(),
      pauseSeconds: z.int(),
      consumers: z.array(rolloutInputSchema),
    })
    .optional(),
  /** How the executions of the last wave ended: `error` of those that failed. */
  results: z.array(z.object({ consumer: z.string(), error: z.string().optional() })).optional(),
  /** Did that wave go well? */
  well: z.boolean().optional(),
  rollBack: rollBackSchema.optional(),
  /** Whether the credential from before still logs in is looked at. */
  proveOld: z.boolean().default(false),
  /** What the rotation function found. */
  old: found.optional(),
  /** emergency: that is looked at, and put on record, before any consumer is touched. Executions begun by 0.1 lack this and what follows. */
  proveFirst: z.boolean().default(false),
  /** The emergency that asked for this rotation; absent: nobody's but its own. */
  emergency: emergencyIdSchema.optional(),
  /** It starts the consumers, or restarts them: that is waited for. */
  awaits: z.boolean().default(false),
  /** It is not over yet. */
  waiting: z.boolean().default(false),
  /** Consumers were started with this version: they are not restarted for it again. */
  started: z.boolean().default(false),
  startedBy: found.optional(),
  /** Whose role was closed, and what of it was ended. */
  retired: z.object({ answer: retiredSchema }).optional(),
  /** Rows follow the key that is primary now: a re-encryption starts. */
  reencrypt: z.boolean().default(false),
  /** The published key is activated when every row is under it, and not before. */
  maintenance: z.boolean().default(false),
  /** They are. */
  verified: z.boolean().default(false),
  /** Has the service closed the rotation that is waited for? And how often was it asked? */
  settled: z.boolean(),
  polls: z.int(),
});
export type Progress = z.infer<typeof progressSchema>;

/**
 * `Catch` adds the error where it leads to Stop (Amazon States Language, "Error outputs"). Without one: what follows
 * the rotation was stopped because its rollback is in use.
 */
export const caughtSchema = inputSchema.extend({
  error: z.object({ Error: z.string(), Cause: z.string().optional() }).optional(),
  rollBack: rollBackSchema.optional(),
  rolledOutAs: tokenSchema.optional(),
});
export type Caught = z.infer<typeof caughtSchema>;

/** Of the re-encryption machine, as far as its last tasks need it. */
export const reencryptionProgressSchema = inputSchema
  .pick({ secretArn: true, secretName: true })
  .extend({
    versionId: tokenSchema,
    targetKid: z.string(),
    jobId: z.string(),
    epoch: z.string(),
    startedAt: z.iso.datetime(),
    maintenance: z.boolean(),
    green: z.boolean(),
    columns: z
      .array(
        z.object({
          columnId: z.string(),
          rewritten: z.number(),
          opened: z.number(),
          quarantined: z.number(),
          remaining: z.number(),
        }),
      )
      .default([]),
    findings: z.array(z.string()).default([]),
  });
export type ReencryptionProgress = z.infer<typeof reencryptionProgressSchema>;
