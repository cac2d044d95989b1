import * as z from 'zod';
import { probeSchema } from '../../domain/config/inbox-schema.ts';
import { companionSchema, rotationEnvironmentSchema } from '../rotation/environment.ts';

export const userManagedEnvironmentSchema = rotationEnvironmentSchema.extend({
  INBOX_SECRET_ARN: companionSchema,
  /** Name of the member that is the credential; absent: the value is one line of text. */
  FIELD: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/)
    .optional(),
  /** The request, as JSON. */
  PROBE: z
    .string()
    .max(4_096)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('no JSON');
        return z.NEVER;
      }
    })
    .pipe(probeSchema.omit({ ca: true })),
  /** Whom the probe trusts: a list of its own (`ca.pem` in the asset), or the authorities Node.js ships. */
  CA: z.literal('file').optional(),
});
export type UserManagedEnvironment = z.input<typeof userManagedEnvironmentSchema>;
