/**
 * The least the engine's login role needs on the application's tables, as the difference between what it has and
 * what it needs. Not part of it: membership in the role that owns them, which would make its rights unbounded.
 *
 *   SELECT on the columns it reads, UPDATE on the declared ones only; no INSERT, no DELETE.
 *   ctid is one of the columns it reads: how a table is walked depends on statistics, which change.
 *   BYPASSRLS where a table has row-level security: the engine runs with `row_security = off`, which turns
 *   a policy into an error (a filter would make "0 rows" a lie).
 *   pg_read_all_stats (optional): without it replication lag and autovacuum cannot be seen, and do not throttle.
 */
import type { DeclaredColumn } from '../declared-columns.ts';
import type { BootstrapStatement } from './bootstrap.ts';
import type { Session } from './door.ts';
import { quotedRole, quoteIdentifier } from './identifiers.ts';
import { columnTypes, leavesOfTable } from './leaves.ts';
import { byTable } from './walk.ts';

/**
 * Every leaf of every declared table by itself: the engine reads and writes partitions directly, where rights on
 * the parent say nothing. A partition made later needs its own; so does a declared column.
 * @throws NoSuchRoleError, ColumnDeclarationError
 */
export async function missingGrants(
  session: Session,
  role: string,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapStatement[]> {
  const worker = await quotedRole(session, role);
  return [
    ...(await connect(session, role, worker)),
    ...(await schemas(session, role, worker, columns)),
    ...(await leaves(session, role, worker, columns)),
    ...(await bypass(session, role, worker, columns)),
  ];
}

async function connect(
  session: Session,
  role: string,
  worker: string,
): Promise<BootstrapStatement[]> {
  const [row] = await session.query<{ database: string; may: boolean }>(
    `select pg_catalog.current_database()::text as database,
            has_database_privilege($1::name, pg_catalog.current_database(), 'connect') as may`,
    [role],
  );
  return row === undefined || row.may
    ? []
    : [
        grant(
          `grant connect on database ${quoteIdentifier(row.database)} to ${worker}`,
          `${role} logs in here`,
        ),
      ];
}

async function schemas(
  session: Session,
  role: string,
  worker: string,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapStatement[]> {
  const names = new Set(columns.map(({ table }) => table.split('.')[0] ?? ''));
  const missing = await session.query<{ name: string }>(
    `select nspname::text as name from pg_catalog.pg_namespace
      where nspname = any($2) and not has_schema_privilege($1::name, oid, 'usage') order by 1`,
    [role, [...names]],
  );
  return missing.map(({ name }) =>
    grant(
      `grant usage on schema ${quoteIdentifier(name)} to ${worker}`,
      'declared tables are there',
    ),
  );
}

async function leaves(
  session: Session,
  role: string,
  worker: string,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapStatement[]> {
  const statements: BootstrapStatement[] = [];
  for (const [table, declared] of byTable(columns)) {
    const wanted = [...new Set(declared.map(({ column }) => column))];
    for (const leaf of await leavesOfTable(session, table)) {
      if (leaf.kind !== 'r') {
        continue;
      }
      const there = await columnTypes(session, leaf.name, wanted);
      const written = wanted.filter((name) => there.has(name));
      const read = [...new Set(['ctid', ...leaf.key.map(({ name }) => name), ...written])];
      const missing = await lacking(session, role, leaf.name, read, written);
      const rights = [
        ...listed('select', missing.select),
        // Its own list: of another column of the row it changes nothing.
        ...listed('update', missing.update),
      ];
      if (rights.length > 0) {
        statements.push(
          grant(
            `grant ${rights.join(', ')} on ${leaf.name} to ${worker}`,
            `values of ${written.join(', ')} are read, and written back under the new key`,
          ),
        );
      }
    }
  }
  return statements;
}

const listed = (right: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${right} (${names.map(quoteIdentifier).join(', ')})`];

async function lacking(
  session: Session,
  role: string,
  leaf: string,
  read: readonly string[],
  written: readonly string[],
): Promise<{ select: string[]; update: string[] }> {
  const of = async (names: readonly string[], right: string): Promise<string[]> => {
    const rows = await session.query<{ name: string }>(
      `select name from unnest($3::text[]) with ordinality as wanted(name, place)
        where not has_column_privilege($1::name, $2::regclass, name, $4) order by place`,
      [role, leaf, names, right],
    );
    return rows.map(({ name }) => name);
  };
  return { select: await of(read, 'select'), update: await of(written, 'update') };
}

async function bypass(
  session: Session,
  role: string,
  worker: string,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapStatement[]> {
  const guarded = await guardedTables(session, columns);
  const [row] = await session.query<{ sees: boolean }>(
    'select rolbypassrls or rolsuper as sees from pg_catalog.pg_roles where rolname = $1',
    [role],
  );
  return guarded.length === 0 || row?.sees
    ? []
    : [
        grant(
          `alter role ${worker} bypassrls`,
          `${guarded.join(', ')} has row-level security, and a row that is not seen would stay under the old key`,
          [role],
        ),
      ];
}

/** Leaves with row-level security, quoted: a partition that is read directly has its own. */
export async function guardedTables(
  session: Session,
  columns: readonly DeclaredColumn[],
): Promise<string[]> {
  const names: string[] = [];
  for (const table of byTable(columns).keys()) {
    names.push(...(await leavesOfTable(session, table)).map(({ name }) => name));
  }
  const rows = await session.query<{ name: string }>(
    `select name from unnest($1::text[]) with ordinality as leaf(name, place)
       join pg_catalog.pg_class c on c.oid = leaf.name::regclass
      where c.relrowsecurity order by place`,
    [names],
  );
  return rows.map(({ name }) => name);
}

function grant(sql: string, why: string, changes: readonly string[] = []): BootstrapStatement {
  return { sql, shown: sql, why, changes };
}
