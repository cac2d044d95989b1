/**
 * What the command line asks of functions, because it opens no database and reads no value: one request and
 * one answer per operation. `planBootstrap`, `executeBootstrap`, `planRows` and `executeRows` are the operator's
 * (one a network), `rehearse` is every rotation function's own.
 *
 * Answers hold names, numbers and findings; strict at every level, so that no later change lets a value in.
 */
import * as z from 'zod';

const secretName = z.string().min(1).max(512);
/** SHA-256 of a plan, hex. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Blocks: nothing is done while it stands. Warns: a person should know. */
export const findingSchema = z.strictObject({
  code: z.string().regex(/^[A-Z][A-Z0-9_]{2,63}$/),
  level: z.enum(['blocks', 'warns']),
  message: z.string().min(1).max(2048),
});
export type Finding = z.infer<typeof findingSchema>;

export const planBootstrapSchema = z.strictObject({
  operation: z.literal('planBootstrap'),
  /** Name of the database secret. */
  secret: secretName,
});
export type PlanBootstrap = z.infer<typeof planBootstrapSchema>;

export const bootstrapPlanSchema = z.strictObject({
  secret: secretName,
  /** Of what would be executed, where and as whom. */
  digest,
  host: z.string(),
  port: z.int(),
  /** The maintenance database of the cluster. */
  database: z.string(),
  /** `server_version_num`; absent: nobody could log in. */
  serverVersion: z.int().optional(),
  /** The role that executes the plan; absent: a person does. */
  runBy: z.string().optional(),
  /** In order, as people see them: without verifiers and without values of custom settings. */
  statements: z.array(z.strictObject({ sql: z.string(), why: z.string() })),
  /** The rotator gets a new password, which goes into the admin secret and nowhere else. */
  storesPassword: z.boolean(),
  findings: z.array(findingSchema),
  /** What nobody can see from here. */
  unchecked: z.array(z.string()),
});
export type BootstrapPlanAnswer = z.infer<typeof bootstrapPlanSchema>;

export const executeBootstrapSchema = z.strictObject({
  operation: z.literal('executeBootstrap'),
  secret: secretName,
  /** Of the plan that was confirmed; another one is refused. */
  digest,
});
export type ExecuteBootstrap = z.infer<typeof executeBootstrapSchema>;

export const bootstrapExecutedSchema = z.strictObject({
  secret: secretName,
  /** nothingToDo: the cluster was prepared already, by this plan or another. */
  outcome: z.enum(['executed', 'nothingToDo']),
  statements: z.int(),
  passwordStored: z.boolean(),
  /** The admin's login, accepted after everything was done. */
  proven: z.strictObject({ role: z.string(), host: z.string(), database: z.string() }),
});
export type BootstrapExecuted = z.infer<typeof bootstrapExecutedSchema>;

export const planRowsSchema = z.strictObject({
  operation: z.literal('planRows'),
  /** Name of the encryption secret whose rows are to be rewritten. */
  secret: secretName,
});
export type PlanRows = z.infer<typeof planRowsSchema>;

export const rowsPlanSchema = z.strictObject({
  secret: secretName,
  /** The role the engine works as. */
  role: z.string(),
  /** Of what would be executed, where and as whom. */
  digest,
  host: z.string(),
  port: z.int(),
  /** Where the rows are. */
  database: z.string(),
  /** `server_version_num`; absent: nobody could log in. */
  serverVersion: z.int().optional(),
  /** The role that executes the plan; absent: a person does. */
  runBy: z.string().optional(),
  /** In order, for one transaction; none: the database is prepared. */
  statements: z.array(z.strictObject({ sql: z.string(), why: z.string() })),
  findings: z.array(findingSchema),
  /** What nobody can see from here. */
  unchecked: z.array(z.string()),
});
export type RowsPlan = z.infer<typeof rowsPlanSchema>;

export const executeRowsSchema = z.strictObject({
  operation: z.literal('executeRows'),
  secret: secretName,
  /** Of the plan that was confirmed; another one is refused. */
  digest,
});
export type ExecuteRows = z.infer<typeof executeRowsSchema>;

export const rowsExecutedSchema = z.strictObject({
  secret: secretName,
  /** nothingToDo: the database was prepared already. Either way a plan made afterwards is empty. */
  outcome: z.enum(['executed', 'nothingToDo']),
  statements: z.int(),
});
export type RowsExecuted = z.infer<typeof rowsExecutedSchema>;

export const rehearseSchema = z.strictObject({
  operation: z.literal('rehearse'),
  /** A rollback instead of a first rotation (`rollback-rehearsal.ts`); without a version: to AWSPREVIOUS. */
  rollback: z.strictObject({ versionId: z.string().min(1).max(64).optional() }).optional(),
});
export type Rehearse = z.infer<typeof rehearseSchema>;

