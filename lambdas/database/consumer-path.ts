/**
 * The path consumers take when they do not connect to the server itself. A credential the server accepts is
 * no proof for them: PgBouncer with a `userlist.txt` goes on asking for the password of before, and RDS Proxy
 * for that of the AWSCURRENT it has read.
 *
 * So every declared pooler logs the credential in and runs one query as its role. The query sets nothing: a
 * pooled session outlives its client, and the next one would find it changed.
 */
import type { Evidence } from '../../domain/events/control-records.ts';
import type { Credential, Endpoint } from '../../doors/postgres/door.ts';
import {
  LoginRefusedError,
  PostgresError,
  RoleCannotLoginError,
} from '../../doors/postgres/errors.ts';
import type { DatabaseTools } from './admin.ts';
import { DatabaseTestFailedError, PoolerRefusedError, ProxyNotReadyError } from './errors.ts';
import { expectSessionRole } from './session-checks.ts';
import { poolerEndpoints } from './settings.ts';

/**
 * One login at every pooler; the server itself has accepted the credential before.
 * @throws PoolerRefusedError, ProxyNotReadyError, and what the door throws for TLS and network
 */
export async function proveConsumerPath(
  { settings, door, ca, poolerCa = ca }: DatabaseTools,
  value: Credential,
): Promise<Evidence[]> {
  const facts: Evidence[] = [];
  const { CONNECTION: through } = settings;
  if (through === undefined) {
    return facts;
  }
  for (const endpoint of poolerEndpoints(settings, poolerCa)) {
    const role = value.username;
    try {
      await door.withSession(endpoint, value, (session) =>
        expectSessionRole(session, role, settings.IDENTITY ?? role),
      );
    } catch (error) {
      throw refusal(error, through, endpoint, role);
    }
    const { host, port, dbname: database } = endpoint;
    facts.push({
      fact: 'loginAcceptedThroughPooler',
      detail: { role, host, port, database, through },
    });
  }
  return facts;
}

/** PgBouncer answers 08P01 for whatever stops a login, RDS Proxy codes of its own: any answer but yes is a no. */
function refusal(
  error: unknown,
  through: 'pgbouncer' | 'rdsProxy',
  { host, port }: Endpoint,
  role: string,
): unknown {
  const answer = answerOf(error);
  if (answer === undefined) {
    return error;
  }
  const at = `${host}:${port}`;
  return through === 'rdsProxy'
    ? new ProxyNotReadyError(at, role, answer)
    : new PoolerRefusedError(at, role, answer);
}

function answerOf(error: unknown): string | undefined {
  if (error instanceof PostgresError) {
    return [error.sqlstate, error.explanation].filter((part) => part !== '').join(': ');
  }
  if (error instanceof LoginRefusedError || error instanceof RoleCannotLoginError) {
    return error.sqlstate;
  }
  // A forced user, or settings of the role that the pooler's sessions do not have.
  return error instanceof DatabaseTestFailedError ? error.problem : undefined;
}
