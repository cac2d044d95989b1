/**
 * The operator: one function for the databases of each network, and one for those outside of every VPC. It reads
 * the admin's and the `bootstrap` secret of its own databases, and puts a value into the admin secret of this
 * deployment where a `bootstrap` secret lets it set that password; no rotated secret is ever its to read.
 */
import { Construct } from 'constructs';
import { isManagedByRds, nameOf } from '../domain/config/manifest.ts';
import { operatorFunctionName } from '../domain/config/names.ts';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import type { DatabaseFactsInput } from '../lambdas/operator/environment.ts';
import { authorityFiles } from './authorities.ts';
import { DeferredText } from './deferred-text.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { RoomFunction } from './room-function.ts';
import { allow, readValues, useKeyOf } from './statements.ts';

export interface OperatedDatabase {
  /** Its key in the configuration. */
  readonly key: string;
  readonly config: DatabaseConfig;
  readonly reference: SecretReference;
  readonly admin: SecretReference;
}

export interface OperatorFunctionsProps {
  readonly deployment: Deployment;
  readonly databases: readonly OperatedDatabase[];
}

export class OperatorFunctions extends Construct {
  readonly functions: readonly RoomFunction[];

  constructor(scope: Construct, id: string, { deployment, databases }: OperatorFunctionsProps) {
    super(scope, id);
    const networks = new Set(databases.map(({ config }) => config.network));
    this.functions = [...networks].map((network) =>
      this.#operatorOf(
        deployment,
        network,
        databases.filter(({ config }) => config.network === network),
      ),
    );
  }

  #operatorOf(
    deployment: Deployment,
    network: string | undefined,
    databases: readonly OperatedDatabase[],
  ): RoomFunction {
    const deferred = new DeferredText();
    const facts = databases.map((database) => factsOf(deployment, database));
    const made = new RoomFunction(this, network === undefined ? 'Operator' : `In-${network}`, {
      functionName: operatorFunctionName(deployment.config, network),
      description: 'Prepares databases for rotation, when `quarterturn adopt` asks for it',
      room: 'operator',
      deployment,
      files: {
        'databases.json': deferred.textOf(facts),
        ...Object.assign({}, ...databases.map((database) => authoritiesOf(deployment, database))),
      },
      environment: deferred.environment,
      timeoutSeconds: 120,
      network: deployment.networkOf(network),
    });
    const read = distinct(
      databases.flatMap(({ admin, config }) => [admin, ...bootstrapOf(config)]),
    );
    const written = distinct(
      databases
        .filter(({ config }) => typeof config.admin === 'string' && config.bootstrap !== undefined)
        .map(({ admin }) => admin),
    );
    made.allow(
      readValues('ReadAdmins', read, ['AWSCURRENT']),
      useKeyOf('UseKeyOfAdmins', read, ['kms:Decrypt']),
    );
    if (written.length > 0) {
      made.allow(
        allow(
          'PutAdminPasswords',
          ['secretsmanager:PutSecretValue'],
          written.map(({ arn }) => arn),
        ),
        useKeyOf('UseKeyOfWrittenAdmins', written, ['kms:GenerateDataKey']),
        // It uses no key, so it knows no resource.
        allow('Random', ['kms:GenerateRandom'], ['*']),
      );
    }
    return made;
  }
}

function factsOf(
  deployment: Deployment,
  { key, config, reference, admin }: OperatedDatabase,
): DatabaseFactsInput {
  const rows = rowsOf(deployment, key, config);
  return {
    name: reference.name,
    scheme: config.scheme,
    host: config.host,
    port: config.port,
    maintenanceDatabase: config.maintenanceDatabase,
    roles: config.roles,
    ...(config.identity !== undefined && { identity: config.identity }),
    rotator: config.rotator,
    ca: config.ca === 'rds' ? 'rds' : authorityFile(key),
    admin: {
      secretArn: admin.arn,
      kind:
        typeof config.admin === 'string'
          ? 'userManaged'
          : isManagedByRds(config.admin)
            ? 'rdsManaged'
            : 'existing',
    },
    ...(config.bootstrap !== undefined && { bootstrapArn: config.bootstrap.secretArn }),
    ...(rows.length > 0 && { rows }),
  };
}

/** Encryption secrets whose rows this database secret's role rewrites. */
function rowsOf(
  { config }: Deployment,
  login: string,
  { dbname }: DatabaseConfig,
): NonNullable<DatabaseFactsInput['rows']> {
  return Object.entries(config.secrets).flatMap(([key, secret]) =>
    secret.kind === 'encryption' && secret.reencryption?.login === login
      ? [{ secret: nameOf(config, key), dbname, columns: secret.columns }]
      : [],
  );
}

const authorityFile = (key: string) => `ca-${key}.pem`;

/** Each database may have an authority of its own. */
function authoritiesOf(
  deployment: Deployment,
  { key, config }: OperatedDatabase,
): Record<string, string> {
  const { 'ca.pem': pem } = authorityFiles(deployment, key, config.ca);
  return pem === undefined ? {} : { [authorityFile(key)]: pem };
}

function bootstrapOf({ bootstrap }: DatabaseConfig): SecretReference[] {
  return bootstrap === undefined
    ? []
    : [{ name: '', arn: bootstrap.secretArn, kmsKeyArn: bootstrap.kmsKeyArn }];
}

function distinct(secrets: readonly SecretReference[]): SecretReference[] {
  return [...new Map(secrets.map((secret) => [secret.arn, secret])).values()];
}
