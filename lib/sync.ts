/**
 * Copies of values outside of Secrets Manager: the function that AfterRotation asks to make them. Made only where the
 * configuration names a place. It reads the secrets that are copied and the credentials of the places, and writes
 * exactly the parameters that are named.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { nameOfTarget } from '../domain/config/consumer-manifest.ts';
import { deploymentDimension, syncFunctionName } from '../domain/config/names.ts';
import type { SyncTargetConfig } from '../domain/config/sync-schema.ts';
import type { SyncEnvironment, SyncTarget } from '../lambdas/sync/environment.ts';
import { DeferredText } from './deferred-text.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { RoomFunction } from './room-function.ts';
import { allow, readValues, useKeyOf } from './statements.ts';

export interface SyncProps {
  readonly deployment: Deployment;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

/** No copy is begun after 50 seconds, and none takes longer than the rest. */
const timeoutSeconds = 120;

type SsmTarget = Extract<SyncTargetConfig, { to: 'ssm' }>;

export class Sync extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, { deployment, secrets }: SyncProps) {
    super(scope, id);
    const { config } = deployment;
    const reference = (key: string) => secrets[key] as SecretReference;
    const deferred = new DeferredText();
    const targets = deferred.textOf(config.sync.map((target) => deployed(target, reference)));
    const environment: SyncEnvironment = {
      DEPLOYMENT: deploymentDimension(config),
      ENVIRONMENT: config.environment,
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: syncFunctionName(config),
      description: 'Copies values after their rotations to where the configuration says',
      room: 'sync',
      deployment,
      environment: { ...environment, ...deferred.environment },
      files: { 'targets.json': targets },
      timeoutSeconds,
    });
    const read = [...new Set(config.sync.flatMap(secretsOf))].map(reference);
    this.function.allow(
      readValues('ReadValues', read, ['AWSCURRENT']),
      useKeyOf('UseKeyOfValues', read, ['kms:Decrypt']),
      ...this.#parameters(config.sync.filter((target) => target.to === 'ssm')),
    );
  }

  #parameters(targets: readonly SsmTarget[]): PolicyStatement[] {
    if (targets.length === 0) return [];
    const arnOf = ({ parameter }: SsmTarget) =>
      Stack.of(this).formatArn({
        service: 'ssm',
        resource: 'parameter',
        // "arn:aws:ssm:<region>:<account>:parameter/<path>": the path begins with a slash already.
        resourceName: parameter.slice(1),
      });
    const sortOf = ({ kmsKeyArn, tier }: SsmTarget) => `${tier} ${kmsKeyArn}`;
    const sorts = [...new Map(targets.map((target) => [sortOf(target), target])).values()];
    return [
      allow('WriteParameters', ['ssm:GetParameter', 'ssm:PutParameter'], targets.map(arnOf)),
      ...sorts.map((sort, index) =>
        allow(`UseKeyOfParameters${index + 1}`, actionsOf(sort.tier), [sort.kmsKeyArn], {
          StringEquals: {
            'kms:ViaService': `ssm.${Aws.REGION}.amazonaws.com`,
            'kms:EncryptionContext:PARAMETER_ARN': targets
              .filter((target) => sortOf(target) === sortOf(sort))
              .map(arnOf),
          },
        }),
      ),
    ];
  }
}

/**
 * Standard parameters are encrypted under the key itself, advanced ones under a data key (Systems Manager user guide,
 * "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString parameters").
 */
const actionsOf = (tier: SsmTarget['tier']): readonly string[] =>
  tier === 'Advanced' ? ['kms:Decrypt', 'kms:GenerateDataKey'] : ['kms:Decrypt', 'kms:Encrypt'];

/** Keys of the secrets it needs: what is copied, and what lets us write there. */
function secretsOf(target: SyncTargetConfig): string[] {
  switch (target.to) {
    case 'ssm':
      return [target.secret];
    case 'github':
      return [target.secret, target.token];
    case 'webhook':
      return [target.secret, target.signingSecret];
  }
}

/** The function knows secrets by their names. */
function deployed(
  target: SyncTargetConfig,
  reference: (key: string) => SecretReference,
): SyncTarget {
  const every = { target: nameOfTarget(target), secret: reference(target.secret).name };
  switch (target.to) {
    case 'ssm':
      return { ...target, ...every };
    case 'github':
      return { ...target, ...every, token: reference(target.token).name };
    case 'webhook':
      return { ...target, ...every, signingSecret: reference(target.signingSecret).name };
  }
}
