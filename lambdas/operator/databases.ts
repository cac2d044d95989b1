/** The databases this function was deployed for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import { type DatabaseFacts, databaseFactsSchema, deferredName } from './environment.ts';
import { OperatorDeploymentError } from './errors.ts';

/** @throws OperatorDeploymentError */
export function deployedDatabases(
  taskRoot: string,
  environment: Readonly<Record<string, string | undefined>>,
): DatabaseFacts[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(taskRoot, 'databases.json'), 'utf8'), (_key, value) => {
      const [, variable] = typeof value === 'string' ? (deferredName.exec(value) ?? []) : [];
      return variable === undefined ? value : environment[variable];
    });
  } catch {
    throw new OperatorDeploymentError('databases.json is missing beside the bundle, or not JSON');
  }
  const databases = readAs(z.array(databaseFactsSchema), json);
  if (!databases.success) {
    const at = databases.error.issues[0]?.path.join('.');
    throw new OperatorDeploymentError(`databases.json does not hold databases (at ${at})`);
  }
  return databases.data;
}
