/** A secret that rotates: the secret, its function and role, the protection of its value, its schedule. */

import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type * as z from 'zod';
import { nameOf } from '../domain/config/manifest.ts';
import { functionName } from '../domain/config/names.ts';
import { isArmed } from '../domain/config/rotation-config.ts';
import type { InboxConfig, RotatedConfig } from '../domain/config/secret-schemas.ts';
import { syncLimitBytes } from '../domain/config/sync-limits.ts';
import type { rotationEnvironmentSchema } from '../lambdas/rotation/environment.ts';
import type { ControlRecord } from './control-table.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { newSecret, protectSecret, userManagedDescription } from './managed-secret.ts';
import { type Network, RoomFunction } from './room-function.ts';
import { allow, readValues, useKeyOf } from './statements.ts';

type RotationEnvironment = z.input<typeof rotationEnvironmentSchema>;
/** What one kind of function is told besides what every rotation function is told. */
export type OwnEnvironment<Environment> = Omit<Environment, keyof RotationEnvironment>;

/** What it is, or what makes it inside of the secret's construct. */
type MadeInside<T> = T | ((secret: Construct) => T);

export interface RotatingSecretProps {
  readonly deployment: Deployment;
  /** Its key in the configuration. */
  readonly key: string;
  /** With an inbox: rotates when its owners have put a value there, at no age, and by no rule of the service. */
  readonly secret: RotatedConfig | InboxConfig;
  /** What the function of this kind is told besides what every rotation function is told. */
  readonly environment: MadeInside<Readonly<Record<string, string | undefined>>>;
  /** Secrets the function reads besides its own. */
  readonly companions?: MadeInside<readonly SecretReference[]>;
  /** Records of the control table it reads besides those of every rotation. @default none */
  readonly reads?: readonly ControlRecord[];
  /** Files laid beside the bundle, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** @default 60 */
  readonly timeoutSeconds?: number;
  /** @default outside of every VPC */
  readonly network?: Network | undefined;
}

export class RotatingSecret extends Construct {
  readonly reference: SecretReference;
  readonly function: RoomFunction;
  readonly adopted: boolean;
  /** Where owners put the next value, of a secret that has owners. */
  readonly inbox: SecretReference | undefined;
  /** Secrets Manager's own rule; absent before the secret is armed. */
  readonly schedule: CfnRotationSchedule | undefined;

  constructor(scope: Construct, id: string, props: RotatingSecretProps) {
    super(scope, id);
    const { deployment, key, secret } = props;
    const { config } = deployment;
    this.reference = this.#reference(props);
    this.inbox = undefined;
    const adopt = secret.kind === 'userManaged' ? undefined : secret.adopt;
    const armed = secret.kind === 'userManaged' || isArmed(secret);
    this.adopted = adopt !== undefined;
    const syncLimit = syncLimitBytes(config.sync, key);
    const common: RotationEnvironment = {
      SECRET_ARN: this.reference.arn,
      SECRET_NAME: this.reference.name,
      CONTROL_TABLE: deployment.controlTable.tableName,
      ARMED: armed ? 'true' : 'false',
      ENVIRONMENT: config.environment,
      ...(adopt && { KMS_KEY_ARN: adopt.kmsKeyArn }),
      ...(syncLimit !== undefined && { SYNC_LIMIT_BYTES: String(syncLimit) }),
    };
    this.function = new RoomFunction(this, 'Rotation', {
      functionName: functionName(config, key),
      description: `Rotates ${this.reference.name}`,
      room: secret.kind === 'userManaged' ? 'user-managed' : secret.kind,
      deployment,
      environment: { ...common, ...inside(this, props.environment) },
      ...(props.files && { files: props.files }),
      ...(props.timeoutSeconds && { timeoutSeconds: props.timeoutSeconds }),
      network: props.network,
    });
    this.#grant(props);

    // CDK's own permission names no source account, so any account's Secrets Manager could invoke it.
    const permission = new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.functionName,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Aws.ACCOUNT_ID,
    });
    permission.node.addDependency(this.function);
    // A secret that is taken over keeps the policy and the schedule it has until it is armed: before that
    // its owners go on writing it.
    const protection =
      this.adopted && !armed
        ? undefined
        : protectSecret(this, 'Protection', this.reference, [
            this.function.role.roleArn,
            config.breakGlassRoleArn,
          ]);
    if (!armed) {
      this.schedule = undefined;
    } else {
      // One day short of the limit: rate(N days) fires at any time until the end of its day, and
      // Security Hub's SecretsManager.4 knows no slack. Cadence rotates days earlier; this is the backstop.
      this.schedule = new CfnRotationSchedule(this, 'Schedule', {
        secretId: this.reference.arn,
        rotationLambdaArn: this.function.functionArn,
        rotateImmediatelyOnUpdate: false,
        // The schedule looks for exactly this one (domain/policy/drift.ts). Optional: "when left empty, allows you to
        // configure a rotation lambda without any schedule" (aws-cdk#18749).
        ...(secret.kind !== 'userManaged' && {
          rotationRules: {
            scheduleExpression: `rate(${secret.cadenceDays - 1} days)`,
            duration: '4h',
          },
        }),
      });
      // The service tries testSecret as soon as the schedule exists.
      this.schedule.node.addDependency(
        permission,
        this.function,
        ...(protection ? [protection] : []),
      );
    }
  }

  #reference({ deployment, key, secret }: RotatingSecretProps): SecretReference {
    const name = nameOf(deployment.config, key);
    const kmsKeyArn = deployment.keys.secrets.keyArn;
    if (secret.kind === 'userManaged') {
      // The description it has without an inbox, because it may get one later: a new one is an UpdateSecret.
      return newSecret(this, 'Secret', {
        name,
        kind: secret.kind,
        description: userManagedDescription,
        kmsKeyArn,
      });
    }
    if (secret.adopt !== undefined) {
      return { name, arn: secret.adopt.secretArn, kmsKeyArn: secret.adopt.kmsKeyArn };
    }
    return newSecret(this, 'Secret', {
      name,
      kind: secret.kind,
      // Nothing that may change: a new description is an UpdateSecret, which the secret's policy denies.
      description: `Rotated by Quarterturn (${secret.kind})`,
      kmsKeyArn,
      cadenceDays: secret.cadenceDays,
    });
  }

  #grant({ deployment, companions: given = [], reads = [] }: RotatingSecretProps): void {
    const companions = inside(this, given);
    this.function.allow(
      allow(
        'RotateOwnSecret',
        [
          'secretsmanager:CancelRotateSecret',
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        [this.reference.arn],
      ),
      useKeyOf('UseKeyOfOwnSecret', [this.reference], ['kms:Decrypt', 'kms:GenerateDataKey']),
      // It uses no key, so it knows no resource.
      allow('Random', ['kms:GenerateRandom'], ['*']),
      ...deployment.controlTable.statements({
        secretNames: [this.reference.name],
        read: [
          ...(['intent.*', 'rotation', 'after', 'lease', 'compromised'] as const),
          ...(this.adopted ? (['adopted'] as const) : []),
          ...reads,
        ],
        write: ['rotation', 'after', 'lease'],
        remove: ['after'],
      }),
    );
    if (companions.length > 0) {
      this.function.allow(
        readValues('ReadCompanions', companions, ['AWSCURRENT']),
        useKeyOf('UseKeyOfCompanions', companions, ['kms:Decrypt']),
      );
    }
  }
}

const inside = <T>(secret: Construct, made: MadeInside<T>): T =>
  typeof made === 'function' ? (made as (secret: Construct) => T)(secret) : made;
