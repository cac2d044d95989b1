import type { Construct } from 'constructs';
import type { DatabaseConfig, EncryptionConfig } from '../domain/config/secret-schemas.ts';
import type { EncryptionEnvironment } from '../lambdas/encryption/environment.ts';
import { authorityFiles } from './authorities.ts';
import { columnsAndNeighbours } from './column-files.ts';
import { databaseEnvironment } from './database-environment.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import type { Escrow } from './escrow.ts';
import { keyRetentionDays } from './key-retention.ts';
import { type OwnEnvironment, RotatingSecret } from './rotating-secret.ts';
import { allow } from './statements.ts';

export interface EncryptionSecretProps {
  readonly deployment: Deployment;
  readonly key: string;
  readonly secret: EncryptionConfig;
  /** Where its values are kept a second time. */
  readonly escrow: Escrow;
  /** The database whose columns it encrypts. */
  readonly database?: { readonly config: DatabaseConfig; readonly reference: SecretReference };
  /** The secret of the login that rewrites rows; absent: they are never rewritten. */
  readonly rows?: SecretReference;
}

/** The key an application encrypts fields with. */
export class EncryptionSecret extends RotatingSecret {
  constructor(scope: Construct, id: string, props: EncryptionSecretProps) {
    const { deployment, key, secret, database, rows, escrow } = props;
    const stores = secret.reencryption?.stores.map(({ name }) => name) ?? [];
    const environment: OwnEnvironment<EncryptionEnvironment> = {
      FIELD: secret.field,
      BITS: String(secret.bits),
      ENCODING: secret.encoding,
      ...escrow.environment(key),
      ...(database && {
        DATABASE_SECRET_ARN: database.reference.arn,
        ...databaseEnvironment(database.config),
      }),
      ...(rows && {
        ROWS_SECRET_ARN: rows.arn,
        KEY_RETENTION_DAYS: secret.reencryption && keyRetentionDays(secret.reencryption),
        ...(stores.length > 0 && { STORES: stores.join(',') }),
        ESCROW_RETENTION_DAYS: String(deployment.config.escrow.retentionDays),
      }),
    };
    super(scope, id, {
      deployment,
      key,
      secret,
      environment,
      files: {
        ...columnsAndNeighbours(deployment.config, key, secret),
        ...(database && authorityFiles(deployment, key, database.config.ca)),
      },
      reads: rows ? ['reencryption', 'zero'] : [],
      ...(database && {
        companions: [database.reference, ...(rows ? [rows] : [])],
        timeoutSeconds: 120,
        network: deployment.networkOf(database.config.network),
      }),
    });
    this.function.allow(...escrow.storing(key));
    if (rows) {
      // Keys leave only where rows follow them; what still holds one that left is said in the evidence.
      this.function.allow(
        allow('ListOwnVersions', ['secretsmanager:ListSecretVersionIds'], [this.reference.arn]),
        escrow.listing(key),
      );
    }
  }
}
