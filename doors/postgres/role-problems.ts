/** Why a role cannot be rotated. Each stands for a lockout, or for power a leaked secret must not give. */
import type { RoleFacts } from './role-facts.ts';

export interface RoleProblem {
  code: RoleProblemCode;
  problem: string;
  remedy: string;
}

export type RoleProblemCode =
  | 'ROLE_RESERVED'
  | 'ROLE_PRIVILEGED'
  | 'ROLE_USES_IAM'
  | 'ROLE_EXPIRES'
  | 'ROLE_WITHOUT_CONNECTIONS';

interface Rule extends RoleProblem {
  when: (facts: RoleFacts) => boolean;
}

/** Roles of the server or of RDS, and words that mean something else where a role name stands. */
const reserved =
  /^(pg_.*|rds_.*|rdsadmin|rdsrepladmin|rdstopmgr|rdsproxyadmin|postgres|public|none|current_role|current_user|session_user)$/i;

export function isReservedRole(role: string): boolean {
  return reserved.test(role);
}

const remedy = 'Rotated roles are ordinary ones: take the attribute away, or rotate another role.';
const privileged = (problem: string, when: Rule['when']): Rule => ({
  code: 'ROLE_PRIVILEGED',
  problem,
  remedy,
  when,
});

const bypassesRowSecurity = 'has BYPASSRLS';

const rules: readonly Rule[] = [
  {
    code: 'ROLE_RESERVED',
    problem: 'is reserved',
    remedy,
    when: (facts) => isReservedRole(facts.name),
  },
  privileged('is a superuser', (facts) => facts.superuser),
  privileged('has CREATEROLE', (facts) => facts.createRole),
  privileged('has REPLICATION', (facts) => facts.replication),
  privileged(bypassesRowSecurity, (facts) => facts.bypassRowSecurity),
  privileged('is a member of rds_superuser', (facts) => facts.memberOf.includes('rds_superuser')),
  {
    // With rds_iam, RDS accepts IAM tokens only: passwords are useless.
    code: 'ROLE_USES_IAM',
    problem: 'is a member of rds_iam, so no password lets it in',
    remedy: 'Revoke rds_iam from it, or do not rotate its password.',
    when: (facts) => facts.memberOf.includes('rds_iam'),
  },
  {
    // An expired role answers 28P01 to the right password, and a new password does not cure it.
    code: 'ROLE_EXPIRES',
    problem: 'has a VALID UNTIL, after which even the right password is refused',
    remedy: "Remove it: ALTER ROLE … VALID UNTIL 'infinity'.",
    when: (facts) => facts.validUntil !== undefined,
  },
  {
    code: 'ROLE_WITHOUT_CONNECTIONS',
    problem: 'has CONNECTION LIMIT 0',
    remedy: 'Raise the limit to what its consumers need.',
    when: (facts) => facts.connectionLimit === 0,
  },
];

/**
 * All of them, the gravest first; none: the role may be rotated.
 * @param mayBypass the role that rewrites rows has BYPASSRLS where tables have row-level security (rows-grant.ts)
 */
export function roleProblems(facts: RoleFacts, mayBypass = false): RoleProblem[] {
  return rules
    .filter(({ when, problem }) => when(facts) && !(mayBypass && problem === bypassesRowSecurity))
    .map(({ code, problem, remedy }) => ({ code, problem, remedy }));
}

/** "can be used to gain superuser-level access" (PostgreSQL, "Predefined Roles") */
const asGoodAsSuperuser = [
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
];

/**
 * Power a role has through others, which the rotator would get with it: it sets the role's password. Asked before
 * a role is taken over; a leaked credential of one that was taken over earlier must still be rotated away.
 */
export function borrowedPower(facts: RoleFacts): RoleProblem | undefined {
  const through = asGoodAsSuperuser.find((role) => facts.memberOf.includes(role));
  if (through === undefined && !facts.memberOfSuperuser) {
    return undefined;
  }
  const problem = `is a member of ${through ?? 'a superuser'}, and can make itself one`;
  return { code: 'ROLE_PRIVILEGED', problem, remedy };
}
