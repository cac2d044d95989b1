/**
 * The SQL that prepares a cluster for rotation, as the difference between what is there and what is
 * needed: a prepared cluster gives an empty list. It needs no superuser: a role with CREATEROLE will do (on
 * RDS the master user), from PostgreSQL 16 on with ADMIN OPTION on the roles it did not make itself (manual:
 * CREATEROLE under "Role Attributes"); `bootstrap-findings.ts` says beforehand what it lacks.
 *
 * - admin: CREATEROLE and pg_signal_backend, no rights on data. From PostgreSQL 16 on, also ADMIN OPTION
 *   (INHERIT FALSE, SET FALSE) on exactly the roles it has to set (manual: ALTER ROLE, GRANT).
 * - multiUser: the identity stays what it is. Its login roles are members that become it at login
 *   (`SET role`), so that objects they make belong to it and row-level security sees it, not an owner's
 *   member. They are NOLOGIN until their first rotation.
 */

import { BootstrapStatementError, UnusableIdentityError } from './bootstrap-errors.ts';
import type { Session } from './door.ts';
import { PostgresError } from './errors.ts';
import { assertName, NoSuchRoleError, quoteIdentifier } from './identifiers.ts';
import { type RoleFacts, readRole, serverVersion } from './role-facts.ts';
import { quietStatements } from './role-operations.ts';
import { loginSettings, readSettings, settingStatements } from './role-settings.ts';
import { assertVerifier } from './scram.ts';

export interface BootstrapPlan {
  scheme: 'multiUser' | 'singleUser';
  /** The rotator role. Absent: an RDS-managed master user does its work, and nothing is granted. */
  admin?: {
    username: string;
    /** Sets the admin's password; a verifier, never the password itself. Absent: left as it is. */
    verifier?: string;
  };
  /** multiUser: the application's existing role. */
  identity?: string;
  /** The login roles: two for multiUser, one for singleUser. */
  roles: readonly string[];
  /** They rewrite rows, and may see all of them: BYPASSRLS is no reason to refuse them. */
  mayBypass?: boolean;
}

export interface BootstrapStatement {
  sql: string;
  /** The same without verifiers and without values of custom settings, for people. */
  shown: string;
  why: string;
  /** Roles that are there and that it changes or grants: from PostgreSQL 16 on it takes ADMIN OPTION on them. */
  changes: readonly string[];
}

/** Reads the catalogue and returns what is missing. Changes nothing. */
export async function planBootstrap(
  session: Session,
  plan: BootstrapPlan,
): Promise<BootstrapStatement[]> {
  for (const name of [plan.admin?.username, plan.identity, ...plan.roles]) {
    if (name !== undefined) {
      assertName(name, 'role name');
    }
  }
  const version = await serverVersion(session);
  const admin = plan.admin === undefined ? [] : await planAdmin(session, plan.admin);
  const roles: BootstrapStatement[] = [];
  for (const role of plan.roles) {
    roles.push(...(await planRole(session, plan, role, version)));
  }
  const grants: BootstrapStatement[] = [];
  if (plan.admin !== undefined && version >= 160000) {
    const settable = [...plan.roles, ...(plan.identity === undefined ? [] : [plan.identity])];
    for (const role of settable) {
      grants.push(...(await planAdminOption(session, plan.admin.username, role)));
    }
  }
  return [...admin, ...roles, ...grants];
}

/**
 * Executes the statements in one transaction, with those that hold a verifier kept out of the server's log
 * and statistics where the session may do that.
 * @param beforeCommit what must have happened for the statements to count
 * @throws BootstrapStatementError
 */
export async function executeBootstrap(
  session: Session,
  statements: readonly BootstrapStatement[],
  beforeCommit: () => Promise<void> = async () => undefined,
): Promise<void> {
  await session.transaction(async () => {
    if (statements.some(({ sql, shown }) => sql !== shown)) {
      await quietStatements(session);
    }
    for (const [index, { sql, shown }] of statements.entries()) {
      try {
        await session.query(sql);
      } catch (error) {
        throw error instanceof PostgresError
          ? new BootstrapStatementError(index + 1, statements.length, shown, error)
          : error;
      }
    }
    await beforeCommit();
  });
}

async function planAdmin(
  session: Session,
  { username, verifier }: NonNullable<BootstrapPlan['admin']>,
): Promise<BootstrapStatement[]> {
  const name = quoteIdentifier(username);
  const found = await findRole(session, username);
  const statements: BootstrapStatement[] = [];
  if (found === undefined) {
    statements.push(
      statement(
        `CREATE ROLE ${name} LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS`,
        'the rotator: sets passwords of the login roles, reads no data',
      ),
    );
  } else if (!found.createRole || !found.canLogin) {
    statements.push(
      statement(`ALTER ROLE ${name} LOGIN CREATEROLE`, 'ALTER ROLE needs CREATEROLE', [username]),
    );
  }
  if (verifier !== undefined) {
    assertVerifier(verifier);
    statements.push({
      sql: `ALTER ROLE ${name} PASSWORD '${verifier}'`,
      shown: `ALTER ROLE ${name} PASSWORD '<SCRAM-SHA-256 verifier>'`,
      why: "the rotator's password, as a verifier: the password itself reaches no statement",
      changes: found === undefined ? [] : [username],
    });
  }
  if (!found?.superuser && !found?.memberOf.includes('pg_signal_backend')) {
    statements.push(
      statement(
        `GRANT pg_signal_backend TO ${name}`,
        'an emergency ends the sessions of a leaked role',
        ['pg_signal_backend'],
      ),
    );
  }
  if (!found?.memberOf.includes('rds_password') && (await restrictsPasswords(session))) {
    statements.push(
      statement(
        `GRANT rds_password TO ${name}`,
        'rds.restrict_password_commands is on: only members of rds_password may set a password',
        ['rds_password'],
      ),
    );
  }
  return statements;
}

