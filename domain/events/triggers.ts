/**
 * Triggers, as they come on a deployment's own bus (source `quarterturn.trigger`, detail-type as below), and
 * the audit event of what was done about one. `docs/triggers.md` describes them for whoever sends them.
 *
 * Strict, so that nobody's extra field is taken for something that was acted on.
 */
import * as z from 'zod';
import { emergencyIdSchema } from './emergency.ts';

export const triggerSource = 'quarterturn.trigger';

const instant = z.iso.datetime();
/** The sender's own: an event that is sent again keeps it, and is refused. */
export const requestIdSchema = z.string().regex(/^[A-Za-z0-9-]{16,64}$/);
const key = z.string().regex(/^[a-z][A-Za-z0-9]{0,19}$/);
const keys = z.array(key).min(1).max(50);

const everyTrigger = {
  version: z.literal(1),
  id: requestIdSchema,
  /** Why; kept with the rotations and told. */
  reason: z.string().min(1).max(512).optional(),
};

export const exposureSchema = z.strictObject({
  ...everyTrigger,
  /** Keys of the secrets that are exposed. */
  secrets: keys,
  /** Who noticed, as the sender tells it. */
  reportedBy: z.string().min(1).max(128).optional(),
});
export const offboardingSchema = z.strictObject({
  ...everyTrigger,
  /** As the configuration names that person. */
  person: z.string().min(1).max(64),
});
export const deploymentSchema = z
  .strictObject({
    ...everyTrigger,
    /** Only these; absent: every secret that rotates. */
    secrets: keys.optional(),
    /** Only what the schedule would rotate within so many days. */
    withinDays: z.int().min(0).max(365).optional(),
  })
  .refine(
    ({ secrets, withinDays }) => secrets !== undefined || withinDays !== undefined,
    'secrets, withinDays, or both',
  );

/** detail-type → what its detail is. */
export const triggerDetails = {
  'credential-exposure': exposureSchema,
  /** The same, from the webhook alone: the bus's policy tells an alert of GitHub from what somebody says is one. */
  'credential-exposure-alert': exposureSchema,
  'credential-offboarding': offboardingSchema,
  'credential-deployment': deploymentSchema,
} as const;
export type TriggerType = keyof typeof triggerDetails;
export const triggerTypes = Object.keys(triggerDetails) as readonly TriggerType[];

export type Exposure = z.infer<typeof exposureSchema>;
export type Offboarding = z.infer<typeof offboardingSchema>;
export type DeploymentTrigger = z.infer<typeof deploymentSchema>;

/**
 * What became of one secret:
 *
 * rotating   RotateSecret has accepted `versionId`
 * emergency  `emergency` has begun for it, and follows it to its end
 * following  a rotation, or an emergency, under way already is the one that counts
 * notDue     nothing to do
 * waiting    refused for now, tried again every hour
 * refused    `code` and `message` say why; nothing was changed
 * person     nothing here may do it unattended: `command`
 * failed     being asked failed; it is tried again, and a dead letter is an alarm
 */
export const triggeredSecretSchema = z.strictObject({
  key,
  name: z.string().min(1).max(512),
  state: z.enum([
    'rotating',
    'emergency',
    'following',
    'notDue',
    'waiting',
    'refused',
    'person',
    'failed',
  ]),
  versionId: z.string().max(64).optional(),
  /** Id of the emergency. */
  emergency: emergencyIdSchema.optional(),
  code: z.string().max(128).optional(),
  message: z.string().max(1024).optional(),
  /** What a person runs. */
  command: z.string().max(2048).optional(),
});
export type TriggeredSecret = z.infer<typeof triggeredSecretSchema>;

export const credentialTriggerEventSchema = z.strictObject({
  type: z.literal('credential-trigger'),
  version: z.literal(1),
  /** The same for every delivery of the same fact: drop what you have seen. */
  id: z.string().regex(/^[A-Za-z0-9-]{32,64}$/),
  at: instant,
  /** `<name>/<environment>`. */
  deployment: z.string().max(64),
  trigger: z.enum(['exposure', 'offboarding', 'deployment', 'unknown']),
  by: z.strictObject({
    /** The account that put the event on the bus, as EventBridge says; the bus's policy knows the principal. */
    account: z
      .string()
      .regex(/^\d{12}$/)
      .optional(),
    source: z.enum(['bus', 'gitHub', 'guardDuty', 'unknown']),
    /** EventBridge's id of the event: the same in CloudTrail's data events of the bus. */
    eventId: z.string().max(64).optional(),
    /** Who noticed, as the sender tells it. */
    reportedBy: z.string().max(128).optional(),
  }),
  /** The sender's id of it. */
  requestId: z.string().max(64).optional(),
  /** Who leaves. */
  person: z.string().max(64).optional(),
  reason: z.string().max(512).optional(),
  /** open: some secrets still wait after a day, or need a person. */
  outcome: z.enum(['accepted', 'refused', 'open']),
  refusal: z.strictObject({ code: z.string().max(128), message: z.string().max(1024) }).optional(),
  secrets: z.array(triggeredSecretSchema).max(50),
});
export type CredentialTriggerEvent = z.infer<typeof credentialTriggerEventSchema>;