/** What is known of a value without telling it. */
export const valueFactsSchema = z.strictObject({
  shape: z.enum(['plain', 'keyset', 'rds']),
  /** Name of the flat field, and whether the value is a document that has it. */
  field: z.string().optional(),
  fieldPresent: z.boolean().optional(),
  bits: z.int().optional(),
  encoding: z.string().optional(),
  /** Of a keyset, the primary first. */
  kids: z.array(z.string()).optional(),
  /** The role a database value names. */
  role: z.string().optional(),
  databaseUrl: z.boolean().optional(),
  /** Encryption: declared columns, and sampled values that opened. */
  columns: z.int().optional(),
  openedValues: z.int().optional(),
});
export type ValueFacts = z.infer<typeof valueFactsSchema>;

export const rehearsalSchema = z.strictObject({
  secretArn: z.string(),
  /** The key the deployment expects an adopted secret to be encrypted with. */
  kmsKeyArn: z.string().optional(),
  /** ARN of the function that rotates the secret: the one that answers. */
  functionArn: z.string(),
  /** AWSCURRENT; absent: no version carries it. */
  versionId: z.string().optional(),
  value: z.enum(['text', 'binary', 'missing', 'uninitialised']),
  facts: valueFactsSchema.optional(),
  /** Bytes of the value now, and of the one a first rotation would make. */
  bytes: z.int().optional(),
  nextBytes: z.int().optional(),
  /** Staging labels in use, of twenty. */
  labels: z.int(),
  findings: z.array(findingSchema),
});
export type Rehearsal = z.infer<typeof rehearsalSchema>;

/**
 * Asked of a database secret's own rotation function by the watch while a rotation is stuck (docs/decisions/0011):
 * role and credentials are read from the versions, so that nobody can name one.
 */
export const restoreLoginSchema = z.strictObject({ operation: z.literal('restoreLogin') });
export type RestoreLogin = z.infer<typeof restoreLoginSchema>;

export const loginAnswerSchema = z.strictObject({
  /**
   * works: AWSCURRENT logs in. pendingWorks: the pending value does, in its place (singleUser). restored: AWSCURRENT
   * did not, and was set again. pendingRestored: it is compromised, and the pending value was set. lockedOut: nothing
   * logs in, and nothing may be set. busy: another rotation holds the secret. noValue: it has none yet. unknown: the
   * server or the admin's login did not answer.
   */
  outcome: z.enum([
    'works',
    'pendingWorks',
    'restored',
    'pendingRestored',
    'lockedOut',
    'busy',
    'noValue',
    'unknown',
  ]),
  /** The role AWSCURRENT names. */
  role: z.string().max(63).optional(),
  /** lockedOut and unknown: why, and what to do. */
  reason: z.string().max(1024).optional(),
});
export type LoginAnswer = z.infer<typeof loginAnswerSchema>;

const consumerName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

/**
 * Asked of a function of its own (`postureFunctionName`), for one consumer: does what is deployed there fit a
 * place that holds these secrets? It looks at the service's current task definition, and changes nothing.
 */
export const consumerPostureSchema = z.strictObject({
  operation: z.literal('posture'),
  consumer: consumerName,
});
export type ConsumerPosture = z.infer<typeof consumerPostureSchema>;

/** Names of containers and variables; of values nothing but the word of a log level or of an environment. */
export const postureFindingSchema = z.strictObject({
  /**
   * LOG_LEVEL_VERBOSE: debug or trace. NOT_PRODUCTION: NODE_ENV and its like. PLAINTEXT_SECRET: a variable named like
   * a managed secret or its field that stands in plain text instead of `secrets.valueFrom`. DEVELOPMENT_FALLBACK: a
   * value as it stands in example files. COPY_OF_SECRET: it comes from a place this deployment does not rotate.
   */
  code: z.enum([
    'LOG_LEVEL_VERBOSE',
    'NOT_PRODUCTION',
    'PLAINTEXT_SECRET',
    'DEVELOPMENT_FALLBACK',
    'COPY_OF_SECRET',
  ]),
  level: z.enum(['blocks', 'warns']),
  container: z.string().max(255),
  variable: z.string().max(255),
  /** What was found, what is expected, what to do. */
  message: z.string().min(1).max(1024),
});
export type PostureFinding = z.infer<typeof postureFindingSchema>;

export const consumerPostureFoundSchema = z.strictObject({
  consumer: consumerName,
  /** What was looked at, for people: the task definition. Absent: nothing could be. */
  looked: z.string().max(2048).optional(),
  findings: z.array(postureFindingSchema),
  /** What nobody can see from here, and why. */
  unchecked: z.array(z.string().max(1024)),
});
export type ConsumerPostureFound = z.infer<typeof consumerPostureFoundSchema>;
