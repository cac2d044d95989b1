/**
 * The declared columns: `columns.json` beside the bundle, because a Lambda environment ends at 4 KB. Beside it
 * `neighbours.json`: where the other keys of the same database have theirs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { columnSchema } from '../domain/config/column-schema.ts';
import { readAs } from '../domain/events/read-as.ts';

export type DeclaredColumn = z.infer<typeof columnSchema>;

const placeSchema = columnSchema.pick({ table: true, column: true, path: true });
/** Where a declared column is; what is in it does not matter. */
export type DeclaredPlace = z.infer<typeof placeSchema>;

export class DeclaredColumnsError extends Error {
  override readonly name = 'DeclaredColumnsError';
  readonly code = 'ERR_ROTATION_DECLARED_COLUMNS';
  constructor(file: string, found: string) {
    super(
      `${file} beside the bundle ${found}; expected the declared columns as the deployment writes them. Deploy the stack again.`,
    );
  }
}

/** `taskRoot`: the folder of the bundle (LAMBDA_TASK_ROOT). @throws DeclaredColumnsError */
export function declaredColumns(taskRoot: string): DeclaredColumn[] {
  return listIn(taskRoot, 'columns.json', columnSchema);
}

/** Columns of the same database that other keys encrypt. @throws DeclaredColumnsError */
export function neighbouringColumns(taskRoot: string): DeclaredPlace[] {
  return listIn(taskRoot, 'neighbours.json', placeSchema);
}

function listIn<T>(taskRoot: string, file: string, schema: z.ZodType<T>): T[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(taskRoot, file), 'utf8'));
  } catch {
    throw new DeclaredColumnsError(file, 'is missing, or not JSON');
  }
  const columns = readAs(z.array(schema), json);
  if (!columns.success) {
    throw new DeclaredColumnsError(file, 'does not hold declared columns');
  }
  return columns.data;
}
