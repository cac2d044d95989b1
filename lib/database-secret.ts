import { Tokenization } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import type { DatabaseEnvironment } from '../lambdas/database/environment.ts';
import { authorityFiles } from './authorities.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { type OwnEnvironment, RotatingSecret } from './rotating-secret.ts';

export interface DatabaseSecretProps {
  readonly deployment: Deployment;
  readonly key: string;
  readonly secret: DatabaseConfig;
  /** The rotator role's secret. */
  readonly admin: SecretReference;
}

/** A host and a port may be tokens: numbers need a text of their own. */
const hostAndPort = ({ host, port }: { host: string; port: number }) =>
  `${host}:${Tokenization.stringifyNumber(port)}`;

/** Is this the login with which the rows of an encryption secret are rewritten? */
const rewritesRows = ({ config }: Deployment, key: string): boolean =>
  Object.values(config.secrets).some(
    (secret) => secret.kind === 'encryption' && secret.reencryption?.login === key,
  );

/** A PostgreSQL login. */
export class DatabaseSecret extends RotatingSecret {
  constructor(
    scope: Construct,
    id: string,
    { deployment, key, secret, admin }: DatabaseSecretProps,
  ) {
    const environment: OwnEnvironment<DatabaseEnvironment> = {
      SCHEME: secret.scheme,
      HOST: secret.host,
      PORT: Tokenization.stringifyNumber(secret.port),
      ...(secret.connection !== 'direct' && {
        CONNECTION: secret.connection,
        ENDPOINTS: secret.endpoints?.map(hostAndPort).join(','),
      }),
      DBNAME: secret.dbname,
      MAINTENANCE_DATABASE: secret.maintenanceDatabase,
      ROLES: secret.roles.join(','),
      ...(secret.identity && { IDENTITY: secret.identity }),
      ADMIN_SECRET_ARN: admin.arn,
      DATABASE_URL: secret.databaseUrl ? 'true' : 'false',
      ...(secret.verifyTables && { VERIFY_TABLES: secret.verifyTables.join(',') }),
      ...(rewritesRows(deployment, key) && { REWRITES_ROWS: 'true' }),
      CA: secret.ca === 'rds' ? 'rds' : 'file',
    };
    super(scope, id, {
      deployment,
      key,
      secret,
      environment,
      files: authorityFiles(deployment, key, secret.ca),
      companions: [admin],
      network: deployment.networkOf(secret.network),
      timeoutSeconds: 120,
    });
  }
}
