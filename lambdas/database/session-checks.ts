/** What a session of the application must be like, seen from inside that session. */
import type { Session } from '../../doors/postgres/door.ts';
import {
  differingSettings,
  loginSettings,
  readSettings,
} from '../../doors/postgres/role-settings.ts';
import { DatabaseTestFailedError } from './errors.ts';

const bootstrap = 'Run the bootstrap of this secret again.';

/** From PostgreSQL 16 on, a membership without SET is only a warning at login: the session stays itself. */
export async function expectSessionRole(
  session: Session,
  login: string,
  identity: string,
): Promise<void> {
  const [row] = await session.query<{ login: string; identity: string }>(
    'select session_user::text as login, current_user::text as identity',
  );
  if (row?.login !== login || row.identity !== identity) {
    throw new DatabaseTestFailedError(login, `does not run as ${identity}`, bootstrap);
  }
}

/** A session has the settings of the role that logged in, so they must be copies of the identity's. */
export async function expectSettings(
  session: Session,
  login: string,
  identity: string,
): Promise<void> {
  const wanted = loginSettings(identity, await readSettings(session, identity));
  const differing = differingSettings(wanted, await readSettings(session, login));
  if (differing.length > 0) {
    throw new DatabaseTestFailedError(
      login,
      `has other settings than ${identity} (${differing.join(', ')})`,
      bootstrap,
    );
  }
}

interface TableFacts extends Record<string, unknown> {
  found: boolean;
  active: boolean;
  expected: boolean;
  readable: boolean;
  identity_readable: boolean;
}

/**
 * Row-level security must hold for this session as it does for the identity. What holds for the identity
 * is derived from the catalogue (manual, "Row Security Policies"): owners, and members of owners, are
 * exempt unless it is forced; superusers and BYPASSRLS always are.
 */
export async function expectRowSecurity(
  session: Session,
  login: string,
  identity: string,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) {
    const [row] = await session.query<TableFacts>(
      `select true as found,
              pg_catalog.row_security_active(c.oid) as active,
              c.relrowsecurity and not (i.rolsuper or i.rolbypassrls)
                and (c.relforcerowsecurity or not pg_catalog.pg_has_role(i.oid, c.relowner, 'USAGE'))
                as expected,
              pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable,
              pg_catalog.has_table_privilege(i.oid, c.oid, 'SELECT') as identity_readable
         from pg_catalog.pg_class c, pg_catalog.pg_roles i
        where c.oid = pg_catalog.to_regclass($1)::oid and i.rolname = $2`,
      [table, identity],
    );
    if (row === undefined) {
      throw new DatabaseTestFailedError(
        login,
        `does not find the table ${table}`,
        'Correct verifyTables in the deployment.',
      );
    }
    if (row.active !== row.expected || row.readable !== row.identity_readable) {
      throw new DatabaseTestFailedError(
        login,
        `does not see the rows of ${table} as ${identity} does`,
        'It must not be a member of the owner, nor have BYPASSRLS.',
      );
    }
  }
}
