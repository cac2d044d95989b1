/**
 * A JSON file that the deployment laid beside the bundle, because a Lambda environment ends at 4 KB. What was known
 * at deployment only (an ARN, a host of the same app) stands in it as `$DEFERRED_1`, and its text in the environment.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { readAs } from '../domain/events/read-as.ts';

const deferredName = /^\$(DEFERRED_\d{1,4})$/;

export class DeployedFileError extends Error {
  override readonly name = 'DeployedFileError';
  readonly code = 'ERR_ROTATION_DEPLOYED_FILE';
  constructor(file: string, found: string) {
    super(
      `${file} ${found}; expected what the deployment wrote. Build and deploy the stack again.`,
    );
  }
}

/**
 * @param taskRoot the folder of the bundle (LAMBDA_TASK_ROOT)
 * @throws DeployedFileError naming where it does not fit, and nothing that is in it
 */
export function deployedFile<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
  taskRoot: string,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(taskRoot, file), 'utf8'), (_key, value: unknown) => {
      const [, variable] = typeof value === 'string' ? (deferredName.exec(value) ?? []) : [];
      return variable === undefined ? value : environment[variable];
    });
  } catch {
    throw new DeployedFileError(file, 'is missing beside the bundle, or not JSON');
  }
  const parsed = readAs(schema, json);
  if (!parsed.success) {
    throw new DeployedFileError(file, `does not fit at ${parsed.error.issues[0]?.path.join('.')}`);
  }
  return parsed.data;
}

/** Another file beside the bundle. @throws DeployedFileError */
export function deployedText(file: string, taskRoot: string): string {
  try {
    return readFileSync(join(taskRoot, file), 'utf8');
  } catch {
    throw new DeployedFileError(file, 'is missing beside the bundle');
  }
}
