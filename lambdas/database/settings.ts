/** What the deployment fixed for one database secret. Host, port and roles come from here, never from the secret. */
import type * as z from 'zod';
import type { Endpoint } from '../../doors/postgres/door.ts';
import { assertName } from '../../doors/postgres/identifiers.ts';
import { isReservedRole } from '../../doors/postgres/role-problems.ts';
import type { databaseEnvironmentSchema } from './environment.ts';
import { InvalidSettingsError } from './errors.ts';

export type DatabaseSettings = Pick<
  z.output<typeof databaseEnvironmentSchema>,
  | 'SCHEME'
  | 'HOST'
  | 'PORT'
  | 'DBNAME'
  | 'MAINTENANCE_DATABASE'
  | 'ROLES'
  | 'IDENTITY'
  | 'ADMIN_SECRET_ARN'
  | 'DATABASE_URL'
  | 'VERIFY_TABLES'
>;

/** @throws InvalidSettingsError, UnusableNameError */
export function assertSettings(settings: DatabaseSettings): void {
  const { SCHEME, ROLES, IDENTITY, HOST, PORT } = settings;
  const expected = SCHEME === 'multiUser' ? 2 : 1;
  if (ROLES.length !== expected || new Set(ROLES).size !== expected) {
    throw new InvalidSettingsError(`${SCHEME} needs ${expected} distinct login role(s) in ROLES.`);
  }
  if ((SCHEME === 'multiUser') !== (IDENTITY !== undefined)) {
    throw new InvalidSettingsError('IDENTITY belongs to multiUser, and only to it.');
  }
  if (IDENTITY !== undefined && ROLES.includes(IDENTITY)) {
    throw new InvalidSettingsError('IDENTITY cannot be one of its own login roles.');
  }
  if (/[\s/@?#\p{Cc}]/u.test(HOST) || PORT < 1 || PORT > 65_535) {
    throw new InvalidSettingsError('HOST must be a host name alone, PORT 1 to 65535.');
  }
  for (const role of knownRoles(settings)) {
    assertName(role, 'role name');
    if (isReservedRole(role)) {
      throw new InvalidSettingsError(`${role} is a reserved role and is never rotated.`);
    }
  }
}

/** Every role a value of this secret may name. */
export function knownRoles({ ROLES, IDENTITY }: DatabaseSettings): readonly string[] {
  return IDENTITY === undefined ? ROLES : [...ROLES, IDENTITY];
}

/** Where the application logs in. */
export function applicationEndpoint(
  { HOST, PORT, DBNAME }: DatabaseSettings,
  ca: string,
): Endpoint {
  return { host: HOST, port: PORT, dbname: DBNAME, ca };
}

/** Where every rotation of this cluster takes its lock and changes roles. */
export function maintenanceEndpoint(
  { HOST, PORT, MAINTENANCE_DATABASE }: DatabaseSettings,
  ca: string,
): Endpoint {
  return { host: HOST, port: PORT, dbname: MAINTENANCE_DATABASE, ca };
}
