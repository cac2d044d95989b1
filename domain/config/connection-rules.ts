/** Rules of the path a database secret's consumers connect by. Each answers with path, finding and remedy. */
import { duplicates } from './duplicates.ts';
import { hostProblem } from './host.ts';
import type { DatabaseConfig } from './secret-schemas.ts';

export function connectionProblems(
  secret: DatabaseConfig,
  path: string,
  environment: string,
): string[] {
  const { connection, endpoints } = secret;
  if (connection === 'direct') {
    return endpoints === undefined
      ? []
      : [
          `${path}.endpoints: found a list of ${endpoints.length} with connection "direct"; expected connection "pgbouncer" or "rdsProxy", or no endpoints`,
        ];
  }
  return [
    ...(endpoints === undefined
      ? [
          `${path}.endpoints: found nothing; connection "${connection}" expects host and port of every pooler its consumers connect to`,
        ]
      : endpointProblems(secret, endpoints, path, environment)),
    ...proxyProblems(secret, path),
    ...authorityProblems(secret, path),
  ];
}

function endpointProblems(
  { host, port, connection }: DatabaseConfig,
  endpoints: NonNullable<DatabaseConfig['endpoints']>,
  path: string,
  environment: string,
): string[] {
  const server = `${host.toLowerCase()}:${port}`;
  const nameOf = (endpoint: { host: string; port: number }) =>
    `${endpoint.host.toLowerCase()}:${endpoint.port}`;
  return [
    ...duplicates(endpoints, nameOf, `${path}.endpoints`, 'endpoint'),
    ...endpoints.flatMap((endpoint, index) => {
      const problem = hostProblem(endpoint.host, environment);
      if (problem !== undefined) {
        return [
          `${path}.endpoints.${index}.host: found a host that is refused; expected ${problem}`,
        ];
      }
      return nameOf(endpoint) === server
        ? [
            `${path}.endpoints.${index}: found the server itself; connection "${connection}" expects a pooler in front of it, or connection "direct" and no endpoints`,
          ]
        : [];
    }),
  ];
}

/**
 * One secret a role, and of that secret AWSCURRENT (RDS user guide, "Setting up database credentials for
 * RDS Proxy"): clients that still use the other role get "This RDS proxy has no credentials for the role".
 */
function proxyProblems({ connection, scheme }: DatabaseConfig, path: string): string[] {
  return connection === 'rdsProxy' && scheme === 'multiUser'
    ? [
        `${path}.connection: found "rdsProxy" with scheme "multiUser"; expected scheme "singleUser", or consumers that connect to the server and connection "direct": RDS Proxy serves one role a secret and reads AWSCURRENT only, so it would refuse every consumer that still uses the other role`,
      ]
    : [];
}

/** RDS's authorities sign the certificates of RDS's instances, and nobody gets one for a PgBouncer. */
function authorityProblems({ connection, ca }: DatabaseConfig, path: string): string[] {
  return connection === 'pgbouncer' && ca === 'rds'
    ? [
        `${path}.ca: found "rds" with connection "pgbouncer"; expected { file } or { pem } with the authorities of both, the server's and the pooler's: no PgBouncer holds a certificate of RDS's authorities`,
      ]
    : [];
}
