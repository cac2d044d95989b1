/** What travels from state to state of the emergency machine: ids and what a loop has to know, never a value. */
import * as z from 'zod';
import { emergencyIdSchema } from '../../domain/events/emergency.ts';

const instant = z.iso.datetime();

export const progressSchema = z.object({
  id: emergencyIdSchema,
  drill: z.boolean(),
});
export type Progress = z.infer<typeof progressSchema>;

/** Of a stage that is asked again until it is done. */
export const loopSchema = progressSchema.extend({
  /** When this execution first asked. */
  since: instant.optional(),
  /** Looks in a row in which something was refused. */
  refused: z.int().default(0),
});
export type Loop = z.infer<typeof loopSchema>;
export type Looped = Progress & Partial<Loop> & { done: boolean };

/** Of one secret in the Map. */
export const secretProgressSchema = progressSchema.extend({
  key: z.string(),
  /** So many secrets share the events of the execution. */
  among: z.int().min(1),
});
export type SecretProgress = z.infer<typeof secretProgressSchema>;

/** Once it is asked for. */
export const askedProgressSchema = secretProgressSchema.extend({
  /** Of the rotation, hence its version. */
  token: z.string(),
  secretArn: z.string(),
  secretName: z.string(),
  /** The rotation function. */
  function: z.string(),
  owner: z.string(),
  /** Attempts to clear the way; looks in the loop under way, and when it began. */
  tries: z.int().default(0),
  looks: z.int().default(0),
  since: instant.optional(),
});
export type AskedProgress = z.infer<typeof askedProgressSchema>;

/** `Catch` lays it where a failure leads on; an operation's state lays it where its answer would be. */
export const caughtErrorSchema = z.object({ Error: z.string(), Cause: z.string().optional() });
export type CaughtError = z.infer<typeof caughtErrorSchema>;

/**
 * Step Functions gives a Lambda error's class as `Error` and `{ errorType, errorMessage, trace }` as JSON in `Cause`.
 * Our functions' messages hold no value; anything else is left out.
 */
export function reasonOf({ Error: name, Cause = '{}' }: CaughtError): string {
  let message: unknown;
  try {
    message = (JSON.parse(Cause) as { errorMessage?: unknown }).errorMessage;
  } catch {
    message = undefined;
  }
  return `${name}${typeof message === 'string' ? `: ${message}` : ''}`.slice(0, 1024);
}
