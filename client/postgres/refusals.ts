/** Which answer to a login means "this credential is not, or no longer, the right one". */

/** How the consumers of the secret connect, as `connection` in rotation.config.ts says. */
export type ConnectionPath = 'direct' | 'pgbouncer' | 'rdsProxy';

/** PgBouncer says these with the SQLSTATE of a wrong password; no other credential would help. */
const poolerIsBusy =
  /no more connections allowed|query_wait_timeout|client_login_timeout|idle_transaction_timeout|no such database|shutting down/i;

/** RDS Proxy about a role of which it has read no secret, or an earlier version (aws-secretsmanager-jdbc#222). */
const proxyHasAnother =
  /RDS proxy has no credentials for the role|password that was provided for the role/i;

/**
 * @param error of a login: anything between the first packet and ReadyForQuery
 * @returns its SQLSTATE; undefined when another credential would not help
 */
export function refusalOf(error: unknown, path: ConnectionPath): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  const { code, message } = error;
  // 28P01: wrong password, no such role or an expired one. 28000: NOLOGIN, how a retired role answers, and RDS
  // Proxy (aws-secretsmanager-jdbc#223). PostgreSQL manual, appendix A.
  if (code === '28P01' || code === '28000') {
    return code;
  }
  // PgBouncer has one SQLSTATE for whatever stops a login.
  if (path === 'pgbouncer' && code === '08P01' && !poolerIsBusy.test(message)) {
    return code;
  }
  return path === 'rdsProxy' && proxyHasAnother.test(message) ? code : undefined;
}
