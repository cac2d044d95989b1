/**
 * What the deployment told a function, read once at its start. What zod throws there would reach the log and the
 * caller as it is, untyped, and may quote what it found; this names the variables and nothing that is in them.
 */
import type * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import { RotationEnvironmentError } from './errors.ts';

/** @throws RotationEnvironmentError naming every variable that is missing or does not fit */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  variables: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  // `process.env` is no plain object, and zod's records take no other.
  const parsed = readAs(schema, { ...variables });
  if (parsed.success) {
    return parsed.data;
  }
  const names = new Set(parsed.error.issues.map(({ path }) => String(path[0] ?? 'environment')));
  const found = [...names].map(
    (name) => `${name} ${variables[name] === undefined ? 'is missing' : 'does not fit'}`,
  );
  throw new RotationEnvironmentError(found);
}
