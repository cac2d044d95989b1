/** What the catalogue says about a role, for the decision whether it may be rotated. */
import type { Session } from './door.ts';
import { assertName, NoSuchRoleError } from './identifiers.ts';

export interface RoleFacts {
  name: string;
  superuser: boolean;
  createRole: boolean;
  replication: boolean;
  bypassRowSecurity: boolean;
  canLogin: boolean;
  /** `rolvaliduntil` as the server prints it; undefined: never expires. */
  validUntil?: string;
  /** -1: no limit. */
  connectionLimit: number;
  /** Every role it is a member of, directly or through others. */
  memberOf: readonly string[];
  /** Is one of those a superuser? SET ROLE makes the role one, too. */
  memberOfSuperuser: boolean;
}

/** @throws NoSuchRoleError */
export async function readRole(session: Session, role: string): Promise<RoleFacts> {
  assertName(role, 'role name');
  const [row] = await session.query<{
    superuser: boolean;
    create_role: boolean;
    replication: boolean;
    bypass: boolean;
    can_login: boolean;
    valid_until: string | null;
    connection_limit: number;
    member_of: string[];
    member_of_superuser: boolean;
  }>(
    `with recursive membership(roleid) as (
       select m.roleid from pg_catalog.pg_auth_members m
         join pg_catalog.pg_roles r on r.oid = m.member where r.rolname = $1
       union
       select m.roleid from pg_catalog.pg_auth_members m join membership on m.member = membership.roleid
     )
     select rolsuper as superuser, rolcreaterole as create_role, rolreplication as replication,
            rolbypassrls as bypass, rolcanlogin as can_login,
            nullif(rolvaliduntil, 'infinity')::text as valid_until, rolconnlimit as connection_limit,
            array(select g.rolname::text from membership join pg_catalog.pg_roles g on g.oid = roleid
                  order by 1) as member_of,
            exists(select 1 from membership join pg_catalog.pg_roles g on g.oid = roleid
                    where g.rolsuper) as member_of_superuser
       from pg_catalog.pg_roles where rolname = $1`,
    [role],
  );
  if (row === undefined) {
    throw new NoSuchRoleError(role);
  }
  return {
    name: role,
    superuser: row.superuser,
    createRole: row.create_role,
    replication: row.replication,
    bypassRowSecurity: row.bypass,
    canLogin: row.can_login,
    ...(row.valid_until === null ? {} : { validUntil: row.valid_until }),
    connectionLimit: row.connection_limit,
    memberOf: row.member_of,
    memberOfSuperuser: row.member_of_superuser,
  };
}

/** `server_version_num`, e.g. 180004. From 160000 on ALTER ROLE needs ADMIN OPTION, too. */
export async function serverVersion(session: Session): Promise<number> {
  const [row] = await session.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  return row?.version ?? 0;
}

/** Sessions that logged in as this role, in any database of the cluster, but the one that asks. */
export async function countSessions(session: Session, role: string): Promise<number> {
  const [row] = await session.query<{ open: number }>(
    `select count(*)::int as open from pg_catalog.pg_stat_activity
      where usename = $1 and pid <> pg_catalog.pg_backend_pid()`,
    [role],
  );
  return row?.open ?? 0;
}
