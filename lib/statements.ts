/** IAM statements that more than one role needs. Actions are always named in full, never with `*`. */

import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { manifestRoot } from '../domain/config/names.ts';
import { auditEventSource } from '../domain/events/audit-event.ts';
import type { SecretReference } from './deployment.ts';

type Conditions = Record<string, Record<string, string | readonly string[]>>;

export function allow(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: Conditions,
): PolicyStatement {
  return new PolicyStatement({
    sid,
    effect: Effect.ALLOW,
    actions: [...actions],
    resources: [...resources],
    ...(conditions && { conditions }),
  });
}

/**
 * The key, for one secret, through Secrets Manager alone: it calls KMS as its caller, with the
 * secret's ARN in the encryption context (secretsmanager/latest/userguide/security-encryption.html).
 */
export function useKeyOf(
  sid: string,
  secrets: readonly SecretReference[],
  actions: readonly string[],
): PolicyStatement {
  return allow(sid, actions, [...new Set(secrets.map(({ kmsKeyArn }) => kmsKeyArn))], {
    StringEquals: {
      'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com`,
      'kms:EncryptionContext:SecretARN': secrets.map(({ arn }) => arn),
    },
  });
}

/** Values under these labels only; a pending value is nobody's but the rotation's. */
export function readValues(
  sid: string,
  secrets: readonly SecretReference[],
  stages: readonly string[],
): PolicyStatement {
  return allow(
    sid,
    ['secretsmanager:GetSecretValue'],
    secrets.map(({ arn }) => arn),
    {
      'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': stages },
    },
  );
}

/**
 * Starting a rotation takes two rights: RotateSecret, and InvokeFunction on the rotation function
 * (API_RotateSecret). Schedule and function of the secret stay the stack's.
 */
export function startRotations(
  secrets: readonly Pick<SecretReference, 'arn'>[],
  functionArns: readonly string[],
): PolicyStatement[] {
  return [
    rotate(secrets),
    allow('InvokeRotationFunctions', ['lambda:InvokeFunction'], functionArns),
  ];
}

/**
 * Which deployments there are: "If a user has access to a path, then the user can access all levels of that path"
 * (Systems Manager user guide). Manifests hold names and numbers; the other way to list, DescribeParameters, knows no
 * path and would tell every parameter of the account.
 */
export const findDeployments = (scope: IConstruct): PolicyStatement =>
  allow(
    'FindDeployments',
    ['ssm:GetParametersByPath'],
    [manifestRoot, `${manifestRoot}/`].map((path) =>
      Stack.of(scope).formatArn({
        service: 'ssm',
        resource: 'parameter',
        resourceName: path.slice(1),
      }),
    ),
  );

/** Labels and rules, no value. */
export const describe = (secrets: readonly Pick<SecretReference, 'arn'>[]): PolicyStatement =>
  allow(
    'Describe',
    ['secretsmanager:DescribeSecret'],
    secrets.map(({ arn }) => arn),
  );

/** The first of the two, for roles that share the other (shared-rights.ts). */
export function rotate(secrets: readonly Pick<SecretReference, 'arn'>[]): PolicyStatement {
  return allow(
    'Rotate',
    ['secretsmanager:RotateSecret'],
    secrets.map(({ arn }) => arn),
    {
      Bool: { 'secretsmanager:ModifyRotationRules': 'false' },
      // A request that names a function makes it the secret's own, and hands it the next value.
      Null: { 'secretsmanager:RotationLambdaARN': 'true' },
    },
  );
}

/** Events of these types on the account's bus, and nothing else anybody may believe this product said. */
export function tell(sid: string, scope: IConstruct, types: readonly string[]): PolicyStatement {
  const bus = Stack.of(scope).formatArn({
    service: 'events',
    resource: 'event-bus',
    resourceName: 'default',
  });
  return allow(sid, ['events:PutEvents'], [bus], {
    StringEquals: { 'events:source': auditEventSource, 'events:detail-type': types },
  });
}
