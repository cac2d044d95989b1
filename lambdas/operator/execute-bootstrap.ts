/**
 * Operation `executeBootstrap`: exactly the plan a person confirmed, under the cluster's bootstrap lock.
 *
 * The states it can meet, planned anew under the lock:
 * 1. something blocks                       → refused
 * 2. nothing is missing                     → nothing to do: this plan, or another, was executed before
 * 3. the plan is not the one confirmed      → refused
 * 4. the rotator needs no password          → the statements, in one transaction
 * 5. it needs one                           → the same, and the value is stored before the transaction ends
 *
 * At 5 a crash, or a lost answer, between storing and the end of the transaction leaves a value that does not log
 * in: the next run finds the rotator in need of a password again, and gives it a new one. Nobody else uses a
 * login that was not in force. The login probe at the end decides.
 */
import type { BootstrapExecuted } from '../../domain/events/operator-requests.ts';
import { executeBootstrap } from '../../doors/postgres/bootstrap.ts';
import type { Credential, Session } from '../../doors/postgres/door.ts';
import { withBootstrapLock, withRoleLock } from '../../doors/postgres/role-operations.ts';
import { scramVerifier } from '../../doors/postgres/scram.ts';
import type { DatabaseFacts } from './environment.ts';
import {
  BootstrapBlockedError,
  LoginNotProvenError,
  NobodyExecutesError,
  PlanChangedError,
} from './errors.ts';
import { logsIn, withLogin } from './logins.ts';
import { planIn, prepare, type Runner } from './preparation.ts';
import type { OperatorTools } from './tools.ts';

/** 192 bits; 32 characters of base64url. */
const passwordBytes = 24;

export async function executeBootstrapOf(
  tools: OperatorTools,
  database: DatabaseFacts,
  digest: string,
): Promise<BootstrapExecuted> {
  const { runner } = await prepare(tools, database);
  if (runner === undefined || !runner.executes) {
    throw new NobodyExecutesError(database.name);
  }
  const { roles, identity } = database;
  const locked = [...new Set([...roles, ...(identity === undefined ? [] : [identity])])].sort();
  return withLogin(tools, database, runner.login, (session) =>
    withBootstrapLock(session, () =>
      withRoleLocks(session, locked, () => execute(tools, database, { session, runner, digest })),
    ),
  );
}

async function execute(
  tools: OperatorTools,
  database: DatabaseFacts,
  { session, runner, digest }: { session: Session; runner: Runner; digest: string },
): Promise<BootstrapExecuted> {
  // Anew, now that nobody else can change it: who waited here may find everything done.
  const { admin } = await prepare(tools, database);
  const fresh = admin.needsPassword ? await newLogin(tools, database) : undefined;
  const verifier = fresh && scramVerifier(fresh.password);
  const planned = await planIn(session, database, { admin, runner }, verifier);
  const blocking = planned.findings.filter(({ level }) => level === 'blocks');
  if (blocking.length > 0) {
    throw new BootstrapBlockedError(blocking.map(({ message }) => message));
  }
  const done = planned.statements.length === 0;
  if (!done && planned.digest !== digest) {
    throw new PlanChangedError();
  }
  if (!done) {
    await executeBootstrap(session, planned.statements, async () => {
      if (fresh !== undefined) {
        await tools.ownedSecret.put(database.admin.secretArn, adminValue(database, fresh));
      }
    });
  }
  const proven = fresh ?? admin.login?.credential;
  if (proven === undefined || !(await logsIn(tools, database, proven))) {
    throw new LoginNotProvenError(proven?.username ?? database.rotator, database.host);
  }
  return {
    secret: database.name,
    outcome: done ? 'nothingToDo' : 'executed',
    statements: planned.statements.length,
    passwordStored: admin.needsPassword,
    proven: {
      role: proven.username,
      host: database.host,
      database: database.maintenanceDatabase,
    },
  };
}

async function newLogin(
  { random }: OperatorTools,
  { rotator }: DatabaseFacts,
): Promise<Credential> {
  const password = (await random.bytes(passwordBytes)).toString('base64url');
  return { username: rotator, password };
}

/** AWS's own fields (Secrets Manager user guide, "JSON structure of secrets"). */
function adminValue(
  { host, port, maintenanceDatabase: dbname }: DatabaseFacts,
  { username, password }: Credential,
): string {
  return JSON.stringify({ engine: 'postgres', host, port, dbname, username, password });
}

/** A rotation that is setting one of these roles ends first. Always in the same order. */
function withRoleLocks<T>(
  session: Session,
  [role, ...others]: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  return role === undefined
    ? work()
    : withRoleLock(session, role, () => withRoleLocks(session, others, work));
}
