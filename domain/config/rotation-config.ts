/** `rotation.config.ts`: one environment in one account and region. Holds names, never a value. */
import * as z from 'zod';
import { certificatesSchema } from './certificate-schema.ts';
import { consumerSchema } from './consumer-schema.ts';
import { contactsSchema, notificationsSchema } from './contacts-schema.ts';
import { describeIssue, flatten, type Issue } from './describe-issue.ts';
import { emergencySchema } from './emergency-schema.ts';
import { networkSchema } from './network-schema.ts';
import { rolloutSchema } from './rollout-schema.ts';
import { ruleProblems } from './rules.ts';
import { scheduleSchema } from './schedule-schema.ts';
import { type RotatedConfig, secretSchema } from './secret-schemas.ts';
import { soundPart } from './sound-part.ts';
import { syncTargetSchema } from './sync-schema.ts';
import { trailSchema } from './trail-schema.ts';
import { triggersSchema } from './trigger-schema.ts';

const roleArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of an IAM role');

export const rotationConfigSchema = z.strictObject({
  /** The product: first part of every name. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,14}[a-z0-9]$/, 'lower case, digits, hyphens; 2 to 16'),
  environment: z.string().regex(/^[a-z][a-z0-9]{0,11}$/, 'lower case and digits, 12 at most'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-west-1"'),
  /** Deploying into any other account fails; absent: the account of the caller. */
  account: z
    .string()
    .regex(/^\d{12}$/, 'an AWS account id of 12 digits')
    .optional(),
  /** The one role besides the rotation role that may write a value or move a label. */
  breakGlassRoleArn: roleArn.optional(),
  /** Networks by a name that database secrets refer to. */
  networks: z
    .record(
      z.string().regex(/^[a-z][a-z0-9]{0,11}$/, 'lower case and digits, 12 at most'),
      networkSchema,
    )
    .default({}),
  /** The second copy of every encryption keyset: a bucket with Object Lock under a key of its own. */
  escrow: z
    .strictObject({
      /** Nobody deletes a copy before, in `compliance` not even the account's root user. */
      retentionDays: z.int().min(1).max(36_500).default(365),
      mode: z.enum(['governance', 'compliance']).default('governance'),
      /** Roles that may read the copies besides the drill; the rotation reads its own secret's back. */
      readerRoleArns: z.array(roleArn).default([]),
    })
    .prefault({}),
  /** Who is told of rotations and alarms, and the contact sheet of the report. */
  contacts: contactsSchema.prefault({}),
  /** What they are told. */
  notifications: notificationsSchema.prefault({}),
  /** When the schedule rotates, and how long before it says so. */
  schedule: scheduleSchema.prefault({}),
  /** What may start a rotation besides the schedule and a person; absent: nothing. */
  triggers: triggersSchema.optional(),
  /** TLS certificates whose expiry is watched; absent: none. */
  certificates: certificatesSchema.optional(),
  /** How long the audit events are kept, in years. */
  auditYears: z.literal([1, 2, 3, 5, 10]).default(10),
  secrets: z
    .record(
      z.string().regex(/^[a-z][A-Za-z0-9]{0,19}$/, 'letters and digits, 20 at most'),
      secretSchema,
    )
    .refine((secrets) => Object.keys(secrets).length > 0, 'at least one secret'),
  /** What reads the secrets. */
  consumers: z.array(consumerSchema).default([]),
  /** How consumers get to a new value. */
  rollout: rolloutSchema.prefault({}),
  /** Copies of values outside of Secrets Manager. */
  sync: z.array(syncTargetSchema).max(100).default([]),
  /** What happens when a secret is exposed. */
  emergency: emergencySchema.prefault({}),
  /** Where CloudTrail keeps who read which secret; absent: its last 90 days are asked event by event. */
  trail: trailSchema.optional(),
  /** Other regions that hold replicas of these secrets: reads of them are told there. */
  replicaRegions: z
    .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-west-1"'))
    .max(10)
    .default([]),
});

export type RotationConfigInput = z.input<typeof rotationConfigSchema>;
export type RotationConfig = z.infer<typeof rotationConfigSchema>;

/** What a configuration gets wrong; every problem, not the first one. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
  readonly code = 'ERR_ROTATION_CONFIG_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The rotation configuration is refused:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/**
 * Checks a configuration and fills its defaults in.
 * @throws InvalidConfigError naming for each problem the path, what was found and what is allowed
 */
export function defineRotation(input: RotationConfigInput): RotationConfig {
  return parseRotationConfig(input);
}

/** The same for a document of unknown shape, such as a JSON file. */
export function parseRotationConfig(input: unknown): RotationConfig {
  const result = rotationConfigSchema.safeParse(input);
  if (!result.success) {
    const issues = flatten(result.error.issues);
    throw new InvalidConfigError([
      ...issues.map((issue) => describeIssue(issue, input, rotationConfigSchema)),
      ...rulesOfSoundPart(input, issues),
    ]);
  }
  const problems = ruleProblems(result.data);
  if (problems.length > 0) {
    throw new InvalidConfigError(problems);
  }
  return result.data;
}

/** Every problem at once: what has the right shape is held against the rules, too. */
function rulesOfSoundPart(input: unknown, issues: readonly Issue[]): string[] {
  const sound = soundPart(input, issues);
  const result = rotationConfigSchema.safeParse(sound?.input);
  if (sound === undefined || !result.success) return [];
  const { leftOut } = sound;
  return ruleProblems(result.data).filter(
    (problem) =>
      !leftOut.some((key) => problem.includes(`"${key}"`)) &&
      !(leftOut.length > 0 && problem.includes('no secret uses')),
  );
}

/** A new secret is rotated from the start; an adopted one waits until somebody says so. */
export const isArmed = (secret: RotatedConfig): boolean =>
  secret.armed ?? secret.adopt === undefined;
