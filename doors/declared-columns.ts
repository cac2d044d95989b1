/** The declared columns: `columns.json` beside the bundle, because a Lambda environment ends at 4 KB. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { columnSchema } from '../domain/config/column-schema.ts';

export type DeclaredColumn = z.infer<typeof columnSchema>;

export class DeclaredColumnsError extends Error {
  override readonly name = 'DeclaredColumnsError';
  readonly code = 'ERR_ROTATION_DECLARED_COLUMNS';
  constructor(found: string) {
    super(
      `columns.json beside the bundle ${found}; expected the declared columns as the deployment writes them. Deploy the stack again.`,
    );
  }
}

/** `taskRoot`: the folder of the bundle (LAMBDA_TASK_ROOT). @throws DeclaredColumnsError */
export function declaredColumns(taskRoot: string): DeclaredColumn[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(taskRoot, 'columns.json'), 'utf8'));
  } catch {
    throw new DeclaredColumnsError('is missing, or not JSON');
  }
  const columns = z.array(columnSchema).safeParse(json);
  if (!columns.success) {
    throw new DeclaredColumnsError('does not hold declared columns');
  }
  return columns.data;
}
