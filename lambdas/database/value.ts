/**
 * The value of a database secret: AWS's own fields (Secrets Manager user guide, "JSON structure of
 * secrets"), `DATABASE_URL` kept in step, and every other field preserved as it is.
 *
 * Where to connect and as whom is compared with the deployment before anything is dialled: whoever may
 * write this secret must not be able to send our connection, or the admin's power, somewhere else.
 */
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { assertUsablePassword } from '../../doors/postgres/scram.ts';
import { assertDatabaseUrl, newDatabaseUrl, withCredential } from './database-url.ts';
import { InvalidDatabaseValueError } from './errors.ts';
import { type DatabaseSettings, knownRoles } from './settings.ts';

export interface DatabaseValue extends Credential {
  /** The whole document, in its order. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @throws InvalidSecretValueError, InvalidDatabaseValueError, UnusablePasswordError; none echoes the input */
export function parseDatabaseValue(
  secretString: string,
  settings: DatabaseSettings,
): DatabaseValue {
  parseJsonDocument(secretString);
  const fields = JSON.parse(secretString) as Record<string, unknown>;
  const { HOST, PORT, DBNAME, ADMIN_SECRET_ARN } = settings;
  must(fields, 'engine', (engine) => engine === 'postgres', '"postgres"');
  must(fields, 'host', (host) => host === HOST, `the deployed host ${HOST}`);
  const isPort = (port: unknown) => port === PORT || port === String(PORT);
  may(fields, 'port', isPort, `the deployed port ${PORT}`);
  may(fields, 'dbname', (name) => name === DBNAME, `the deployed database ${DBNAME}`);
  may(
    fields,
    'ssl',
    (ssl) => ssl === true || ssl === 'true',
    'true, or to be absent: TLS is not optional',
  );
  may(fields, 'masterarn', (arn) => arn === ADMIN_SECRET_ARN, 'the deployed admin secret');
  const roles = knownRoles(settings);
  const isKnown = (name: unknown) => typeof name === 'string' && roles.includes(name);
  must(fields, 'username', isKnown, `one of the deployed roles: ${roles.join(', ')}`);
  must(fields, 'password', (password) => typeof password === 'string', 'a text');
  const credential = { username: fields.username as string, password: fields.password as string };
  assertUsablePassword(credential.password);
  if (fields.DATABASE_URL !== undefined) {
    assertDatabaseUrl(fields.DATABASE_URL, placeOf(settings), credential);
  }
  return { ...credential, fields };
}

export function serializeDatabaseValue({ fields }: DatabaseValue): string {
  return JSON.stringify(fields);
}

/** The first value of a secret. */
export function newDatabaseValue(
  settings: DatabaseSettings,
  credential: Credential,
): DatabaseValue {
  const place = placeOf(settings);
  const { username, password } = credential;
  const fields = {
    engine: 'postgres',
    host: place.host,
    port: place.port,
    dbname: place.dbname,
    username,
    password,
    masterarn: settings.ADMIN_SECRET_ARN,
    ...(settings.DATABASE_URL === 'true' && { DATABASE_URL: newDatabaseUrl(place, credential) }),
  };
  return { username, password, fields };
}

/** The same value with another credential. */
export function replaceCredential(
  { fields }: DatabaseValue,
  settings: DatabaseSettings,
  { username, password }: Credential,
): DatabaseValue {
  const credential = { username, password };
  const before = fields.DATABASE_URL;
  const databaseUrl =
    typeof before === 'string'
      ? withCredential(before, credential)
      : settings.DATABASE_URL === 'true'
        ? newDatabaseUrl(placeOf(settings), credential)
        : undefined;
  return {
    ...credential,
    fields: { ...fields, ...credential, ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
  };
}

function placeOf({ HOST, PORT, DBNAME }: DatabaseSettings) {
  return { host: HOST, port: PORT, dbname: DBNAME };
}

function must(
  fields: Readonly<Record<string, unknown>>,
  field: string,
  fits: (value: unknown) => boolean,
  expected: string,
): void {
  if (fields[field] === undefined) {
    throw new InvalidDatabaseValueError(field, 'is missing', expected);
  }
  may(fields, field, fits, expected);
}

function may(
  fields: Readonly<Record<string, unknown>>,
  field: string,
  fits: (value: unknown) => boolean,
  expected: string,
): void {
  if (fields[field] !== undefined && !fits(fields[field])) {
    throw new InvalidDatabaseValueError(field, 'holds something else', expected);
  }
}
