/**
 * The connection URL some applications read instead of the fields (libpq manual, "Connection URIs").
 * Read by a pattern, not by `new URL`: its error keeps the whole text, and it rewrites what it parses.
 */
import type { Credential, Endpoint } from '../../doors/postgres/door.ts';
import { InvalidDatabaseValueError } from './errors.ts';

type Place = Pick<Endpoint, 'host' | 'port' | 'dbname'>;

const url =
  /^(?<scheme>postgres(?:ql)?):\/\/(?<user>[^:@/?#\s]+):(?<password>[^@/?#\s]+)@(?<rest>(?<host>[^:/?#\s]+)(?::(?<port>\d{1,5}))?\/(?<dbname>[^/?#\s]+)(?<query>\?[^#\s]*)?)$/;
/** libpq lets these override what stands before the question mark. */
const overriding = /[?&](user|password|host|hostaddr|port|dbname|service|passfile)=/i;

/** A URL for a new secret. `verify-full`: whoever reads it must bring the authority, or be refused. */
export function newDatabaseUrl(place: Place, credential: Credential): string {
  const { host, port, dbname } = place;
  const rest = `${host}:${port}/${encodeURIComponent(dbname)}?sslmode=verify-full`;
  return `postgresql://${userInfo(credential)}@${rest}`;
}

/** The same URL with another credential; everything else stays as it was written. */
export function withCredential(text: string, credential: Credential): string {
  const { scheme, rest } = url.exec(text)?.groups ?? {};
  return `${scheme}://${userInfo(credential)}@${rest}`;
}

/** @throws InvalidDatabaseValueError unless it says the same as the fields */
export function assertDatabaseUrl(text: unknown, place: Place, credential: Credential): void {
  const groups = typeof text === 'string' ? url.exec(text)?.groups : undefined;
  if (groups === undefined) {
    throw wrong('is not a URL of the form postgresql://user:password@host:port/dbname');
  }
  if (overriding.test(groups.query ?? '')) {
    throw wrong('has parameters that override its user, password, host, port or database');
  }
  if (groups.host !== place.host || Number(groups.port ?? 5432) !== place.port) {
    throw wrong('names another host or port than the deployment');
  }
  if (decode(groups.dbname) !== place.dbname) {
    throw wrong('names another database than the deployment');
  }
  if (
    decode(groups.user) !== credential.username ||
    decode(groups.password) !== credential.password
  ) {
    throw wrong('holds another credential than the fields username and password');
  }
}

function wrong(found: string): InvalidDatabaseValueError {
  return new InvalidDatabaseValueError('DATABASE_URL', found, 'the same endpoint and credential');
}

function userInfo({ username, password }: Credential): string {
  return `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
}

function decode(part: string | undefined): string | undefined {
  try {
    return part === undefined ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
