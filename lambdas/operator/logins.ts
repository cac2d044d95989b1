/** Whom this function can log in as: the admin, and the master user of the `bootstrap` secret. */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import type { Credential, Session } from '../../doors/postgres/door.ts';
import { LoginRefusedError, RoleCannotLoginError } from '../../doors/postgres/errors.ts';
import { probeLogin } from '../../doors/postgres/login-probe.ts';
import { assertUsablePassword } from '../../doors/postgres/scram.ts';
import { isMarker } from '../rotation/run.ts';
import type { DatabaseFacts } from './environment.ts';
import { InvalidCredentialError } from './errors.ts';
import { maintenanceEndpoint, type OperatorTools } from './tools.ts';

/** RDS-managed master secrets hold the first two only. */
const credentialSchema = z.looseObject({
  username: z.string().min(1).max(63),
  password: z.string().min(1),
  host: z.string().optional(),
  port: z.union([z.number(), z.string()]).optional(),
});

/** RDS changes a managed master password every seven days: its login is tried once more after this pause. */
const pauseMilliseconds = 2_000;

/** @returns undefined for a secret without a value. @throws InvalidCredentialError before anything is dialled */
export async function readCredential(
  { secretsManager }: OperatorTools,
  secretArn: string,
  { host, port }: DatabaseFacts,
): Promise<Credential | undefined> {
  const text = await secretsManager.getCurrentValue(secretArn);
  if (text === undefined || isMarker(text)) {
    return undefined;
  }
  const name = secretArn.split(':').slice(6).join(':');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // JSON.parse quotes its input in its message.
    throw new InvalidCredentialError(name, 'holds no JSON');
  }
  const parsed = readAs(credentialSchema, json);
  if (!parsed.success) {
    throw new InvalidCredentialError(name, 'holds no username and password');
  }
  const { username, password } = parsed.data;
  if (parsed.data.host !== undefined && parsed.data.host !== host) {
    throw new InvalidCredentialError(name, 'names another host than the deployment');
  }
  if (parsed.data.port !== undefined && Number(parsed.data.port) !== port) {
    throw new InvalidCredentialError(name, 'names another port than the deployment');
  }
  assertUsablePassword(password);
  return { username, password };
}

export interface Login {
  secretArn: string;
  credential: Credential;
}

/** A session as `login`, whose secret is read once more when the server refuses what it held. @param dbname where, if not in the maintenance database */
export async function withLogin<T>(
  tools: OperatorTools,
  database: DatabaseFacts,
  login: Login,
  work: (session: Session) => Promise<T>,
  dbname = database.maintenanceDatabase,
): Promise<T> {
  const endpoint = { ...maintenanceEndpoint(tools, database), dbname };
  let started = false;
  const run = (session: Session) => {
    started = true;
    return work(session);
  };
  try {
    return await tools.postgres.withSession(endpoint, login.credential, run);
  } catch (error) {
    if (!(error instanceof LoginRefusedError) || started) {
      throw error;
    }
  }
  await tools.sleep(pauseMilliseconds);
  const again = await readCredential(tools, login.secretArn, database);
  return tools.postgres.withSession(endpoint, again ?? login.credential, run);
}

/** Does this login work now? A refusal of the password, or NOLOGIN, is a no; anything else is thrown. */
export async function logsIn(
  tools: OperatorTools,
  database: DatabaseFacts,
  credential: Credential,
): Promise<boolean> {
  try {
    const endpoint = maintenanceEndpoint(tools, database);
    return (await probeLogin(tools.postgres, endpoint, credential)) === 'accepted';
  } catch (error) {
    if (error instanceof RoleCannotLoginError) {
      return false;
    }
    throw error;
  }
}

/** As `logsIn`, with the pause and the second read that an RDS-managed secret needs. */
export async function logsInByAndBy(
  tools: OperatorTools,
  database: DatabaseFacts,
  { secretArn, credential }: Login,
): Promise<boolean> {
  if (await logsIn(tools, database, credential)) {
    return true;
  }
  await tools.sleep(pauseMilliseconds);
  const again = await readCredential(tools, secretArn, database);
  return again !== undefined && (await logsIn(tools, database, again));
}
