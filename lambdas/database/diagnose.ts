/**
 * What a diagnosis of a database secret asks: each declared endpoint, with one login of a credential, and the
 * catalogue, with the admin's. Changes nothing.
 */
import type { Attempt, ExaminedTarget } from '../../domain/events/diagnosis.ts';
import type { Clock } from '../../doors/clock.ts';
import { bootstrapFindings } from '../../doors/postgres/bootstrap-findings.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { serverVersion } from '../../doors/postgres/role-facts.ts';
import { attempt, type Examiner } from '../rotation/diagnose.ts';
import { problemOf } from '../rotation/problem.ts';
import { isRefusalOfTheTarget } from '../rotation/staging.ts';
import type { JsonCompanionName, Rotation } from '../rotation/strategy.ts';
import { type DatabaseTools, withAdmin } from './admin.ts';
import { proveConsumerPath } from './consumer-path.ts';
import { schemes } from './schemes/by-name.ts';
import { applicationEndpoint, type DatabaseSettings, knownRoles } from './settings.ts';
import type { DatabaseValue } from './value.ts';

export function databaseExaminer(
  tools: DatabaseTools,
  clock: Pick<Clock, 'now'>,
): Examiner<DatabaseValue> {
  return {
    attempt: (value, pending, rotation) => attempts(tools, clock, value, pending, rotation),
    target: (companion) => examineTarget(tools, companion),
  };
}

async function attempts(
  tools: DatabaseTools,
  clock: Pick<Clock, 'now'>,
  value: DatabaseValue,
  pending: boolean,
  rotation: Rotation<DatabaseValue>,
): Promise<Attempt[]> {
  const { settings, door, ca } = tools;
  const { host, port, dbname } = applicationEndpoint(settings, ca);
  const direct = await attempt(clock, `${host}:${port}/${dbname}`, () =>
    door.withSession({ host, port, dbname, ca }, value, (session) =>
      schemes[settings.SCHEME].verify(session, value, tools, rotation),
    ),
  );
  const { ENDPOINTS = [], CONNECTION } = settings;
  // What the server refuses no pooler can let in; and RDS Proxy knows AWSCURRENT only.
  if (direct.answer !== 'accepted' || (pending && CONNECTION === 'rdsProxy')) {
    return [direct];
  }
  const pooled: Attempt[] = [];
  for (const place of ENDPOINTS) {
    const only = { ...tools, settings: { ...settings, ENDPOINTS: [place] } };
    const at = `${place.host}:${place.port}/${dbname}`;
    const told = await attempt(clock, at, () => proveConsumerPath(only, value), refusesPooled);
    pooled.push({ ...told, pooled: true });
  }
  return [direct, ...pooled];
}

function refusesPooled(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return (
    isRefusalOfTheTarget(error) ||
    code === 'ERR_ROTATION_POOLER_REFUSED' ||
    code === 'ERR_ROTATION_PROXY_NOT_READY'
  );
}

async function examineTarget(
  tools: DatabaseTools,
  companion: (name: JsonCompanionName) => Promise<unknown>,
): Promise<ExaminedTarget> {
  let admin: string | undefined;
  const named = async () => {
    const given = await companion('admin');
    const username = (given as { username?: unknown }).username;
    if (typeof username === 'string') admin = username.slice(0, 63);
    return given;
  };
  try {
    const seen = await withAdmin(tools, named, (session) =>
      lookAround(session, tools.settings, admin ?? ''),
    );
    return { ...(admin !== undefined && { admin }), ...seen };
  } catch (error) {
    return {
      ...(admin !== undefined && { admin }),
      problem: problemOf(error, 'a look at the database'),
      roles: [],
      findings: [],
      unchecked: ['the rights of the admin, and the roles: its login did not get that far'],
    };
  }
}

async function lookAround(
  session: Session,
  settings: DatabaseSettings,
  admin: string,
): Promise<Omit<ExaminedTarget, 'admin' | 'problem'>> {
  const plan = {
    scheme: settings.SCHEME,
    roles: settings.ROLES,
    ...(settings.IDENTITY !== undefined && { identity: settings.IDENTITY }),
    ...(settings.REWRITES_ROWS === 'true' && { mayBypass: true }),
  };
  const version = await serverVersion(session);
  const roles = await rolesOf(session, knownRoles(settings));
  const { findings, unchecked } = await bootstrapFindings(session, plan, [], {
    executes: true,
    ownAdmin: admin,
  });
  const missing = roles.filter(({ exists }) => !exists);
  return {
    serverVersion: version,
    roles,
    findings: [
      ...missing.map(({ role }) => ({
        code: 'ROLE_MISSING',
        level: 'blocks' as const,
        message: `There is no role ${role} on this server, so no rotation can set it: run the bootstrap of this secret again (docs/adopt.md), or restore the roles.`,
      })),
      ...findings,
    ],
    unchecked,
  };
}

async function rolesOf(
  session: Session,
  names: readonly string[],
): Promise<ExaminedTarget['roles']> {
  const rows = await session.query<{ role: string; exists: boolean; login: boolean; open: number }>(
    `select wanted.name as role, r.oid is not null as exists, coalesce(r.rolcanlogin, false) as login,
            (select count(*)::int from pg_catalog.pg_stat_activity a where a.usesysid = r.oid) as open
       from unnest($1::text[]) with ordinality as wanted(name, place)
       left join pg_catalog.pg_roles r on r.rolname = wanted.name
      order by wanted.place`,
    [[...names]],
  );
  return rows.map(({ role, exists, login, open }) => ({
    role,
    exists,
    canLogin: login,
    sessions: open,
  }));
}
