/** The admin companion: the only login that changes roles, in the cluster's maintenance database. */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import type { Credential, Endpoint, PostgresDoor, Session } from '../../doors/postgres/door.ts';
import { LoginRefusedError } from '../../doors/postgres/errors.ts';
import type { Sleep } from '../../doors/postgres/role-operations.ts';
import { assertUsablePassword } from '../../doors/postgres/scram.ts';
import { InvalidAdminError, ReadOnlyServerError } from './errors.ts';
import { type DatabaseSettings, knownRoles, maintenanceEndpoint } from './settings.ts';

/** RDS-managed master secrets hold these two only; others may hold the connection, too. */
const adminSchema = z.looseObject({
  username: z.string().min(1),
  password: z.string().min(1),
  host: z.string().optional(),
  port: z.union([z.number(), z.string()]).optional(),
});

export interface DatabaseTools {
  settings: DatabaseSettings;
  door: PostgresDoor;
  /** Trusted certificate authorities, PEM. */
  ca: string;
  /** Of the poolers; absent: the same. */
  poolerCa?: string;
  sleep: Sleep;
}

/** The admin's own secret may be mid-rotation: its login is tried once more after this pause. */
const pauseMilliseconds = 2_000;

/** @throws InvalidAdminError, ReadOnlyServerError, and whatever the door or `work` throws */
export async function withAdmin<T>(
  tools: DatabaseTools,
  companion: () => Promise<unknown>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const endpoint = maintenanceEndpoint(tools.settings, tools.ca);
  const admin = parseAdmin(await companion(), tools.settings);
  let started = false;
  const run = async (session: Session) => {
    started = true;
    await assertWriter(session, endpoint);
    return work(session);
  };
  try {
    return await tools.door.withSession(endpoint, admin, run);
  } catch (error) {
    // A refusal of the admin's own login only; `work` may meet refusals of other roles.
    if (!(error instanceof LoginRefusedError) || started) {
      throw error;
    }
  }
  await tools.sleep(pauseMilliseconds);
  return tools.door.withSession(endpoint, parseAdmin(await companion(), tools.settings), run);
}

function parseAdmin(companion: unknown, settings: DatabaseSettings): Credential {
  const parsed = readAs(adminSchema, companion);
  if (!parsed.success) {
    throw new InvalidAdminError('holds no username and password');
  }
  const { username, password, host, port } = parsed.data;
  if (host !== undefined && host !== settings.HOST) {
    throw new InvalidAdminError('names another host than the deployment');
  }
  if (port !== undefined && Number(port) !== settings.PORT) {
    throw new InvalidAdminError('names another port than the deployment');
  }
  if (knownRoles(settings).includes(username)) {
    throw new InvalidAdminError('names a role that it is to rotate');
  }
  assertUsablePassword(password);
  return { username, password };
}

/** A standby would refuse ALTER ROLE with 25006, and answer login probes from the past. */
async function assertWriter(session: Session, { host }: Endpoint): Promise<void> {
  const [row] = await session.query<{ standby: boolean }>(
    'select pg_catalog.pg_is_in_recovery() as standby',
  );
  if (row?.standby !== false) {
    throw new ReadOnlyServerError(host);
  }
}
