/** Everything one environment deploys, as a construct: in the stack of `rotation.config.ts`, or in anybody's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ArnFormat, CfnOutput, Stack, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { afterRotationMachineName, controlTableName, tagKeys } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import { AfterRotation, Starter } from './after-rotation.ts';
import { breakGlassPolicy } from './break-glass.ts';
import { Cadence } from './cadence.ts';
import { ControlTable } from './control-table.ts';
import { DatabaseSecret } from './database-secret.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { EncryptionSecret } from './encryption-secret.ts';
import { JwtSecret } from './jwt-secret.ts';
import { Keys } from './keys.ts';
import { ManifestParameter } from './manifest-parameter.ts';
import { Networks } from './networks.ts';
import { operatorPolicy, readerPolicy } from './reader-policy.ts';
import { NotBuiltError } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { UserManagedSecret } from './user-managed-secret.ts';

export interface QuarterturnProps {
  readonly config: RotationConfig;
  /** What relative paths of the configuration start from. */
  readonly configDirectory: string;
  /** Folder of the bundled functions. @default dist/lambdas of this package */
  readonly lambdasDirectory?: string;
}

const builtLambdas = join(import.meta.dirname, '..', 'dist', 'lambdas');

export class Quarterturn extends Construct {
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly #rotated = new Map<string, RotatingSecret>();

  constructor(scope: Construct, id: string, props: QuarterturnProps) {
    super(scope, id);
    const { config } = props;
    const lambdasDirectory = props.lambdasDirectory ?? builtLambdas;
    if (!existsSync(lambdasDirectory)) {
      throw new NotBuiltError(
        `the functions are not bundled (expected ${lambdasDirectory}); run \`npm run build\``,
      );
    }
    const keys = new Keys(this, 'Keys');
    const deployment: Deployment = {
      config,
      lambdasDirectory,
      configDirectory: props.configDirectory,
      keys,
      networkOf: new Networks(this, 'Networks', { config, logKey: keys.messages }).of,
      controlTable: new ControlTable(this, 'Control', {
        name: config.name,
        environment: config.environment,
        key: keys.control,
      }),
    };
    this.secrets = this.#makeSecrets(deployment);
    this.#makeAround(deployment);
    Tags.of(this).add(tagKeys.name, config.name);
    Tags.of(this).add(tagKeys.environment, config.environment);
  }

  /** In the order of their needs: an admin before its databases, a database before what encrypts in it. */
  #makeSecrets(deployment: Deployment): Record<string, SecretReference> {
    const references: Record<string, SecretReference> = {};
    const entries = Object.entries(deployment.config.secrets);
    const scope = (key: string) => `Secret-${key}`;
    const rotating = (key: string, secret: RotatingSecret) => {
      this.#rotated.set(key, secret);
      references[key] = secret.reference;
    };
    for (const [key, secret] of entries) {
      if (secret.kind === 'userManaged') {
        const made = new UserManagedSecret(this, scope(key), { deployment, key, secret });
        references[key] = made.reference;
      } else if (secret.kind === 'jwt') {
        rotating(key, new JwtSecret(this, scope(key), { deployment, key, secret }));
      }
    }
    for (const [key, secret] of entries) {
      if (secret.kind === 'database') {
        const admin = adminOf(secret, references);
        rotating(key, new DatabaseSecret(this, scope(key), { deployment, key, secret, admin }));
      }
    }
    for (const [key, secret] of entries) {
      if (secret.kind === 'encryption') {
        const database = databaseOf(secret.database, deployment.config, references);
        rotating(
          key,
          new EncryptionSecret(this, scope(key), {
            deployment,
            key,
            secret,
            ...(database && { database }),
          }),
        );
      }
    }
    return references;
  }

  #makeAround(deployment: Deployment): void {
    const { config } = deployment;
    const rotated = [...this.#rotated.values()];
    const manifest = new ManifestParameter(this, 'Manifest', config);
    const machineArn = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({
        service: 'states',
        resource,
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const machine = {
      arn: machineArn('stateMachine', afterRotationMachineName(config)),
      executions: machineArn('execution', `${afterRotationMachineName(config)}:*`),
    };
    const around = { deployment, rotated, manifest, machine };
    new AfterRotation(this, 'AfterRotation', around);
    new Cadence(this, 'Cadence', around);
    new Starter(this, 'Starter', around);

    const operator = operatorPolicy(
      this,
      'Operator',
      deployment,
      rotated,
      manifest.parameterArns,
      machine.executions,
    );
    this.#output('OperatorPolicy', operator.ref, 'Policy for on-call: rotates, reads no value');
    for (const consumer of config.consumers) {
      const secrets = consumer.reads.flatMap((key) => this.secrets[key] ?? []);
      const policy = readerPolicy(
        this,
        `Reader-${consumer.name}`,
        deployment,
        consumer.name,
        secrets,
      );
      this.#output(`ReaderPolicy-${consumer.name}`, policy.ref, `Policy for ${consumer.name}`);
    }
    if (config.breakGlassRoleArn !== undefined) {
      const secrets = Object.values(this.secrets);
      const policy = breakGlassPolicy(this, 'BreakGlass', deployment, secrets);
      this.#output('BreakGlassPolicy', policy.ref, `Policy for ${config.breakGlassRoleArn}`);
    }
    this.#output('ControlTable', controlTableName(config), 'What rotations remember');
    this.#output('ManifestParameter', manifest.parameterName, 'What the CLI reads of this stack');
    for (const [key, { arn }] of Object.entries(this.secrets)) {
      this.#output(`SecretArn-${key}`, arn, `Secret "${key}"`);
    }
    for (const [key, secret] of this.#rotated) {
      this.#output(`Function-${key}`, secret.function.functionName, `Rotates "${key}"`);
    }
  }

  /** Logical ids are alphanumeric: `ReaderPolicy-api` becomes `ReaderPolicyapi`. */
  #output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

function adminOf(secret: DatabaseConfig, made: Record<string, SecretReference>): SecretReference {
  if (typeof secret.admin !== 'string') {
    return {
      name: secret.admin.secretArn,
      arn: secret.admin.secretArn,
      kmsKeyArn: secret.admin.kmsKeyArn,
    };
  }
  const admin = made[secret.admin];
  if (admin === undefined) {
    throw new RangeError(`no secret "${secret.admin}" in the configuration`);
  }
  return admin;
}

function databaseOf(
  key: string | undefined,
  config: RotationConfig,
  made: Record<string, SecretReference>,
): { config: DatabaseConfig; reference: SecretReference } | undefined {
  const database = key === undefined ? undefined : config.secrets[key];
  const reference = key === undefined ? undefined : made[key];
  return database?.kind === 'database' && reference !== undefined
    ? { config: database, reference }
    : undefined;
}
