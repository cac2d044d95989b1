/**
 * Shuts everybody out of a role, in the only order that holds: a role may change its own password, so a
 * session that is still open when a new verifier is set can set another one right after it.
 */
import type { Session } from '../../doors/postgres/door.ts';
import {
  type EndedSessions,
  endSessions,
  revokeLogin,
} from '../../doors/postgres/role-operations.ts';
import type { DatabaseTools } from './admin.ts';

/** NOLOGIN (committed), then sessions ended until none is left. @throws SessionsRemainError */
export async function shutOut(
  admin: Session,
  role: string,
  { sleep }: Pick<DatabaseTools, 'sleep'>,
): Promise<EndedSessions> {
  await revokeLogin(admin, role);
  return endSessions(admin, role, sleep);
}
