/** May this role be set at all? */
import type { Session } from '../../doors/postgres/door.ts';
import { type RoleFacts, readRole } from '../../doors/postgres/role-facts.ts';
import { roleProblems } from '../../doors/postgres/role-problems.ts';
import { RoleRefusedError } from './errors.ts';
import type { DatabaseSettings } from './settings.ts';

/** @throws RoleRefusedError, NoSuchRoleError */
export async function assertRotatable(
  session: Session,
  role: string,
  { REWRITES_ROWS }: Pick<DatabaseSettings, 'REWRITES_ROWS'>,
): Promise<RoleFacts> {
  const facts = await readRole(session, role);
  const [refusal] = roleProblems(facts, REWRITES_ROWS === 'true');
  if (refusal !== undefined) {
    throw new RoleRefusedError(role, refusal.problem, refusal.remedy);
  }
  return facts;
}
