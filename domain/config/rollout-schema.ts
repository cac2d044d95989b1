/** In which order consumers get a new value, how long between two of them, and what happens when one fails. */
import * as z from 'zod';
import { durationSchema } from './duration.ts';
import { webhookSchema } from './webhook-schema.ts';

/** Like a duration, and "0s". */
const pause = z.union([z.literal('0s'), durationSchema(1)]);

export const rolloutSchema = z.strictObject({
  /** Between two waves. */
  pause: pause.default('5m'),
  /** Names of consumers that are dealt with at once; the rest follow one by one, in the order of the list. */
  waves: z.array(z.array(z.string()).min(1).max(10)).max(50).default([]),
  /** The first of all, alone; the others wait for `canaryPause` after it. */
  canary: z.string().optional(),
  canaryPause: pause.default('15m'),
  /** What happens when a consumer that was well before is not well afterwards. */
  onFailure: z.enum(['rollBack', 'stop']).default('rollBack'),
  /** After a rollback the schedule leaves the secret alone for so long. */
  hold: durationSchema(30).default('3d'),
  /** Told of a rollback before consumers are restarted: redeploys the previous release. */
  redeploy: webhookSchema.optional(),
});
export type RolloutConfig = z.infer<typeof rolloutSchema>;
