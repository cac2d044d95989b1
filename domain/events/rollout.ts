/**
 * Rollouts: what AfterRotation hands the machine that gets one consumer to a new value, what that answers, and
 * what both remember. Names and ids, never a value.
 *
 *   publish  a key is published and nobody uses it yet: every consumer must hold it before it is activated
 *   use      the new value is in use: who learns only by a start is started again
 *   confirm  nobody is restarted: every consumer works, with the new value in use
 */
import * as z from 'zod';
import { intentSchema, tokenSchema } from './control-records.ts';

export const rounds = ['publish', 'use', 'confirm'] as const;
export const roundSchema = z.enum(rounds);
export type Round = z.infer<typeof roundSchema>;

const instant = z.iso.datetime();
const consumer = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

/** What a consumer that reports versions and keys must hold; `confirm` and `use`: must use. */
export const expectedSchema = z.object({
  /** Name of the secret, as the health report says it. */
  secretName: z.string(),
  /** Any of these versions. */
  versionIds: z.array(z.string()).min(1),
  /** Keysets: the key, and how it stands in the consumer's keyset. */
  key: z.object({ kid: z.string(), state: z.enum(['published', 'primary']) }).nullable(),
  /** Databases: the role it logs in with. */
  role: z.string().nullable(),
});
export type Expected = z.infer<typeof expectedSchema>;

/** Input of one execution of the rollout machine: one consumer, one round. */
export const rolloutInputSchema = z.object({
  secretArn: z.string().min(1).max(2048),
  secretName: z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/),
  /** Whose AfterRotation this is. */
  versionId: tokenSchema,
  intent: intentSchema,
  round: roundSchema,
  consumer,
  expected: expectedSchema,
  /** ARN of the AfterRotation execution that asks. */
  afterRotation: z.string().max(2048),
});
export type RolloutInput = z.infer<typeof rolloutInputSchema>;

/**
 * `rollout#<secret>` / `<version id>/<round>/<consumer>`. How far a consumer has come; once it is `healthy`, a
 * second execution has nothing to do.
 *
 * waiting → restarting → steadying → probing → healthy
 *                  any → unhealthy   the consumer's: not steady, or not well
 *                      → failed      ours or AWS's: nothing is known of the consumer
 */
export const rolloutRecordSchema = z.object({
  versionId: z.string(),
  round: roundSchema,
  consumer,
  state: z.enum([
    'waiting',
    'restarting',
    'steadying',
    'probing',
    'healthy',
    'unhealthy',
    'failed',
  ]),
  execution: z.string().max(2048),
  startedAt: instant,
  at: instant,
  /** Was it well before anything was done to it for this version? Absent: nobody asked it, or it was not known. */
  wasHealthy: z.boolean().optional(),
  /** When it was restarted for this round; absent: it was not. */
  restartedAt: instant.optional(),
  /** The deployment that restarted it, as its platform calls it. */
  restart: z.string().max(256).optional(),
  /**
   * held: it reported the version or key. answered: it works, and does not report what it holds. none: nobody asks
   * it.
   */
  proof: z.enum(['held', 'answered', 'none']).optional(),
  /** unhealthy and failed: why, for people. */
  reason: z.string().max(1024).optional(),
});
export type RolloutRecord = z.infer<typeof rolloutRecordSchema>;

/**
 * `lock#<name>/<environment>` / consumer. Whoever restarts it has it alone: two secrets may share a consumer.
 * Taken by `<secret name>#<version id>`, so a second execution for the same version goes on with it.
 */
export const consumerLockSchema = z.object({
  owner: z.string().max(1024),
  at: instant,
  expiresAt: instant,
});
export type ConsumerLock = z.infer<typeof consumerLockSchema>;

/** `counts#<name>/<environment>` / consumer. What it ran with before it was stopped; gone once it runs again. */
export const countsRecordSchema = z.object({
  desired: z.int().min(0),
  /** Its autoscaling as it was; absent: it has none. */
  autoscaling: z
    .object({
      minimum: z.int(),
      maximum: z.int(),
      suspended: z.object({ in: z.boolean(), out: z.boolean(), scheduled: z.boolean() }),
    })
    .optional(),
  stoppedBy: z.string().max(1024),
  /** How often it was told to stop: whoever starts it removes the record only if nobody stops it meanwhile. */
  stops: z.int().optional(),
  at: instant,
});
export type CountsRecord = z.infer<typeof countsRecordSchema>;

/** `failed#<secret>` / material id. It was rolled back once, and is never rolled back from by itself again. */
export const failedMaterialSchema = z.object({
  material: z.string(),
  versionId: z.string(),
  /** The ClientRequestToken of the rollback, hence its version. */
  rollback: z.string(),
  consumer,
  reason: z.string().max(1024),
  at: instant,
});
export type FailedMaterial = z.infer<typeof failedMaterialSchema>;

/** What a function that asks a consumer's health is handed, and answers. */
export const healthQuestionSchema = z.object({
  consumer,
  expected: expectedSchema,
});
export type HealthQuestion = z.infer<typeof healthQuestionSchema>;

export const healthAnswerSchema = z.object({
  healthy: z.boolean(),
  proof: z.enum(['held', 'answered', 'none']),
  /** By probe, in order: what was found; for people. */
  looks: z
    .array(
      z.object({
        name: z.string().max(64),
        ok: z.boolean(),
        found: z.string().max(256),
        milliseconds: z.number(),
      }),
    )
    .max(21),
  /**
   * Not healthy: the credentials answer says that everything works but what this secret is for, with a version from
   * before. Then it was this rotation that made it so.
   */
  onlyThisSecret: z.boolean(),
});
export type HealthAnswer = z.infer<typeof healthAnswerSchema>;

/**
 * Operations `stop` and `start` of the rollout function: one step and one look at each consumer, in well under a
 * minute. Asked again until `done`; every call may be the first, and the same may be asked any number of times.
 */
export const stopConsumersSchema = z.strictObject({
  operation: z.enum(['stop', 'start']),
  consumers: z.array(consumer).min(1).max(50),
  /** Who wants it, for the record: the ARN of an execution. */
  by: z.string().min(1).max(1024),
});
export type StopConsumers = z.infer<typeof stopConsumersSchema>;

export const consumersStoppedSchema = z.strictObject({
  /** Nothing is left to be waited for: every consumer is `reached`, `cannot` or `failed`. */
  done: z.boolean(),
  consumers: z.array(
    z.strictObject({
      consumer,
      /**
       * reached: stop: nothing of it runs; start: it runs with what it ran with. underWay: ask again. cannot: its
       * platform has nothing to stop, or nothing stopped it. failed: the platform refused.
       */
      state: z.enum(['reached', 'underWay', 'cannot', 'failed']),
      /** For people. */
      detail: z.string().max(512),
    }),
  ),
});
export type ConsumersStopped = z.infer<typeof consumersStoppedSchema>;
