/** The declared columns: `columns.json` beside the bundle, because a Lambda environment ends at 4 KB. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { columnSchema } from '../../domain/config/secret-schemas.ts';
import { EncryptionDeploymentError } from './errors.ts';

export type DeclaredColumn = z.infer<typeof columnSchema>;

/** `taskRoot`: the folder of the bundle (LAMBDA_TASK_ROOT). @throws EncryptionDeploymentError */
export function declaredColumns(taskRoot: string): DeclaredColumn[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(taskRoot, 'columns.json'), 'utf8'));
  } catch {
    throw new EncryptionDeploymentError('columns.json is missing beside the bundle, or not JSON');
  }
  const columns = z.array(columnSchema).safeParse(json);
  if (!columns.success) {
    throw new EncryptionDeploymentError('columns.json does not hold declared columns');
  }
  return columns.data;
}
