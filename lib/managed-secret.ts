/**
 * The secret itself, and who may write to it. The template holds the constant marker and nothing else:
 * CloudFormation never makes, changes or deletes a value.
 */

import { CfnResourcePolicy, CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { tagKeys, uninitialisedMarker } from '../domain/config/names.ts';
import type { SecretReference } from './deployment.ts';

export interface NewSecretProps {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly kmsKeyArn: string;
  readonly cadenceDays?: number;
}

/** Not its purpose, which may change: a new description is an UpdateSecret, which its policy denies. */
export const userManagedDescription = 'Its owners change its value; Quarterturn does not rotate it';

/** A secret with the marker as its first value, retained whatever happens to the stack. */
export function newSecret(scope: Construct, id: string, props: NewSecretProps): SecretReference {
  const secret = new CfnSecret(scope, id, {
    name: props.name,
    description: props.description,
    kmsKeyId: props.kmsKeyArn,
    secretString: uninitialisedMarker,
  });
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  Tags.of(secret).add(tagKeys.kind, props.kind);
  if (props.cadenceDays !== undefined) {
    Tags.of(secret).add(tagKeys.cadenceDays, String(props.cadenceDays));
  }
  return { name: props.name, arn: secret.ref, kmsKeyArn: props.kmsKeyArn };
}

/**
 * Denies writes to every principal but the writers, the deployment's own role included: it keeps policy
 * and tags, not values. A deny beats every allow, an administrator's too.
 */
export function protectSecret(
  scope: Construct,
  id: string,
  secret: SecretReference,
  writers: readonly (string | undefined)[],
  ownersPutValues = false,
): CfnResourcePolicy {
  const writerArns = writers.filter((arn) => arn !== undefined);
  return new CfnResourcePolicy(scope, id, {
    secretId: secret.arn,
    blockPublicPolicy: true,
    resourcePolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'OnlyRotationWrites',
          Effect: 'Deny',
          Principal: '*',
          Action: [
            'secretsmanager:DeleteSecret',
            ...(ownersPutValues ? [] : ['secretsmanager:PutSecretValue']),
            'secretsmanager:UpdateSecret',
            'secretsmanager:UpdateSecretVersionStage',
          ],
          Resource: '*',
          ...(writerArns.length > 0 && {
            Condition: { StringNotEquals: { 'aws:PrincipalArn': writerArns } },
          }),
        },
      ],
    },
  });
}
