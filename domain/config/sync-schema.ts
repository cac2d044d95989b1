/** Sync targets: places outside of Secrets Manager that are given a copy of a value after every rotation. */
import * as z from 'zod';
import { webhookSchema } from './webhook-schema.ts';

const common = {
  /** Key of the secret. */
  secret: z.string(),
  /** One member of its value; absent: the whole text. */
  field: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'the name of a member of the value')
    .optional(),
};

export const syncTargetSchema = z.discriminatedUnion('to', [
  z.strictObject({
    to: z.literal('ssm'),
    ...common,
    /** Of the SecureString parameter. */
    parameter: z
      .string()
      .regex(
        /^(\/[A-Za-z0-9_.-]+){1,15}$/,
        'the full path of a parameter, such as "/app/prod/JWT"',
      ),
    kmsKeyArn: z
      .string()
      .regex(
        /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
        'the full ARN of a KMS key (arn:aws:kms:<region>:<account>:key/<id>)',
      ),
    /** 4 KB in `Standard`, 8 KB in `Advanced` (API_PutParameter). */
    tier: z.enum(['Standard', 'Advanced']).default('Standard'),
  }),
  z.strictObject({
    to: z.literal('github'),
    ...common,
    repository: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'owner and repository: "owner/name"'),
    /** An environment's secret; absent: the repository's. */
    environment: z.string().min(1).max(255).optional(),
    /** Name of the Actions secret. */
    name: z
      .string()
      .regex(
        /^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]{0,99}$/i,
        'letters, digits, underscores; not GITHUB_…',
      ),
    /** Key of a userManaged secret: a token that may write secrets of that repository. */
    token: z.string(),
    /** GitHub Enterprise Server's. */
    api: z.string().max(256).default('https://api.github.com'),
  }),
  z.strictObject({ to: z.literal('webhook'), ...common, ...webhookSchema.shape }),
]);
export type SyncTargetConfig = z.infer<typeof syncTargetSchema>;
