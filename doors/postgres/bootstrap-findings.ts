/**
 * What stands in the way of a bootstrap and of the rotations after it, read from the catalogue before anything
 * is changed: what the executing role lacks, roles that cannot be rotated, and the small traps that end in a
 * lockout. Changes nothing.
 */
import type { BootstrapPlan, BootstrapStatement } from './bootstrap.ts';
import type { Session } from './door.ts';
import { NoSuchRoleError, UnusableNameError } from './identifiers.ts';
import { type RoleFacts, readRole, serverVersion } from './role-facts.ts';
import { borrowedPower, roleProblems } from './role-problems.ts';
import { loginSettings, readSettings } from './role-settings.ts';
import { serverFindings } from './server-findings.ts';

export interface BootstrapFinding {
  /** `ROLE_…`, `RUNNER_…`, `ADMIN_…`, `SERVER_…`, `SETTING_…`. */
  code: string;
  level: 'blocks' | 'warns';
  message: string;
}

export interface Findings {
  findings: BootstrapFinding[];
  /** What nobody can see from here. */
  unchecked: string[];
}

export interface FindingsOptions {
  /** Will the session's own role execute the statements? Otherwise its rights say nothing. */
  executes: boolean;
  /** An admin the plan grants nothing to: a role of the owners, or an RDS-managed master user. */
  ownAdmin?: string;
  /** The rotator gets a password, and its secret holds none yet, not even one that is refused. */
  firstPassword?: boolean;
}

export async function bootstrapFindings(
  session: Session,
  plan: BootstrapPlan,
  statements: readonly BootstrapStatement[],
  { executes, ownAdmin, firstPassword = false }: FindingsOptions,
): Promise<Findings> {
  const version = await serverVersion(session);
  const server = await serverFindings(session, plan, version);
  const findings = [...server.findings, ...(await rotatedRoles(session, plan))];
  const unchecked = [...server.unchecked];
  if (plan.admin !== undefined) {
    findings.push(...(await plannedAdmin(session, plan.admin.username, firstPassword)));
  }
  if (ownAdmin !== undefined) {
    findings.push(...(await adminAsItIs(session, plan, ownAdmin, version, executes)));
  }
  if (!executes) {
    unchecked.push('whether the role that runs these statements has the rights they take');
  } else if (statements.length > 0) {
    findings.push(...(await runnerRights(session, statements, version)));
    findings.push(...(await settingsToCopy(session, plan, version)));
  }
  return { findings, unchecked };
}

const blocks = (code: string, message: string): BootstrapFinding => ({
  code,
  level: 'blocks',
  message,
});

async function rotatedRoles(session: Session, plan: BootstrapPlan): Promise<BootstrapFinding[]> {
  const findings: BootstrapFinding[] = [];
  for (const role of [...plan.roles, ...(plan.identity === undefined ? [] : [plan.identity])]) {
    const facts = await roleOrNothing(session, role);
    const power = facts && borrowedPower(facts);
    const problems = [
      ...(facts ? roleProblems(facts, plan.mayBypass) : []),
      ...(power ? [power] : []),
    ];
    for (const { code, problem, remedy } of problems) {
      findings.push(blocks(code, `The role ${role} ${problem}. ${remedy}`));
    }
  }
  return findings;
}

/** Power the rotator must not have: it would lend it to whoever reads its secret. */
async function plannedAdmin(
  session: Session,
  username: string,
  firstPassword: boolean,
): Promise<BootstrapFinding[]> {
  const facts = await roleOrNothing(session, username);
  if (facts === undefined) {
    return [];
  }
  // Our own runs store the value before the role is there, so they never leave this behind.
  if (firstPassword && facts.canLogin) {
    return [
      blocks(
        'ADMIN_IN_USE',
        `The rotator ${username} is there and may log in, and the admin secret holds no password of it. Another deployment on this cluster may work with it, and every rotation of that one would fail once it has a new password. Name a role of its own in \`rotator\`; or, if nobody uses it, ALTER ROLE ${username} NOLOGIN, then adopt again.`,
      ),
    ];
  }
  const problems = roleProblems(facts).filter(
    // CREATEROLE is what makes it the rotator.
    ({ problem }) => problem !== 'has CREATEROLE',
  );
  return problems.map(({ problem }) =>
    blocks(
      'ADMIN_UNUSABLE',
      `The rotator ${username} ${problem}. Name another role in \`rotator\`, or take that away.`,
    ),
  );
}

