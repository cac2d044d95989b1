/**
 * Operations `planRows` and `executeRows`: what a database needs before its rows can be re-encrypted, which is
 * schema `quarterturn` and the grants of the role the engine works as. Run again after a new partition, a new
 * column or a new release it is a small plan; where nothing is missing, an empty one.
 */
import { createHash } from 'node:crypto';
import type { RowsExecuted, RowsPlan } from '../../domain/events/operator-requests.ts';
import { type BootstrapStatement, executeBootstrap } from '../../doors/postgres/bootstrap.ts';
import type { BootstrapFinding, Findings } from '../../doors/postgres/bootstrap-findings.ts';
import { ColumnDeclarationError } from '../../doors/postgres/column-declaration.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { NoSuchRoleError } from '../../doors/postgres/identifiers.ts';
import {
  ledgerOwner,
  missingLedger,
  NewerSchemaError,
} from '../../doors/postgres/ledger-schema.ts';
import { serverVersion } from '../../doors/postgres/role-facts.ts';
import { withBootstrapLock } from '../../doors/postgres/role-operations.ts';
import { rowsFindings } from '../../doors/postgres/rows-findings.ts';
import { missingGrants } from '../../doors/postgres/rows-grant.ts';
import type { DatabaseFacts, RowsFacts } from './environment.ts';
import {
  BootstrapBlockedError,
  NobodyExecutesError,
  PlanChangedError,
  StillUnpreparedError,
  UnknownRowsError,
} from './errors.ts';
import { withLogin } from './logins.ts';
import { prepare, type Runner } from './preparation.ts';
import type { OperatorTools } from './tools.ts';

/** The rows of one encryption secret, and the database secret whose role rewrites them. */
export interface Rows {
  readonly database: DatabaseFacts;
  readonly rows: RowsFacts;
}

/** @throws UnknownRowsError */
export function rowsOf({ databases }: OperatorTools, secret: string): Rows {
  const all = databases.flatMap((database) =>
    (database.rows ?? []).map((rows) => ({ database, rows })),
  );
  const found = all.find(({ rows }) => rows.secret === secret);
  if (found === undefined) {
    throw new UnknownRowsError(all.map(({ rows }) => rows.secret));
  }
  return found;
}

/** multiUser: the login roles become the identity at login, so it is the identity that needs the rights. */
const engineOf = ({ identity, roles }: DatabaseFacts): string => identity ?? roles[0] ?? '';

export async function planRowsOf(tools: OperatorTools, of: Rows): Promise<RowsPlan> {
  const { database, rows } = of;
  const { runner } = await prepare(tools, database);
  const planned =
    runner === undefined
      ? nobody(of)
      : await withLogin(
          tools,
          database,
          runner.login,
          (session) => planIn(tools, session, of, runner),
          rows.dbname,
        );
  return {
    secret: rows.secret,
    role: engineOf(database),
    digest: planned.digest,
    host: database.host,
    port: database.port,
    database: rows.dbname,
    ...(planned.version !== undefined && { serverVersion: planned.version }),
    ...(runner?.executes && { runBy: runner.login.credential.username }),
    statements: planned.statements.map(({ shown, why }) => ({ sql: shown, why })),
    findings: planned.findings,
    unchecked: planned.unchecked,
  };
}

/**
 * Exactly the plan a person confirmed, in one transaction, one preparation of the database at a time. Planned
 * anew before its end: what is still missing then undoes it.
 */
export async function executeRowsOf(
  tools: OperatorTools,
  of: Rows,
  digest: string,
): Promise<RowsExecuted> {
  const { database, rows } = of;
  const { runner } = await prepare(tools, database);
  if (runner === undefined || !runner.executes) {
    throw new NobodyExecutesError(database.name);
  }
  const execute = async (session: Session): Promise<RowsExecuted> => {
    const { statements, findings, digest: found } = await planIn(tools, session, of, runner);
    const blocking = findings.filter(({ level }) => level === 'blocks');
    if (blocking.length > 0) {
      throw new BootstrapBlockedError(blocking.map(({ message }) => message));
    }
    if (statements.length === 0) {
      return { secret: rows.secret, outcome: 'nothingToDo', statements: 0 };
    }
    if (found !== digest) {
      throw new PlanChangedError();
    }
    await executeBootstrap(session, statements, async () => {
      const left = await missing(session, of);
      if (left.length > 0) {
        throw new StillUnpreparedError(left.map(({ shown }) => shown));
      }
    });
    return { secret: rows.secret, outcome: 'executed', statements: statements.length };
  };
  return withLogin(
    tools,
    database,
    runner.login,
    (session) => withBootstrapLock(session, () => execute(session)),
    rows.dbname,
  );
}

interface Planned extends Findings {
  statements: BootstrapStatement[];
  version?: number;
  digest: string;
}

async function planIn(
  tools: OperatorTools,
  session: Session,
  of: Rows,
  { executes, login }: Runner,
): Promise<Planned> {
  const { database, rows } = of;
  const version = await serverVersion(session);
  const username = login.credential.username;
  let statements: BootstrapStatement[];
  try {
    statements = await missing(session, of);
  } catch (error) {
    const findings = [unplannable(database, error)];
    return { statements: [], findings, unchecked: [], version, digest: digestOf(of, username, []) };
  }
  const found = await rowsFindings(
    session,
    {
      role: engineOf(database),
      logins: database.roles,
      engines: enginesBeside(tools, of),
      columns: rows.columns,
      executes,
    },
    statements,
  );
  return { statements, ...found, version, digest: digestOf(of, username, statements) };
}

async function missing(session: Session, { database, rows }: Rows): Promise<BootstrapStatement[]> {
  const role = engineOf(database);
  return [
    ...(await missingLedger(session, role, ledgerOwner)),
    ...(await missingGrants(session, role, rows.columns)),
  ];
}

/** Of other secrets whose rows lie in the same database. */
function enginesBeside({ databases }: OperatorTools, { database, rows }: Rows): string[] {
  return databases
    .filter(
      (other) =>
        other.host === database.host &&
        other.port === database.port &&
        other.rows?.some(({ dbname }) => dbname === rows.dbname),
    )
    .map(engineOf);
}

function unplannable(database: DatabaseFacts, error: unknown): BootstrapFinding {
  if (error instanceof NoSuchRoleError) {
    return {
      code: 'ROLE_MISSING',
      level: 'blocks',
      message: `${error.message} It is that of ${database.name}.`,
    };
  }
  if (error instanceof NewerSchemaError) {
    return { code: 'SCHEMA_NEWER', level: 'blocks', message: error.message };
  }
  if (error instanceof ColumnDeclarationError) {
    return { code: 'COLUMN_UNFIT', level: 'blocks', message: error.message };
  }
  throw error;
}

/** The catalogue decides what is missing, and nobody here can look into it. */
function nobody(of: Rows): Planned {
  return {
    statements: [],
    findings: [
      {
        code: 'NOBODY_LOGS_IN',
        level: 'blocks',
        message: `No secret of this deployment logs in to ${of.database.host} yet, so nobody can see what is missing: ${of.database.name} needs its bootstrap first, which \`quarterturn reencrypt prepare\` shows.`,
      },
    ],
    unchecked: ['everything about the database'],
    digest: digestOf(of, '', []),
  };
}

function digestOf(
  { database: { host, port }, rows: { secret, dbname } }: Rows,
  runBy: string,
  statements: readonly BootstrapStatement[],
): string {
  const plan = ['rows', 1, secret, host, port, dbname, runBy, ...statements.map((s) => s.shown)];
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}
