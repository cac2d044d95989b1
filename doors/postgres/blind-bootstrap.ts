/** The bootstrap of a cluster that nobody here can look into yet: as if no role of ours were there. */
import type { BootstrapPlan, BootstrapStatement } from './bootstrap.ts';
import { quoteIdentifier } from './identifiers.ts';

/** To be run by a person who knows the cluster; what is there already is left out. */
export function blindBootstrap({ scheme, admin, identity, roles }: BootstrapPlan) {
  const statements: BootstrapStatement[] = [];
  const add = (sql: string, why: string) => statements.push({ sql, shown: sql, why, changes: [] });
  if (admin !== undefined) {
    const name = quoteIdentifier(admin.username);
    add(
      `CREATE ROLE ${name} LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS`,
      'the rotator, unless it is there: sets passwords of the login roles, reads no data',
    );
    add(`GRANT pg_signal_backend TO ${name}`, 'an emergency ends the sessions of a leaked role');
  }
  for (const role of scheme === 'multiUser' ? roles : []) {
    const name = quoteIdentifier(role);
    add(`CREATE ROLE ${name} NOLOGIN`, 'a login role; its first rotation gives it LOGIN');
    if (identity !== undefined) {
      const of = quoteIdentifier(identity);
      add(`GRANT ${of} TO ${name}`, `${role} works with the rights of ${identity}`);
      add(
        `ALTER ROLE ${name} SET role = '${identity.replaceAll("'", "''")}'`,
        `sessions of ${role} become ${identity}; its other settings and its connection limit belong here, too`,
      );
    }
  }
  const settable = [...roles, ...(identity === undefined ? [] : [identity])];
  for (const role of admin === undefined ? [] : settable) {
    add(
      `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(admin?.username ?? '')} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE`,
      `PostgreSQL 16 and later only: the rotator may set the password of ${role}, and has none of its rights`,
    );
  }
  return statements;
}
