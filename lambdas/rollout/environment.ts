import * as z from 'zod';
import { restartSchema } from '../../domain/config/consumer-schema.ts';

export const rolloutEnvironmentSchema = z.object({
  CONTROL_TABLE: z.string().min(1),
  /** `<name>/<environment>`: locks and counts are the deployment's. */
  DEPLOYMENT: z.string().min(3),
  /** dev: webhooks may stand at private addresses, and speak http there. */
  ENVIRONMENT: z.string().min(1),
  /** Absent: everything. */
  SERVES: z.enum(['everything', 'posture']).optional(),
});
export type RolloutEnvironment = z.input<typeof rolloutEnvironmentSchema>;

const seconds = z.int().min(1);

/** One consumer, as the deployment fixed it: nothing else is restarted, stopped or looked at. */
export const consumerSettingsSchema = z.strictObject({
  name: z.string(),
  learns: z.enum(['refresh', 'restart']),
  /** `signingSecret` of a webhook is the name of the secret. */
  restart: restartSchema.optional(),
  steadySeconds: seconds,
  health: z
    .strictObject({
      /** Name of the function that asks. */
      function: z.string(),
      consecutive: z.int().min(1),
      everySeconds: seconds,
      withinSeconds: seconds,
    })
    .optional(),
  /** What it may read: by these names a variable is known that holds a copy. */
  reads: z.array(
    z.strictObject({
      key: z.string(),
      /** Name of the secret. */
      name: z.string(),
      /** Members of its value that an application is given in a variable. */
      fields: z.array(z.string()),
    }),
  ),
});
export type ConsumerSettings = z.infer<typeof consumerSettingsSchema>;

/** `consumers.json` beside the bundle. */
export const consumersFileSchema = z.array(consumerSettingsSchema);
export type ConsumersFile = z.input<typeof consumersFileSchema>;