async function adminAsItIs(
  session: Session,
  plan: BootstrapPlan,
  admin: string,
  version: number,
  executes: boolean,
): Promise<BootstrapFinding[]> {
  const [row] = await session.query<{ able: boolean; signals: boolean; runner: boolean }>(
    `select rolcreaterole or rolsuper as able,
            rolsuper or pg_catalog.pg_has_role(oid, 'pg_signal_backend', 'USAGE') as signals,
            rolname = current_user as runner
       from pg_catalog.pg_roles where rolname = $1`,
    [admin],
  );
  if (row === undefined) {
    return [blocks('ADMIN_MISSING', `The admin secret names ${admin}, and there is no such role.`)];
  }
  const findings: BootstrapFinding[] = [];
  if (!row.able) {
    findings.push(
      blocks(
        'ADMIN_WITHOUT_CREATEROLE',
        `${admin} has no CREATEROLE: ALTER ROLE ${admin} CREATEROLE.`,
      ),
    );
  }
  if (!row.signals) {
    findings.push(
      blocks(
        'ADMIN_WITHOUT_SIGNAL',
        `${admin} cannot end sessions: GRANT pg_signal_backend TO ${admin}.`,
      ),
    );
  }
  if (version < 160000) {
    return findings;
  }
  for (const role of [...plan.roles, ...(plan.identity === undefined ? [] : [plan.identity])]) {
    const option = await hasAdminOption(session, admin, role);
    // A role that is yet to be made gives ADMIN OPTION to whoever makes it.
    if (option === false || (option === undefined && !(row.runner && executes))) {
      findings.push(
        blocks(
          'ADMIN_WITHOUT_ADMIN_OPTION',
          `${admin} cannot set the password of ${role}: GRANT ${role} TO ${admin} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE.`,
        ),
      );
    }
  }
  return findings;
}

/** From PostgreSQL 16 on CREATEROLE reaches only roles one has ADMIN OPTION on; before, every ordinary one. */
async function runnerRights(
  session: Session,
  statements: readonly BootstrapStatement[],
  version: number,
): Promise<BootstrapFinding[]> {
  const [runner] = await session.query<{ name: string; superuser: boolean; creates: boolean }>(
    `select rolname::text as name, rolsuper as superuser, rolcreaterole as creates
       from pg_catalog.pg_roles where rolname = current_user`,
  );
  if (runner === undefined || runner.superuser) {
    return [];
  }
  if (!runner.creates) {
    return [
      blocks(
        'RUNNER_WITHOUT_CREATEROLE',
        `${runner.name} has no CREATEROLE; expected the master user, or a role with it.`,
      ),
    ];
  }
  if (version < 160000) {
    return [];
  }
  const findings: BootstrapFinding[] = [];
  for (const role of new Set(statements.flatMap(({ changes }) => changes))) {
    if ((await hasAdminOption(session, runner.name, role)) === false) {
      findings.push(
        blocks(
          'RUNNER_WITHOUT_ADMIN_OPTION',
          `${runner.name} did not make ${role} and may not change it: have whoever made it (or a superuser) run GRANT ${role} TO ${runner.name} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE.`,
        ),
      );
    }
  }
  return findings;
}

/** undefined: there is no such role. */
async function hasAdminOption(
  session: Session,
  holder: string,
  role: string,
): Promise<boolean | undefined> {
  const [row] = await session.query<{ option: boolean }>(
    `select pg_catalog.pg_has_role(h.oid, r.oid, 'MEMBER WITH ADMIN OPTION') as option
       from pg_catalog.pg_roles h, pg_catalog.pg_roles r where h.rolname = $1 and r.rolname = $2`,
    [holder, role],
  );
  return row?.option;
}

/**
 * ALTER ROLE … SET of a setting the server does not know, or of one for superusers, takes SET on the parameter
 * (guc.c, validate_option_array_item): the copy of the identity's settings would fail.
 */
async function settingsToCopy(
  session: Session,
  plan: BootstrapPlan,
  version: number,
): Promise<BootstrapFinding[]> {
  if (plan.identity === undefined || (await roleOrNothing(session, plan.identity)) === undefined) {
    return [];
  }
  const wanted = loginSettings(plan.identity, await readSettings(session, plan.identity));
  const names = new Set<string>();
  for (const role of plan.roles) {
    const found = await readSettings(session, role);
    for (const [key, { name, value }] of wanted) {
      // `role` is everybody's to set, and pg_settings does not show it.
      if (name !== 'role' && found.get(key)?.value !== value) {
        names.add(name);
      }
    }
  }
  const permitted =
    version >= 150000
      ? `pg_catalog.has_parameter_privilege(current_user, wanted.name, 'SET')`
      : `pg_catalog.current_setting('is_superuser') = 'on'`;
  const refused = await session.query<{ name: string }>(
    `select wanted.name from unnest($1::text[]) as wanted(name)
       left join pg_catalog.pg_settings s on lower(s.name) = lower(wanted.name)
      where (s.name is null or s.context like 'superuser%') and not (${permitted})`,
    [[...names]],
  );
  return refused.map(({ name }) =>
    blocks(
      'SETTING_NOT_COPYABLE',
      `${plan.identity} has the setting ${name}, which only a superuser may give to its login roles: have one run GRANT SET ON PARAMETER ${name} to the executing role (PostgreSQL 15 and later), or the bootstrap.`,
    ),
  );
}

async function roleOrNothing(session: Session, role: string): Promise<RoleFacts | undefined> {
  try {
    return await readRole(session, role);
  } catch (error) {
    if (error instanceof NoSuchRoleError || error instanceof UnusableNameError) {
      return undefined;
    }
    throw error;
  }
}
