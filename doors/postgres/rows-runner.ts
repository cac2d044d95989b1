/**
 * What the role that is about to prepare a database lacks. Asked beforehand: a GRANT without the right to grant
 * is a warning where the role holds some other right on the object (manual, GRANT, "Notes"), no error.
 */
import type { DeclaredColumn } from '../declared-columns.ts';
import type { BootstrapStatement } from './bootstrap.ts';
import type { BootstrapFinding } from './bootstrap-findings.ts';
import type { Session } from './door.ts';
import { quoteIdentifier } from './identifiers.ts';
import { leavesOfTable } from './leaves.ts';
import { ledgerOwner } from './ledger-schema.ts';
import { serverVersion } from './role-facts.ts';
import { byTable } from './walk.ts';

interface Runner extends Record<string, unknown> {
  name: string;
  superuser: boolean;
  creates: boolean;
  bypasses: boolean;
  rds: boolean;
  makes_schemas: boolean;
  owns_database: boolean;
  database: string;
}

const blocks = (code: string, message: string): BootstrapFinding => ({
  code,
  level: 'blocks',
  message,
});

export async function runnerRights(
  session: Session,
  statements: readonly BootstrapStatement[],
  columns: readonly DeclaredColumn[],
): Promise<BootstrapFinding[]> {
  const [runner] = await session.query<Runner>(
    `select r.rolname::text as name, r.rolsuper as superuser, r.rolcreaterole as creates,
            r.rolbypassrls as bypasses,
            exists (select from pg_catalog.pg_roles s where s.rolname = 'rds_superuser'
                     and pg_catalog.pg_has_role(r.oid, s.oid, 'MEMBER')) as rds,
            has_database_privilege(d.oid, 'create') as makes_schemas,
            pg_catalog.pg_has_role(d.datdba, 'USAGE') as owns_database,
            d.datname::text as database
       from pg_catalog.pg_roles r cross join pg_catalog.pg_database d
      where r.rolname = current_user and d.datname = pg_catalog.current_database()`,
  );
  if (runner === undefined || runner.superuser) {
    return [];
  }
  const planned = (start: string) => statements.some(({ sql }) => sql.startsWith(start));
  const findings: BootstrapFinding[] = [];
  if (planned('create role') && !runner.creates) {
    findings.push(
      blocks(
        'RUNNER_WITHOUT_CREATEROLE',
        `${runner.name} has no CREATEROLE; expected the master user, or a role with it: ${ledgerOwner} is to be made.`,
      ),
    );
  }
  if (planned('create schema') && !runner.makes_schemas) {
    findings.push(
      blocks(
        'RUNNER_WITHOUT_CREATE',
        `${runner.name} may make no schema in database ${runner.database}: GRANT CREATE ON DATABASE ${quoteIdentifier(runner.database)} TO ${quoteIdentifier(runner.name)}.`,
      ),
    );
  }
  if (planned('grant connect') && !runner.owns_database) {
    findings.push(
      blocks(
        'RUNNER_MAY_NOT_GRANT',
        `${runner.name} does not own database ${runner.database}; its owner grants CONNECT on it.`,
      ),
    );
  }
  findings.push(...(await adminOptions(session, runner, statements)));
  findings.push(...(await grantsOnTables(session, runner, statements, columns)));
  return findings;
}

/** From PostgreSQL 16 on CREATEROLE alone changes nobody (manual, "Role Attributes"). */
async function adminOptions(
  session: Session,
  { name, creates, bypasses, rds }: Runner,
  statements: readonly BootstrapStatement[],
): Promise<BootstrapFinding[]> {
  const recent = (await serverVersion(session)) >= 160000;
  const findings: BootstrapFinding[] = [];
  const changed = new Set(statements.flatMap(({ changes }) => changes));
  for (const role of changed) {
    const [row] = await session.query<{ admin: boolean }>(
      `select pg_catalog.pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') as admin
         from pg_catalog.pg_roles where rolname = $1`,
      [role],
    );
    if (row?.admin !== true && (recent || !creates)) {
      findings.push(
        blocks(
          'RUNNER_WITHOUT_ADMIN_OPTION',
          `${name} did not make ${role} and may not change it: have whoever made it (or a superuser) run GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(name)} WITH ADMIN OPTION${recent ? ', INHERIT FALSE, SET FALSE' : ''}.`,
        ),
      );
    }
  }
  const bypass = statements.find(({ sql }) => sql.endsWith(' bypassrls'));
  // PostgreSQL: superusers, from 16 on also a role that has it and CREATEROLE. RDS decides for itself.
  if (bypass !== undefined && !rds && !(recent && creates && bypasses)) {
    findings.push(
      blocks(
        'RUNNER_MAY_NOT_BYPASS',
        `${name} may not give BYPASSRLS: a superuser runs ${bypass.sql}; then prepare again.`,
      ),
    );
  }
  return findings;
}

async function grantsOnTables(
  session: Session,
  { name }: Runner,
  statements: readonly BootstrapStatement[],
  columns: readonly DeclaredColumn[],
): Promise<BootstrapFinding[]> {
  const leaves: string[] = [];
  for (const table of byTable(columns).keys()) {
    leaves.push(...(await leavesOfTable(session, table)).map((leaf) => leaf.name));
  }
  const granted = leaves.filter((leaf) =>
    statements.some(({ sql }) => sql.includes(` on ${leaf} to `)),
  );
  const schemas = columns
    .map(({ table }) => table.split('.')[0] ?? '')
    .filter((schema) =>
      statements.some(({ sql }) =>
        sql.startsWith(`grant usage on schema ${quoteIdentifier(schema)} `),
      ),
    );
  const rows = await session.query<{ owner: string; objects: string }>(
    `select pg_catalog.pg_get_userbyid(owner)::text as owner,
            string_agg(distinct object, ', ') as objects
       from (select relowner as owner, leaf as object
               from unnest($1::text[]) as leaf join pg_catalog.pg_class c on c.oid = leaf::regclass
             union all
             select nspowner, 'schema ' || nspname from pg_catalog.pg_namespace
              where nspname = any($2)) as granted
      where not pg_catalog.pg_has_role(owner, 'USAGE') group by 1 order by 1`,
    [granted, schemas],
  );
  return rows.map(({ owner, objects }) =>
    blocks(
      'RUNNER_MAY_NOT_GRANT',
      `${objects} belongs to ${owner}, and ${name} is no member of it, so it may grant nothing there: GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(name)}, or have ${owner} run the statements.`,
    ),
  );
}
