/** The event of a rotation step, parsed once at the door. */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import { InvalidRotationEventError } from './errors.ts';

export const rotationSteps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type RotationStep = (typeof rotationSteps)[number];

/**
 * Exactly what Secrets Manager sends (user guide, "Lambda rotation functions"). One page of AWS lists the
 * steps in snake_case; the service sends camelCase, and nothing else is accepted.
 */
const rotationEventSchema = z.strictObject({
  Step: z.enum(rotationSteps),
  SecretId: z.string().max(2048),
  ClientRequestToken: z.string().regex(/^[A-Za-z0-9-]{32,64}$/),
  /** Sensitive: proves to PutSecretValue who calls. Passed on, never logged. */
  RotationToken: z
    .string()
    .regex(/^[A-Za-z0-9-]{36,256}$/)
    .optional(),
});
export type RotationEvent = z.infer<typeof rotationEventSchema>;

/** Operations carry their own schema; here only their name is looked at. */
const operationSchema = z.looseObject({ operation: z.string().max(64) });

export type FunctionEvent =
  | { kind: 'step'; step: RotationEvent }
  | { kind: 'operation'; name: string; input: unknown };

/** @throws InvalidRotationEventError that names the fields which do not fit, never their content */
export function parseEvent(event: unknown): FunctionEvent {
  const operation = readAs(operationSchema, event);
  if (operation.success && !Object.hasOwn(operation.data, 'Step')) {
    return { kind: 'operation', name: operation.data.operation, input: event };
  }
  const step = readAs(rotationEventSchema, event);
  if (!step.success) {
    const fields = step.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys' ? 'unknown fields' : String(issue.path[0] ?? 'its shape'),
    );
    throw new InvalidRotationEventError(`does not fit in ${fields.join(', ')}`);
  }
  return { kind: 'step', step: step.data };
}
