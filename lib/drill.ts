/** The function that restores rows from escrow alone: it has no right on the secret whose rows it opens. */
import { Construct } from 'constructs';
import { nameOf } from '../domain/config/manifest.ts';
import { drillFunctionName } from '../domain/config/names.ts';
import type { DatabaseConfig, EncryptionConfig } from '../domain/config/secret-schemas.ts';
import type { DrillEnvironment } from '../lambdas/drill/environment.ts';
import { authorityFiles } from './authorities.ts';
import { ownColumns } from './column-files.ts';
import { databaseEnvironment } from './database-environment.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import type { Escrow } from './escrow.ts';
import { RoomFunction } from './room-function.ts';
import { readValues, useKeyOf } from './statements.ts';

export interface DrillProps {
  readonly deployment: Deployment;
  readonly key: string;
  readonly secret: EncryptionConfig;
  readonly escrow: Escrow;
  /** The database whose columns it reads. */
  readonly database: { readonly config: DatabaseConfig; readonly reference: SecretReference };
}

export class Drill extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: DrillProps) {
    super(scope, id);
    const { deployment, key, secret, escrow, database } = props;
    const { config } = deployment;
    const environment: DrillEnvironment = {
      SECRET_NAME: nameOf(config, key),
      FIELD: secret.field,
      BITS: String(secret.bits),
      ENCODING: secret.encoding,
      DATABASE_SECRET_ARN: database.reference.arn,
      ...databaseEnvironment(database.config),
      ...escrow.environment(key),
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: drillFunctionName(config, key),
      description: `Restores rows of ${nameOf(config, key)} from escrow alone`,
      room: 'drill',
      deployment,
      environment,
      files: {
        ...ownColumns(secret),
        ...authorityFiles(deployment, key, database.config.ca),
      },
      timeoutSeconds: 120,
      network: deployment.networkOf(database.config.network),
    });
    this.function.allow(
      ...escrow.reading(key),
      readValues('ReadDatabaseCredential', [database.reference], ['AWSCURRENT']),
      useKeyOf('UseKeyOfDatabaseCredential', [database.reference], ['kms:Decrypt']),
    );
  }
}
