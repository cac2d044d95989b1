/** What an emergency may do, who may start it, and how it is practised. */
import * as z from 'zod';

const principals = z
  .array(
    z
      .string()
      .regex(
        /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
        'the ARN of an IAM role or user',
      ),
  )
  .max(20);

export const emergencySchema = z.strictObject({
  /** Consumers that can be stopped are, while their secrets are changed; whoever starts it may keep them running. */
  stopConsumers: z.boolean().default(true),
  /**
   * Only who showed an MFA device starts one (`aws:MultiFactorAuthPresent`): a user's session, or the role for
   * emergencies, where it is asked when the role is assumed. Sessions of other roles do not tell of MFA, and start none.
   */
  requireMfa: z.boolean().default(false),
  /** Who may assume the role for emergencies; absent: there is none, its policy is attached to roles of yours. */
  assumedBy: principals.default([]),
  /**
   * Whom an emergency may cut off when it is told to (`suspects`): denied in the secrets' resource policies, and
   * sessions from before revoked. Absent: nobody.
   */
  contain: z
    .strictObject({
      /** Only these, by ARN. Never a role of this deployment. */
      principals: principals.min(1),
    })
    .optional(),
  /** The same machine without effects, by itself; absent: when somebody starts it. */
  drill: z
    .strictObject({
      everyMonths: z.literal([1, 3, 6, 12]).default(3),
      /** Of the month, UTC. */
      day: z.int().min(1).max(28).default(1),
      hour: z.int().min(0).max(23).default(8),
    })
    .optional(),
  /** How long reports of incidents are kept, at least. */
  reportRetentionDays: z.int().min(1).max(36_500).default(3650),
});
export type EmergencyConfig = z.infer<typeof emergencySchema>;
