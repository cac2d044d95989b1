/**
 * The function that moves the rows of one encryption secret to its new key, and answers for its job. It stands
 * where the database is, logs in with a login of its own, and reads no other secret.
 */
import { Construct } from 'constructs';
import { durationSeconds } from '../domain/config/duration.ts';
import { nameOf } from '../domain/config/manifest.ts';
import { reencryptionFunctionName } from '../domain/config/names.ts';
import { isSameDatabase } from '../domain/config/neighbours.ts';
import type { ReencryptionConfig } from '../domain/config/reencryption-schema.ts';
import type { DatabaseConfig, EncryptionConfig } from '../domain/config/secret-schemas.ts';
import type { ReencryptionEnvironment } from '../lambdas/reencryption/environment.ts';
import { authorityFiles } from './authorities.ts';
import { columnsAndNeighbours } from './column-files.ts';
import { databaseEnvironment } from './database-environment.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { RoomFunction } from './room-function.ts';
import { allow, readValues, useKeyOf } from './statements.ts';

export interface ReencryptionProps {
  readonly deployment: Deployment;
  /** Of the encryption secret, in the configuration. */
  readonly key: string;
  readonly secret: EncryptionConfig;
  readonly reference: SecretReference;
  readonly reencryption: ReencryptionConfig;
  /** The database whose rows it rewrites. */
  readonly database: DatabaseConfig;
  /** The secret of the login it does that with. */
  readonly login: SecretReference;
}

/** Lambda's longest, and the memory that comes with one whole vCPU (Lambda developer guide, "Memory"). */
const timeoutSeconds = 900;
const memoryMegabytes = 1769;

export class Reencryption extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: ReencryptionProps) {
    super(scope, id);
    const { deployment, key, secret, reference, reencryption, database, login } = props;
    const { config } = deployment;
    const stores = reencryption.stores.map(({ name }) => name);
    const environment: ReencryptionEnvironment = {
      SECRET_ARN: reference.arn,
      SECRET_NAME: reference.name,
      FIELD: secret.field,
      BITS: String(secret.bits),
      ENCODING: secret.encoding,
      ENVIRONMENT: config.environment,
      CONTROL_TABLE: deployment.controlTable.tableName,
      MODE: reencryption.mode,
      WORKERS: String(reencryption.workers),
      READER_CACHE_SECONDS: String(durationSeconds(secret.readerCache)),
      ...(stores.length > 0 && { STORES: stores.join(',') }),
      ROWS_SECRET_ARN: login.arn,
      ...databaseEnvironment(database),
      ENGINES: enginesIn(config, database).join(','),
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: reencryptionFunctionName(config, key),
      description: `Moves the rows of ${nameOf(config, key)} to its new key`,
      room: 'reencryption',
      deployment,
      environment,
      files: {
        ...columnsAndNeighbours(config, key, secret),
        ...authorityFiles(deployment, key, database.ca),
      },
      timeoutSeconds,
      memoryMegabytes,
      // As measured; 24 waits for a benchmark of its own (docs/decisions/0010).
      runtime: 'nodejs22.x',
      network: deployment.networkOf(database.network),
    });
    const read = [reference, login];
    this.function.allow(
      readValues('ReadKeysetAndLogin', read, ['AWSCURRENT']),
      useKeyOf('UseKeyOfKeysetAndLogin', read, ['kms:Decrypt']),
      allow('Describe', ['secretsmanager:DescribeSecret'], [reference.arn]),
      ...deployment.controlTable.statements({
        secretNames: [reference.name],
        read: ['reencryption', 'consumers', 'compromised', 'zero'],
        write: ['reencryption', 'zero'],
      }),
    );
  }
}

/**
 * Roles that rewrite rows in this database, for whichever secret: they keep one ledger. multiUser: the login roles
 * become the identity at login.
 */
function enginesIn({ secrets }: Deployment['config'], database: DatabaseConfig): string[] {
  const roles = Object.values(secrets).flatMap((secret) => {
    const rows = secret.kind === 'encryption' ? secret.reencryption : undefined;
    const login = rows === undefined ? undefined : secrets[rows.login];
    return login?.kind === 'database' && isSameDatabase(login, database)
      ? [login.identity ?? login.roles[0] ?? '']
      : [];
  });
  return [...new Set(roles)];
}
