/** What may start a rotation besides the schedule and a person: events on a bus of its own, and who may put them there. */
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

/** Where an exposure may come from: a principal on the bus, a signed alert of GitHub, a finding of GuardDuty. */
export const exposureSources = ['bus', 'gitHub', 'guardDuty'] as const;
export const exposureSourceSchema = z.enum(exposureSources);
export type ExposureSource = z.infer<typeof exposureSourceSchema>;

const secrets = z.array(z.string().min(1)).min(1).max(50);

export const triggersSchema = z.strictObject({
  /** Somebody says that secrets are exposed: an emergency of the named ones begins at once. */
  exposure: z
    .strictObject({
      /** Who may say so on the bus; nobody where only GitHub or GuardDuty do. */
      from: principals.default([]),
      /** A secret is rotated unattended once in so many hours; more needs a person. */
      perSecretHours: z.int().min(1).max(168).default(6),
      /** Which may begin one with nobody deciding; what comes from another is told, with what a person runs. */
      unattended: z
        .array(exposureSourceSchema)
        .max(exposureSources.length)
        .default([...exposureSources]),
    })
    .optional(),
  /** Somebody leaves: everything that person could read rotates. */
  offboarding: z
    .strictObject({
      from: principals.min(1),
      /** By an id the sender uses (a name of the directory, no address is needed): the keys of what they could read. */
      people: z.record(
        z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/, 'letters, digits and ._@+-; 64 at most'),
        secrets,
      ),
    })
    .optional(),
  /** A pipeline rotates what is due before it deploys, and waits: `quarterturn gate`. */
  deployment: z.strictObject({ from: principals.min(1) }).optional(),
  /** Alerts of GitHub's secret scanning, through a webhook of their own. */
  gitHub: z
    .strictObject({
      /** Key of the user-managed secret that holds what signs the deliveries: its text as entered at GitHub. */
      secret: z.string().min(1),
      alerts: z
        .array(
          z.strictObject({
            /** `owner/name`; absent: any. */
            repository: z
              .string()
              .regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'a repository as owner/name')
              .optional(),
            /** GitHub's `secret_type`, of a custom pattern too; absent: any. */
            secretType: z
              .string()
              .regex(/^[A-Za-z0-9_-]{1,100}$/, 'a secret_type of GitHub')
              .optional(),
            secrets,
          }),
        )
        .min(1)
        .max(50),
    })
    .optional(),
  /** Findings of GuardDuty: which secrets whoever it is about can read. */
  guardDuty: z
    .strictObject({
      findings: z
        .array(
          z.strictObject({
            /** The beginning of the finding's type, such as "UnauthorizedAccess:IAMUser/". */
            type: z
              .string()
              .regex(
                /^[A-Z][A-Za-z]+:[A-Za-z0-9]+\/[A-Za-z0-9.!-]*$/,
                'the beginning of a finding type, such as "UnauthorizedAccess:IAMUser/"',
              ),
            /** Name of the role or user whose access key the finding is about; absent: any. */
            principal: z
              .string()
              .regex(/^[\w+=,.@-]{1,64}$/, 'the name of an IAM role or user')
              .optional(),
            secrets,
          }),
        )
        .min(1)
        .max(50),
    })
    .optional(),
});
export type TriggersConfig = z.infer<typeof triggersSchema>;
