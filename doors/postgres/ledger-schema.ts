/**
 * Makes or completes schema `quarterturn` (ledger-migrations.ts), as the difference between what is there and
 * what is needed. It belongs to a role of its own that nobody logs in as: who could write here could write zero
 * where rows are left.
 */
import type { BootstrapStatement } from './bootstrap.ts';
import type { Session } from './door.ts';
import { quotedRole, quoteIdentifier } from './identifiers.ts';
import { migrations } from './ledger-migrations.ts';
import { serverVersion } from './role-facts.ts';

/** The tables of schema `quarterturn` were made by a later version. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  readonly code = 'ERR_ROTATION_SCHEMA_NEWER';
  constructor(found: number, expected: number) {
    super(
      `Schema quarterturn is at version ${found}, this function knows ${expected}: deploy the newer version of Quarterturn again.`,
    );
  }
}

export const schemaVersion = migrations.length;

/** NOLOGIN; a member for the length of a preparation only. */
export const ledgerOwner = 'quarterturn_owner';

export interface LedgerState {
  /** Who the schema belongs to. */
  readonly owner: string;
  readonly version: number;
}

const comment = (version: number): string => `Quarterturn ledger, version ${version}`;

/**
 * As far as this session may see: the table of migrations, or, for everybody else, the comment its owner left.
 * @returns undefined without the schema
 */
export async function ledgerState(session: Session): Promise<LedgerState | undefined> {
  const [row] = await session.query<{ owner: string; comment: string | null; readable: boolean }>(
    `select pg_catalog.pg_get_userbyid(n.nspowner)::text as owner,
            pg_catalog.obj_description(n.oid, 'pg_namespace') as comment,
            coalesce(has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'), false) as readable
       from pg_catalog.pg_namespace n
       left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'migration'
      where n.nspname = 'quarterturn'`,
  );
  if (row === undefined) {
    return undefined;
  }
  const [told] = row.readable
    ? await session.query<{ version: number }>(
        'select coalesce(max(version), 0)::int as version from quarterturn.migration',
      )
    : [];
  const said = /^Quarterturn ledger, version (\d+)$/.exec(row.comment ?? '')?.[1];
  return { owner: row.owner, version: told?.version ?? Number(said ?? 0) };
}

/**
 * What is missing. `worker`: the role the engine works as; it may read and write rows here, not change tables or
 * drop them. `owner`: whose schema it becomes; absent: that of whoever runs this.
 * @throws NewerSchemaError, NoSuchRoleError
 */
export async function missingLedger(
  session: Session,
  worker: string,
  owner?: string,
): Promise<BootstrapStatement[]> {
  const role = await quotedRole(session, worker);
  const state = await ledgerState(session);
  const found = state?.version ?? 0;
  if (found > schemaVersion) {
    throw new NewerSchemaError(found, schemaVersion);
  }
  const inside: BootstrapStatement[] = [];
  if (found === 0) {
    inside.push(
      statement(
        'create table if not exists quarterturn.migration (version integer primary key, applied_at timestamptz not null default now())',
        'which of the following has been run',
      ),
    );
  }
  for (const [index, tables] of migrations.entries()) {
    if (index >= found) {
      inside.push(
        statement(tables.trimEnd().replace(/;$/, ''), `tables of the ledger, version ${index + 1}`),
        statement(
          `insert into quarterturn.migration (version) values (${index + 1})`,
          'so that it is run once',
        ),
      );
    }
  }
  if (found < schemaVersion) {
    inside.push(
      statement(
        `comment on schema quarterturn is '${comment(schemaVersion)}'`,
        'for whoever may not read the table of migrations',
      ),
    );
  }
  if (state === undefined || !(await mayUse(session, worker))) {
    inside.push(statement(`grant usage on schema quarterturn to ${role}`, `${worker} works here`));
  }
  if (found < schemaVersion || !(await mayWork(session, worker))) {
    inside.push(
      statement(
        `grant select, insert, update, delete on all tables in schema quarterturn to ${role}`,
        `${worker} keeps its ledger`,
      ),
      statement(
        `revoke insert, update, delete on quarterturn.migration from ${role}`,
        'it does not say which tables there are',
      ),
    );
  }
  const make = state === undefined ? [schemaOf(owner)] : [];
  if (owner === undefined) {
    return [...make, ...inside];
  }
  return inside.length === 0 ? [] : asOwner(session, owner, make, inside);
}

