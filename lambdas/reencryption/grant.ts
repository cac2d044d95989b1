/**
 * The least the engine's login role needs on the application's tables. Not part of it: membership in the
 * role that owns them, which would make its rights unbounded.
 *
 *   SELECT on the columns it reads, UPDATE on the declared ones only; no INSERT, no DELETE.
 *   BYPASSRLS where a table has row-level security: the engine runs with `row_security = off`, which turns
 *   a policy into an error; a role attribute, so an administrator sets it.
 *   pg_read_all_stats (optional): without it replication lag and autovacuum cannot be seen, and do not throttle.
 */
import { quoteIdentifier } from '../../doors/postgres/identifiers.ts';
import type { ReencryptedColumn } from './column.ts';

/** Statements for an administrator. `keys`: per declared table, its primary key columns. */
export function minimalGrant(
  role: string,
  columns: readonly ReencryptedColumn[],
  keys: ReadonlyMap<string, readonly string[]>,
): string[] {
  const worker = quoteIdentifier(role);
  const tables = [...new Set(columns.map(({ table }) => table))];
  const schemas = [...new Set(tables.map((table) => table.split('.')[0] ?? ''))];
  return [
    ...schemas.map((schema) => `grant usage on schema ${quoteIdentifier(schema)} to ${worker}`),
    ...tables.flatMap((table) => {
      const name = table.split('.').map(quoteIdentifier).join('.');
      const written = [
        ...new Set(columns.filter((one) => one.table === table).map(({ column }) => column)),
      ].map(quoteIdentifier);
      const read = [...new Set([...(keys.get(table) ?? []).map(quoteIdentifier), ...written])];
      return [
        `grant select (${read.join(', ')}), update (${written.join(', ')}) on ${name} to ${worker}`,
      ];
    }),
  ];
}
