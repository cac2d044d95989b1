/**
 * What a database needs before its first rotation: who may run it, whether the rotator can log in, and the
 * statements that are missing. The admin is one of three:
 *
 * 1. the rotator role of the deployment → made, granted and given a password here
 * 2. an RDS-managed master user         → taken as it is, nothing granted; it can run the bootstrap itself
 * 3. another role of the owners         → taken as it is; what it lacks is a finding
 */
import { createHash } from 'node:crypto';
import { blindBootstrap } from '../../doors/postgres/blind-bootstrap.ts';
import {
  type BootstrapPlan,
  type BootstrapStatement,
  planBootstrap,
} from '../../doors/postgres/bootstrap.ts';
import { UnusableIdentityError } from '../../doors/postgres/bootstrap-errors.ts';
import {
  type BootstrapFinding,
  bootstrapFindings,
  type Findings,
} from '../../doors/postgres/bootstrap-findings.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { NoSuchRoleError, UnusableNameError } from '../../doors/postgres/identifiers.ts';
import { serverVersion } from '../../doors/postgres/role-facts.ts';
import { discardedVerifier } from '../../doors/postgres/scram.ts';
import type { DatabaseFacts } from './environment.ts';
import { type Login, logsInByAndBy, readCredential } from './logins.ts';
import type { OperatorTools } from './tools.ts';

export interface Admin {
  /** What the admin secret holds; absent: nothing yet. */
  login?: Login;
  logsIn: boolean;
  /** The deployment's rotator, for the bootstrap to make; otherwise the admin is taken as it is. */
  isRotator: boolean;
  /** Its secret is this deployment's to write, and its login is not in force. */
  needsPassword: boolean;
}

/** Who logs in to read the catalogue, and whether that role executes. */
export interface Runner {
  login: Login;
  executes: boolean;
}

export interface Preparation {
  admin: Admin;
  /** Absent: nobody can log in. */
  runner?: Runner;
}

export interface Planned extends Findings {
  statements: BootstrapStatement[];
  version?: number;
  digest: string;
}

/** @throws InvalidCredentialError, and what the door throws when the server does not answer */
export async function prepare(tools: OperatorTools, database: DatabaseFacts): Promise<Preparation> {
  const admin = await adminOf(tools, database);
  const runner = await runnerOf(tools, database, admin);
  return { admin, ...(runner && { runner }) };
}

async function adminOf(tools: OperatorTools, database: DatabaseFacts): Promise<Admin> {
  const { secretArn, kind } = database.admin;
  const credential = await readCredential(tools, secretArn, database);
  const login = credential && { secretArn, credential };
  const logsIn = login !== undefined && (await logsInByAndBy(tools, database, login));
  // What the secret names decides only whether the deployment's own rotator is meant.
  const isRotator =
    kind !== 'rdsManaged' && (credential?.username ?? database.rotator) === database.rotator;
  const writable = kind === 'userManaged' && database.bootstrapArn !== undefined;
  return {
    ...(login && { login }),
    logsIn,
    isRotator,
    needsPassword: isRotator && writable && !logsIn,
  };
}

async function runnerOf(
  tools: OperatorTools,
  database: DatabaseFacts,
  admin: Admin,
): Promise<Runner | undefined> {
  const { bootstrapArn } = database;
  if (bootstrapArn !== undefined) {
    const credential = await readCredential(tools, bootstrapArn, database);
    return credential && { login: { secretArn: bootstrapArn, credential }, executes: true };
  }
  return admin.logsIn && admin.login !== undefined
    ? { login: admin.login, executes: database.admin.kind === 'rdsManaged' }
    : undefined;
}

/** Plans in the runner's session. `verifier`: of the rotator's new password, when it gets one. */
export async function planIn(
  session: Session,
  database: DatabaseFacts,
  { admin, runner }: Preparation & { runner: Runner },
  verifier = discardedVerifier(),
): Promise<Planned> {
  const plan = bootstrapPlanOf(database, admin, verifier);
  const version = await serverVersion(session);
  let statements: BootstrapStatement[] = [];
  const findings: BootstrapFinding[] = [];
  try {
    statements = await planBootstrap(session, plan);
  } catch (error) {
    findings.push(unplannable(error));
  }
  const ownAdmin = admin.isRotator ? undefined : admin.login?.credential.username;
  const found = await bootstrapFindings(session, plan, statements, {
    executes: runner.executes,
    ...(ownAdmin !== undefined && { ownAdmin }),
    firstPassword: admin.needsPassword && admin.login === undefined,
  });
  return {
    statements,
    version,
    findings: [...findings, ...adminFindings(database, admin), ...found.findings],
    unchecked: found.unchecked,
    digest: digestOf(database, runner.login.credential.username, statements),
  };
}

/** The plan for a cluster nobody here can look into. */
export function planBlind(database: DatabaseFacts, admin: Admin): Planned {
  const statements = blindBootstrap(bootstrapPlanOf(database, admin, undefined));
  return {
    statements,
    findings: adminFindings(database, admin),
    unchecked: ['everything about the cluster: no secret of this deployment logs in there yet'],
    digest: digestOf(database, '', statements),
  };
}

function bootstrapPlanOf(
  { scheme, roles, identity, rotator, rows }: DatabaseFacts,
  { isRotator, needsPassword }: Admin,
  verifier: string | undefined,
): BootstrapPlan {
  return {
    scheme,
    roles,
    ...(identity !== undefined && { identity }),
    ...(rows !== undefined && { mayBypass: true }),
    ...(isRotator && {
      admin: { username: rotator, ...(needsPassword && verifier && { verifier }) },
    }),
  };
}

function adminFindings(database: DatabaseFacts, admin: Admin): BootstrapFinding[] {
  const name = admin.login?.credential.username ?? database.rotator;
  const known = [
    ...database.roles,
    ...(database.identity === undefined ? [] : [database.identity]),
  ];
  if (known.includes(name)) {
    return [
      {
        code: 'ADMIN_UNUSABLE',
        level: 'blocks',
        message: `The admin secret names ${name}, a role it is to rotate; expected a role of its own, such as ${database.rotator}.`,
      },
    ];
  }
  if (admin.logsIn || admin.needsPassword) {
    return [];
  }
  const found =
    admin.login === undefined ? 'holds no value yet' : `holds a login of ${name} that is refused`;
  return [
    {
      code: 'ADMIN_CANNOT_LOG_IN',
      level: 'blocks',
      message: `The admin secret ${found}. Give ${name} a password (\\password ${name} in psql) and store it there as {"username","password"}; with a \`bootstrap\` secret in the configuration this is done for you.`,
    },
  ];
}

function unplannable(error: unknown): BootstrapFinding {
  if (error instanceof UnusableIdentityError) {
    return { code: 'ROLE_UNUSABLE_AS_IDENTITY', level: 'blocks', message: error.message };
  }
  if (error instanceof NoSuchRoleError) {
    return {
      code: 'ROLE_MISSING',
      level: 'blocks',
      message: `${error.message} An identity is the role the application logs in with already.`,
    };
  }
  if (error instanceof UnusableNameError) {
    return { code: 'ROLE_NAME_UNUSABLE', level: 'blocks', message: error.message };
  }
  throw error;
}

/** Verifiers are new each time, so what people see is what counts. */
function digestOf(
  { name, host, port, maintenanceDatabase }: DatabaseFacts,
  runBy: string,
  statements: readonly BootstrapStatement[],
): string {
  const plan = [1, name, host, port, maintenanceDatabase, runBy, ...statements.map((s) => s.shown)];
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}
