/**
 * Settings attached to a role (`ALTER ROLE … SET`): those of the identity must hold for its login roles,
 * because a session takes the settings of the role that logs in, not of the role it becomes.
 */
import type { Session } from './door.ts';
import { quotedRole, quoteIdentifier, quoteLiteral } from './identifiers.ts';

/** Key: database ('' for all of them) and name of the setting; value as the catalogue stores it. */
export type RoleSettings = ReadonlyMap<string, RoleSetting>;

export interface RoleSetting {
  /** undefined: in every database. */
  database?: string;
  name: string;
  value: string;
}

/** Settings whose stored form is a list of quoted names (GUC_LIST_QUOTE; see pg_dump's dumputils.c). */
const lists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** Readable by every role (pg_db_role_setting is public). */
export async function readSettings(session: Session, role: string): Promise<RoleSettings> {
  const rows = await session.query<{ database: string | null; setting: string }>(
    `select d.datname::text as database, unnest(s.setconfig) as setting
       from pg_catalog.pg_db_role_setting s
       join pg_catalog.pg_roles r on r.oid = s.setrole
       left join pg_catalog.pg_database d on d.oid = s.setdatabase
      where r.rolname = $1`,
    [role],
  );
  return new Map(
    rows.map(({ database, setting }) => {
      const at = setting.indexOf('=');
      const name = setting.slice(0, at);
      const value = setting.slice(at + 1);
      return [key(database, name), { ...(database === null ? {} : { database }), name, value }];
    }),
  );
}

/** What a login role's settings have to be: the identity's, and `role` = the identity. */
export function loginSettings(identity: string, ofIdentity: RoleSettings): RoleSettings {
  const wanted = new Map([...ofIdentity].filter(([, setting]) => setting.name !== 'role'));
  return wanted.set(key(null, 'role'), { name: 'role', value: identity });
}

/** Names of the settings in which two roles differ, for messages. */
export function differingSettings(wanted: RoleSettings, found: RoleSettings): string[] {
  const keys = new Set([...wanted.keys(), ...found.keys()]);
  return [...keys]
    .filter((name) => wanted.get(name)?.value !== found.get(name)?.value)
    .map((name) => (wanted.get(name) ?? found.get(name))?.name ?? name)
    .sort();
}

export interface SettingStatement {
  sql: string;
  /**
   * For people, plans and logs: without the value of a custom setting, where applications keep secrets
   * (PostgREST's `pgrst.jwt_secret`). No SQL then, so that nobody sets the words in its place.
   */
  shown: string;
}

/** Statements that turn `found` into `wanted`; none when they are equal. `role` is quoted already. */
export function settingStatements(
  role: string,
  wanted: RoleSettings,
  found: RoleSettings,
): SettingStatement[] {
  const statements: SettingStatement[] = [];
  for (const [name, setting] of found) {
    if (!wanted.has(name)) {
      const sql = `ALTER ROLE ${role}${scope(setting)} RESET ${settingName(setting.name)}`;
      statements.push({ sql, shown: sql });
    }
  }
  for (const [name, setting] of wanted) {
    if (found.get(name)?.value !== setting.value) {
      const set = `ALTER ROLE ${role}${scope(setting)} SET ${settingName(setting.name)} =`;
      const sql = `${set} ${settingValue(setting)}`;
      statements.push({ sql, shown: isCustom(setting) ? `${set} <its value, not shown>` : sql });
    }
  }
  return statements;
}

/** "Custom options have two-part names" (PostgreSQL, "Customized Options"); the server's own have no dot. */
const isCustom = ({ name }: RoleSetting): boolean => name.includes('.');

/** Gives a login role the identity's settings. Returns how many had to be changed. */
export async function copySettings(
  session: Session,
  identity: string,
  role: string,
): Promise<number> {
  const wanted = loginSettings(identity, await readSettings(session, identity));
  const statements = settingStatements(
    await quotedRole(session, role),
    wanted,
    await readSettings(session, role),
  );
  for (const { sql } of statements) {
    await session.query(sql);
  }
  return statements.length;
}

function key(database: string | null, name: string): string {
  return `${database ?? ''}\u0000${name}`;
}

function scope(setting: RoleSetting): string {
  return setting.database === undefined ? '' : ` IN DATABASE ${quoteIdentifier(setting.database)}`;
}

/** Custom settings have a dotted name, each part an identifier of its own. */
function settingName(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.');
}

function settingValue({ name, value }: RoleSetting): string {
  if (!lists.has(name.toLowerCase())) {
    return quoteLiteral(value);
  }
  const elements = [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"]+))\s*(?:,|$)/g)];
  return elements
    .map(([, quoted, plain]) => quoteLiteral(quoted?.replaceAll('""', '"') ?? plain?.trim() ?? ''))
    .join(', ');
}
