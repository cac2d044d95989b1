/** What travels from state to state of the AfterRotation machine: names and ids, never a value. */
import * as z from 'zod';
import { evidenceSchema, intentSchema, tokenSchema } from '../../domain/events/control-records.ts';

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
  proxy: z.object({ evidence: z.array(evidenceSchema) }).optional(),
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

/** `Catch` adds this where it leads to Stop (Amazon States Language, "Error outputs"). */
export const caughtSchema = inputSchema.extend({
  error: z.object({ Error: z.string(), Cause: z.string().optional() }),
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
