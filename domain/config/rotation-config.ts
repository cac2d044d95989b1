/** `rotation.config.ts`: one environment in one account and region. Holds names, never a value. */
import * as z from 'zod';
import { networkSchema } from './network-schema.ts';
import { ruleProblems } from './rules.ts';
import { type RotatedConfig, secretSchema } from './secret-schemas.ts';

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
  /** Who hears of an alarm. Every address confirms its subscription once, by a link it is sent. */
  contacts: z
    .strictObject({
      onCall: z.array(z.email()).default([]),
      security: z.array(z.email()).default([]),
    })
    .prefault({}),
  /** How long the audit events are kept, in years. */
  auditYears: z.literal([1, 2, 3, 5, 10]).default(10),
  secrets: z
    .record(
      z.string().regex(/^[a-z][A-Za-z0-9]{0,19}$/, 'letters and digits, 20 at most'),
      secretSchema,
    )
    .refine((secrets) => Object.keys(secrets).length > 0, 'at least one secret'),
  consumers: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower case, digits, hyphens; 32 at most'),
        /** Keys of the secrets it may read. */
        reads: z.array(z.string()).min(1),
      }),
    )
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
    throw new InvalidConfigError(
      flatten(result.error.issues).map((issue) => describe(issue, input)),
    );
  }
  const problems = ruleProblems(result.data);
  if (problems.length > 0) {
    throw new InvalidConfigError(problems);
  }
  return result.data;
}

/** A new secret is rotated from the start; an adopted one waits until somebody says so. */
export const isArmed = (secret: RotatedConfig): boolean =>
  secret.armed ?? secret.adopt === undefined;

type Issue = z.core.$ZodIssue;

/** Of a union (`admin`, `ca`) the branch that came furthest says what is wrong. */
function flatten(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const branches = issue.errors.map((branch) =>
      flatten(branch).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    );
    const depth = (branch: readonly Issue[]) =>
      Math.max(0, ...branch.map(({ path }) => path.length));
    return branches.reduce((best, next) => (depth(next) > depth(best) ? next : best));
  });
}

function describe(issue: Issue, input: unknown): string {
  const path = issue.path.map(String).join('.') || 'the configuration';
  if (issue.code === 'unrecognized_keys') {
    return `${path}: found the unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}; remove it, or correct its spelling`;
  }
  if (issue.code === 'invalid_key') {
    return `${path}: found a key that is no name; expected ${issue.issues[0]?.message}`;
  }
  return `${path}: found ${show(valueAt(input, issue.path))}; expected ${allowed(issue)}`;
}

function allowed(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'invalid_type':
      return `a value of type ${issue.expected}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_union':
      return 'kind "jwt", "encryption", "database" or "userManaged"';
    default:
      return issue.message;
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  );
}

/** A configuration holds no secret, but a pasted DSN or password would: nothing long or URL-like is echoed. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    return value.length > 100 || /[@\s]|:\/\//.test(value)
      ? `a string of ${value.length} characters`
      : `"${value}"`;
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
