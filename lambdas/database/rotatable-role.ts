/** May this role be set at all? Each refusal stands for a lockout or for power a leaked secret must not give. */
import type { Session } from '../../doors/postgres/door.ts';
import { type RoleFacts, readRole } from '../../doors/postgres/role-facts.ts';
import { RoleRefusedError } from './errors.ts';
import { isReservedRole } from './settings.ts';

interface Refusal {
  when: (facts: RoleFacts) => boolean;
  problem: string;
  remedy: string;
}

const privileged =
  'Rotated roles are ordinary ones: take the attribute away, or rotate another role.';

const refusals: readonly Refusal[] = [
  { when: (f) => isReservedRole(f.name), problem: 'is reserved', remedy: privileged },
  { when: (f) => f.superuser, problem: 'is a superuser', remedy: privileged },
  { when: (f) => f.createRole, problem: 'has CREATEROLE', remedy: privileged },
  { when: (f) => f.replication, problem: 'has REPLICATION', remedy: privileged },
  { when: (f) => f.bypassRowSecurity, problem: 'has BYPASSRLS', remedy: privileged },
  {
    when: (f) => f.memberOf.includes('rds_superuser'),
    problem: 'is a member of rds_superuser',
    remedy: privileged,
  },
  {
    // With rds_iam, RDS accepts IAM tokens only: passwords are useless.
    when: (f) => f.memberOf.includes('rds_iam'),
    problem: 'is a member of rds_iam, so no password lets it in',
    remedy: 'Revoke rds_iam from it, or do not rotate its password.',
  },
  {
    // An expired role answers 28P01 to the right password, and a new password does not cure it.
    when: (f) => f.validUntil !== undefined,
    problem: 'has a VALID UNTIL, after which even the right password is refused',
    remedy: "Remove it: ALTER ROLE … VALID UNTIL 'infinity'.",
  },
  {
    when: (f) => f.connectionLimit === 0,
    problem: 'has CONNECTION LIMIT 0',
    remedy: 'Raise the limit to what its consumers need.',
  },
];

/** @throws RoleRefusedError, NoSuchRoleError */
export async function assertRotatable(session: Session, role: string): Promise<RoleFacts> {
  const facts = await readRole(session, role);
  const refusal = refusals.find(({ when }) => when(facts));
  if (refusal !== undefined) {
    throw new RoleRefusedError(role, refusal.problem, refusal.remedy);
  }
  return facts;
}
