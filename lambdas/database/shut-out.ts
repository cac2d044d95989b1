/**
 * Shuts everybody out of a role, in the only order that holds: a role may change its own password, so a
 * session that is still open when a new verifier is set can set another one right after it.
 */
import type { Session } from '../../doors/postgres/door.ts';
import {
  discardVerifier,
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
  const already = await revokeLogin(admin, role);
  return endSessions(admin, role, sleep, already);
}

/** Longer than the server's default of one minute, and within the function's time. */
const longestWaitSeconds = 75;

/**
 * For a role that is about to get LOGIN again. A login that was begun earlier holds the verifier of that
 * moment, and whether the role may log in is asked only at its end: held back until LOGIN is there again,
 * it would succeed with the leaked password. So the verifier is discarded while the role is NOLOGIN, and
 * every login that could hold the one before is waited out (`authentication_timeout`).
 * Returns the seconds waited.
 */
export async function outlastLogins(
  admin: Session,
  role: string,
  { sleep }: Pick<DatabaseTools, 'sleep'>,
): Promise<number> {
  await discardVerifier(admin, role);
  const [row] = await admin.query<{ seconds: number }>(
    `select extract(epoch from pg_catalog.current_setting('authentication_timeout')::interval)::int as seconds`,
  );
  const seconds = Math.min(row?.seconds ?? longestWaitSeconds, longestWaitSeconds);
  await sleep(seconds * 1_000);
  return seconds;
}