async function planRole(
  session: Session,
  plan: BootstrapPlan,
  role: string,
  version: number,
): Promise<BootstrapStatement[]> {
  const name = quoteIdentifier(role);
  const found = await findRole(session, role);
  const statements: BootstrapStatement[] = [];
  if (found === undefined) {
    statements.push(
      statement(`CREATE ROLE ${name} NOLOGIN`, 'a login role; its first rotation gives it LOGIN'),
    );
  }
  if (plan.scheme === 'singleUser') {
    return statements;
  }
  const identity = await readIdentity(session, plan, found);
  const changes = found === undefined ? [] : [role];
  const settings = await readSettings(session, role);
  const wanted = loginSettings(identity.name, await readSettings(session, identity.name));
  if (!found?.memberOf.includes(identity.name)) {
    const options = version >= 160000 ? ' WITH INHERIT TRUE, SET TRUE' : '';
    statements.push(
      statement(
        `GRANT ${quoteIdentifier(identity.name)} TO ${name}${options}`,
        `${role} works with the rights of ${identity.name}`,
        [identity.name],
      ),
    );
  }
  const why = `sessions of ${role} behave as those of ${identity.name}`;
  for (const { sql, shown } of settingStatements(name, wanted, settings)) {
    statements.push({ sql, shown, why, changes });
  }
  if ((found?.connectionLimit ?? -1) !== identity.connectionLimit) {
    statements.push(
      statement(
        `ALTER ROLE ${name} CONNECTION LIMIT ${identity.connectionLimit}`,
        `the connection limit of ${identity.name}`,
        changes,
      ),
    );
  }
  return statements;
}

async function readIdentity(
  session: Session,
  plan: BootstrapPlan,
  loginRole: RoleFacts | undefined,
): Promise<RoleFacts> {
  if (plan.identity === undefined) {
    throw new UnusableIdentityError('(none)', 'multiUser needs one');
  }
  const identity = await readRole(session, plan.identity);
  if (
    identity.superuser ||
    (identity.bypassRowSecurity && !plan.mayBypass) ||
    identity.replication ||
    identity.createRole
  ) {
    throw new UnusableIdentityError(
      plan.identity,
      'it is a superuser or has BYPASSRLS, REPLICATION or CREATEROLE',
    );
  }
  // A closed identity is one whose login roles took over; any other NOLOGIN role never was a login.
  if (!identity.canLogin && !loginRole?.memberOf.includes(plan.identity)) {
    throw new UnusableIdentityError(plan.identity, 'it cannot log in');
  }
  return identity;
}

async function planAdminOption(
  session: Session,
  admin: string,
  role: string,
): Promise<BootstrapStatement[]> {
  const rows = await session.query(
    `select 1 from pg_catalog.pg_auth_members m
       join pg_catalog.pg_roles g on g.oid = m.roleid
       join pg_catalog.pg_roles u on u.oid = m.member
      where g.rolname = $1 and u.rolname = $2 and m.admin_option`,
    [role, admin],
  );
  return rows.length > 0
    ? []
    : [
        statement(
          `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(admin)} ` +
            'WITH ADMIN OPTION, INHERIT FALSE, SET FALSE',
          `${admin} may set the password of ${role}, and has none of its rights`,
          (await findRole(session, role)) === undefined ? [] : [role],
        ),
      ];
}

async function findRole(session: Session, role: string): Promise<RoleFacts | undefined> {
  try {
    return await readRole(session, role);
  } catch (error) {
    if (error instanceof NoSuchRoleError) {
      return undefined;
    }
    throw error;
  }
}

/** RDS parameter group (Amazon RDS user guide, "Restricting control over who can manage passwords"). */
async function restrictsPasswords(session: Session): Promise<boolean> {
  const [row] = await session.query<{ on: boolean }>(
    `select pg_catalog.current_setting('rds.restrict_password_commands', true) = 'on' as on`,
  );
  return row?.on === true;
}

function statement(sql: string, why: string, changes: readonly string[] = []): BootstrapStatement {
  return { sql, shown: sql, why, changes };
}

/** The script a person can read and run: each statement below its reason. */
export function renderBootstrap(statements: readonly BootstrapStatement[]): string {
  return statements.map(({ shown, why }) => `-- ${why}\n${shown};\n`).join('\n');
}
