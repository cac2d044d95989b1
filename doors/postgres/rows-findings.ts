/**
 * What stands in the way of a re-encryption before its first job: tables that are not as declared, a role that
 * could do more than it should, whoever else could write the ledger, and what the executing role lacks. Changes
 * nothing.
 */
import type { DeclaredColumn } from '../declared-columns.ts';
import type { BootstrapStatement } from './bootstrap.ts';
import type { BootstrapFinding, Findings } from './bootstrap-findings.ts';
import type { Session } from './door.ts';
import { quoteIdentifier } from './identifiers.ts';
import { columnTypes, leavesOfTable } from './leaves.ts';
import { ledgerOwner, ledgerState } from './ledger-schema.ts';
import { guardedTables } from './rows-grant.ts';
import { runnerRights } from './rows-runner.ts';
import { byTable } from './walk.ts';

export interface RowsPreparation {
  /** The role the engine works as. */
  readonly role: string;
  /** Roles that become it: the login roles of `multiUser`. */
  readonly logins: readonly string[];
  /** Roles of other engines in this database. */
  readonly engines: readonly string[];
  readonly columns: readonly DeclaredColumn[];
  /** Will the session's own role execute the statements? Otherwise its rights say nothing. */
  readonly executes: boolean;
}

const blocks = (code: string, message: string): BootstrapFinding => ({
  code,
  level: 'blocks',
  message,
});

export async function rowsFindings(
  session: Session,
  preparation: RowsPreparation,
  statements: readonly BootstrapStatement[],
): Promise<Findings> {
  const { role, columns, executes } = preparation;
  return {
    findings: [
      ...(await tablesAsDeclared(session, columns)),
      ...(await power(session, role, columns)),
      ...(await guarded(session, role, columns)),
      ...(await schemaOfItsOwn(session, preparation)),
      ...(executes && statements.length > 0
        ? await runnerRights(session, statements, columns)
        : []),
    ],
    unchecked: executes
      ? []
      : ['whether the role that runs these statements has the rights they take'],
  };
}

