/**
 * The least the engine's login role needs on the application's tables. Not part of it: membership in the
 * role that owns them, which would make its rights unbounded.
 *
 *   SELECT on the columns it reads, UPDATE on the declared ones only; no INSERT, no DELETE.
 *   BYPASSRLS where a table has row-level security: the engine runs with `row_security = off`, which turns
 *   a policy into an error; a role attribute, so an administrator sets it.
 *   pg_read_all_stats (optional): without it replication lag and autovacuum cannot be seen, and do not throttle.
 */
import type { DeclaredColumn } from '../declared-columns.ts';
import type { Session } from './door.ts';
import { quotedRole, quoteIdentifier } from './identifiers.ts';
import { leavesOfTable } from './leaves.ts';
import { byTable, walkOf } from './walk.ts';

/**
 * Statements for an administrator, every leaf of every declared table by itself: the engine reads and writes
 * partitions directly, where rights on the parent say nothing. A partition made later needs its own.
 * @throws NoSuchRoleError, ColumnDeclarationError
 */
export async function minimalGrant(
  session: Session,
  role: string,
  columns: readonly DeclaredColumn[],
): Promise<string[]> {
  const worker = await quotedRole(session, role);
  const schemas = new Set(columns.map(({ table }) => table.split('.')[0] ?? ''));
  const statements = [...schemas].map(
    (schema) => `grant usage on schema ${quoteIdentifier(schema)} to ${worker}`,
  );
  for (const [table, declared] of byTable(columns)) {
    const written = [...new Set(declared.map(({ column }) => quoteIdentifier(column)))];
    for (const leaf of await leavesOfTable(session, table)) {
      const keys = leaf.key.map(({ name }) => quoteIdentifier(name));
      // ctid is no column that could be granted by itself.
      const read =
        walkOf(leaf, declared) === 'ctid'
          ? 'select'
          : `select (${[...new Set([...keys, ...written])].join(', ')})`;
      statements.push(`grant ${read}, update (${written.join(', ')}) on ${leaf.name} to ${worker}`);
    }
  }
  return statements;
}
