import * as z from 'zod';

export const triggersEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part). */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** `<name>/<environment>`. */
  DEPLOYMENT: z.string().min(3),
  /** This account first, then those of other principals the bus's policy names, with commas between. */
  ACCOUNTS: z.string().regex(/^\d{12}(,\d{12})*$/),
  /** The machine of emergencies. Absent: exposures are not taken. */
  EMERGENCY_MACHINE_ARN: z.string().startsWith('arn:').optional(),
});
export type TriggersEnvironment = z.input<typeof triggersEnvironmentSchema>;

/** `triggers.json` beside the bundle: people and findings may be many, an environment ends at 4 KB. Keys of secrets. */
export const triggerSettingsSchema = z.strictObject({
  /** Absent: exposures are refused; and so on. */
  exposure: z
    .strictObject({
      perSecretHours: z.int().min(1),
      /** Sources that may begin an emergency with nobody deciding. */
      unattended: z.array(z.enum(['bus', 'gitHub', 'guardDuty'])),
    })
    .optional(),
  people: z.record(z.string(), z.array(z.string())).optional(),
  deployment: z.boolean(),
  findings: z
    .array(
      z.strictObject({
        type: z.string(),
        principal: z.string().optional(),
        secrets: z.array(z.string()),
      }),
    )
    .default([]),
});
export type TriggerSettings = z.infer<typeof triggerSettingsSchema>;