async function tablesAsDeclared(
  session: Session,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapFinding[]> {
  const findings: BootstrapFinding[] = [];
  for (const [table, declared] of byTable(columns)) {
    const leaves = await leavesOfTable(session, table);
    if (leaves.length === 0) {
      findings.push(
        blocks('TABLE_MISSING', `Table ${table} does not exist, or has no partition yet.`),
      );
    }
    for (const { name, kind } of leaves) {
      if (kind !== 'r') {
        findings.push(
          blocks(
            'NOT_A_TABLE',
            `${name} of ${table} is no table of this database (relkind ${kind}): its rows cannot be rewritten from here. Detach it, or declare it where it lies.`,
          ),
        );
        continue;
      }
      const wanted = declared.map(({ column }) => column);
      const there = await columnTypes(session, name, wanted);
      findings.push(
        ...wanted
          .filter((column) => !there.has(column))
          .map((column) =>
            blocks('COLUMN_MISSING', `${name} has no column ${column}; expected it as declared.`),
          ),
      );
    }
  }
  return findings;
}

/** What would make its rights unbounded, whatever is granted. */
async function power(
  session: Session,
  role: string,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapFinding[]> {
  const [facts] = await session.query<{ superuser: boolean; creates: boolean }>(
    'select rolsuper as superuser, rolcreaterole as creates from pg_catalog.pg_roles where rolname = $1',
    [role],
  );
  const remedy = 'Name a database secret with a role of its own in `reencryption.login`.';
  if (facts?.superuser || facts?.creates) {
    const what = facts.superuser ? 'is a superuser' : 'has CREATEROLE';
    return [blocks('ENGINE_TOO_POWERFUL', `The role ${role} ${what}. ${remedy}`)];
  }
  const leaves: string[] = [];
  for (const table of byTable(columns).keys()) {
    leaves.push(...(await leavesOfTable(session, table)).map(({ name }) => name));
  }
  const owned = await session.query<{ name: string; owner: string }>(
    `select leaf.name, pg_catalog.pg_get_userbyid(c.relowner)::text as owner
       from unnest($2::text[]) with ordinality as leaf(name, place)
       join pg_catalog.pg_class c on c.oid = leaf.name::regclass
      where pg_has_role($1::name, c.relowner, 'MEMBER') order by place`,
    [role, leaves],
  );
  const [first] = owned;
  return first === undefined
    ? []
    : [
        blocks(
          'ENGINE_TOO_POWERFUL',
          `The role ${role} has the rights of ${first.owner}, which owns ${owned.map(({ name }) => name).join(', ')}: it could change the tables themselves. ${remedy}`,
        ),
      ];
}

async function guarded(
  session: Session,
  role: string,
  columns: readonly DeclaredColumn[],
): Promise<BootstrapFinding[]> {
  const tables = await guardedTables(session, columns);
  return tables.length === 0
    ? []
    : [
        {
          code: 'BYPASSES_ROW_SECURITY',
          level: 'warns',
          message: `${tables.join(', ')} has row-level security, so ${role} gets BYPASSRLS: on every table of the cluster that it may read, it sees every row.`,
        },
      ];
}

/** [H4] Whoever could write here could write "0 rows left", and a key would be destroyed that rows still need. */
async function schemaOfItsOwn(
  session: Session,
  { role, logins, engines }: RowsPreparation,
): Promise<BootstrapFinding[]> {
  const state = await ledgerState(session);
  const findings: BootstrapFinding[] = [];
  const [owner] = await session.query<{ able: boolean }>(
    'select rolcanlogin or rolsuper or rolcreaterole as able from pg_catalog.pg_roles where rolname = $1',
    [ledgerOwner],
  );
  if (owner?.able) {
    findings.push(
      blocks(
        'OWNER_UNUSABLE',
        `The role ${ledgerOwner} can log in, or make roles; expected a role that only owns schema quarterturn: ALTER ROLE ${ledgerOwner} NOLOGIN NOCREATEROLE NOSUPERUSER.`,
      ),
    );
  }
  if (state !== undefined && state.owner !== ledgerOwner) {
    findings.push(
      blocks(
        'SCHEMA_FOREIGN',
        `Schema quarterturn belongs to ${state.owner}; expected ${ledgerOwner}, as whom nobody logs in. If ${state.owner} made it for this purpose: ALTER SCHEMA quarterturn OWNER TO ${ledgerOwner}, and the same for its tables; otherwise rename it.`,
      ),
    );
  }
  const known = [ledgerOwner, role, ...engines];
  for (const { grantee, on } of await openTo(session, known)) {
    findings.push(
      blocks(
        'SCHEMA_OPEN',
        `${grantee === 'PUBLIC' ? 'Everybody' : grantee} has rights on ${on}; expected none but ${known.slice(1).join(', ')}: REVOKE ALL ON SCHEMA quarterturn, and ON ALL TABLES IN SCHEMA quarterturn, FROM ${grantee === 'PUBLIC' ? 'PUBLIC' : quoteIdentifier(grantee)}.`,
      ),
    );
  }
  for (const { member, of } of await members(session, [ledgerOwner, role], [...logins, ...known])) {
    findings.push(
      blocks(
        'SCHEMA_OPEN',
        `${member} is a member of ${of}, and has its rights on schema quarterturn; expected nobody to be one: REVOKE ${quoteIdentifier(of)} FROM ${quoteIdentifier(member)}.`,
      ),
    );
  }
  return findings;
}

function openTo(
  session: Session,
  known: readonly string[],
): Promise<{ grantee: string; on: string }[]> {
  return session.query<{ grantee: string; on: string }>(
    `with schema as (select * from pg_catalog.pg_namespace where nspname = 'quarterturn'),
          rights as (
            select 'schema quarterturn' as object, acl.grantee from schema,
                   pg_catalog.aclexplode(nspacl) as acl
            union
            select format('quarterturn.%I', c.relname), acl.grantee
              from schema join pg_catalog.pg_class c on c.relnamespace = schema.oid,
                   pg_catalog.aclexplode(c.relacl) as acl
            union
            select format('quarterturn.%I', c.relname), acl.grantee
              from schema join pg_catalog.pg_class c on c.relnamespace = schema.oid
              join pg_catalog.pg_attribute a on a.attrelid = c.oid,
                   pg_catalog.aclexplode(a.attacl) as acl)
     select coalesce(r.rolname::text, 'PUBLIC') as grantee, string_agg(object, ', ' order by object) as on
       from rights left join pg_catalog.pg_roles r on r.oid = rights.grantee
      where r.rolname is null or r.rolname <> all($1)
      group by 1 order by 1`,
    [known],
  );
}

/**
 * Whoever works with the rights of these roles, or may become them. Not those who could grant it to themselves
 * at any time: superusers, and roles with CREATEROLE, such as the master user and the rotator.
 */
async function members(
  session: Session,
  of: readonly string[],
  known: readonly string[],
): Promise<{ member: string; of: string }[]> {
  return session.query<{ member: string; of: string }>(
    `select m.rolname::text as member, g.rolname::text as of
       from pg_catalog.pg_roles g cross join pg_catalog.pg_roles m
      where g.rolname = any($1) and m.rolname <> all($2) and m.rolname <> g.rolname
        and not m.rolsuper and not m.rolcreaterole and m.rolname <> current_user
        and pg_catalog.pg_has_role(m.oid, g.oid, 'MEMBER')
      order by 1, 2`,
    [of, known],
  );
}