function schemaOf(owner: string | undefined): BootstrapStatement {
  const sql = 'create schema quarterturn';
  const why = 'all the engine knows stands here; names, keys of rows and counts, never a value';
  return owner === undefined
    ? statement(sql, why)
    : statement(`${sql} authorization ${quoteIdentifier(owner)}`, why);
}

/** Becomes the owner for what only the owner can do, and leaves again. */
async function asOwner(
  session: Session,
  owner: string,
  make: readonly BootstrapStatement[],
  inside: readonly BootstrapStatement[],
): Promise<BootstrapStatement[]> {
  const [facts] = await session.query<{ exists: boolean; superuser: boolean }>(
    `select exists (select from pg_catalog.pg_roles where rolname = $1) as exists,
            (select rolsuper from pg_catalog.pg_roles where rolname = current_user) as superuser`,
    [owner],
  );
  const name = quoteIdentifier(owner);
  // Whoever makes a role gets ADMIN OPTION on it from PostgreSQL 16 on, and no more (CREATE ROLE, notes).
  const options = (await serverVersion(session)) >= 160000 ? ' with inherit false, set true' : '';
  const become = facts?.superuser
    ? []
    : [
        statement(`grant ${name} to current_user${options}`, `to act as ${owner} below`, [
          ...(facts?.exists ? [owner] : []),
        ]),
      ];
  const leave = facts?.superuser
    ? []
    : [statement(`revoke ${name} from current_user`, `nobody stays a member of ${owner}`)];
  return [
    ...(facts?.exists
      ? []
      : [
          statement(`create role ${name} nologin`, 'owns schema quarterturn; nobody logs in as it'),
        ]),
    ...become,
    ...make,
    statement(`set role ${name}`, `what follows belongs to ${owner}`),
    ...inside,
    statement('reset role', `done as ${owner}`),
    ...leave,
  ];
}

async function mayUse(session: Session, worker: string): Promise<boolean> {
  const [row] = await session.query<{ may: boolean }>(
    `select has_schema_privilege($1::name, oid, 'usage') as may
       from pg_catalog.pg_namespace where nspname = 'quarterturn'`,
    [worker],
  );
  return row?.may === true;
}

async function mayWork(session: Session, worker: string): Promise<boolean> {
  const [row] = await session.query<{ may: boolean | null }>(
    `select bool_and(has_table_privilege($1::name, c.oid, 'select')
              and (c.relname = 'migration' or (has_table_privilege($1::name, c.oid, 'insert')
                and has_table_privilege($1::name, c.oid, 'update')
                and has_table_privilege($1::name, c.oid, 'delete')))) as may
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'quarterturn' and c.relkind = 'r'`,
    [worker],
  );
  return row?.may === true;
}

function statement(sql: string, why: string, changes: readonly string[] = []): BootstrapStatement {
  return { sql, shown: sql, why, changes };
}

/**
 * Makes or completes the schema as whoever the session is; run again it changes nothing.
 * @throws NewerSchemaError, NoSuchRoleError
 */
export async function migrate(session: Session, worker: string): Promise<void> {
  await session.transaction(async () => {
    await lockLedger(session);
    for (const { sql } of await missingLedger(session, worker)) {
      await session.query(sql);
    }
  });
}

/** Two preparations at once: the second one waits and finds nothing to do. Until the transaction ends. */
export async function lockLedger(session: Session): Promise<void> {
  await session.query(`select pg_advisory_xact_lock(hashtextextended('quarterturn schema', 0))`);
}
