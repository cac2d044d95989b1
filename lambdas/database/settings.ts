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
  | 'CONNECTION'
  | 'ENDPOINTS'
  | 'DBNAME'
  | 'MAINTENANCE_DATABASE'
  | 'ROLES'
  | 'IDENTITY'
  | 'ADMIN_SECRET_ARN'
  | 'DATABASE_URL'
  | 'VERIFY_TABLES'
  | 'REWRITES_ROWS'
>;

/** @throws InvalidSettingsError, UnusableNameError */
export function assertSettings(settings: DatabaseSettings): void {
  const { SCHEME, ROLES, IDENTITY, HOST, PORT, CONNECTION, ENDPOINTS } = settings;
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
  if (!isPlace(HOST, PORT)) {
    throw new InvalidSettingsError('HOST must be a host name alone, PORT 1 to 65535.');
  }
  if ((CONNECTION === undefined) !== (ENDPOINTS === undefined)) {
    throw new InvalidSettingsError('ENDPOINTS belong to poolers, and CONNECTION says which.');
  }
  if (ENDPOINTS?.some(({ host, port }) => !isPlace(host, port))) {
    throw new InvalidSettingsError('ENDPOINTS must be host:port, separated by commas.');
  }
  if (CONNECTION === 'rdsProxy' && SCHEME === 'multiUser') {
    throw new InvalidSettingsError('RDS Proxy serves one role a secret: it needs singleUser.');
  }
  for (const role of knownRoles(settings)) {
    assertName(role, 'role name');
    if (isReservedRole(role)) {
      throw new InvalidSettingsError(`${role} is a reserved role and is never rotated.`);
    }
  }
}

const isPlace = (host: string, port: number): boolean =>
  host !== '' &&
  !/[\s/@?#\p{Cc}]/u.test(host) &&
  Number.isInteger(port) &&
  port >= 1 &&
  port <= 65_535;

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

/** Where consumers log in, when it is not the server itself. */
export function poolerEndpoints({ ENDPOINTS, DBNAME }: DatabaseSettings, ca: string): Endpoint[] {
  return (ENDPOINTS ?? []).map((place) => ({ ...place, dbname: DBNAME, ca, pooled: true }));
}

/** Where every rotation of this cluster takes its lock and changes roles. */
export function maintenanceEndpoint(
  { HOST, PORT, MAINTENANCE_DATABASE }: DatabaseSettings,
  ca: string,
): Endpoint {
  return { host: HOST, port: PORT, dbname: MAINTENANCE_DATABASE, ca };
}
