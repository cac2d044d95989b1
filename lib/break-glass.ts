/**
 * Break-glass: what a person may do when the machinery cannot, named by `breakGlassRoleArn`. The policy of
 * every secret lets that role pass; this is the other half, to be attached to it by whoever owns it.
 */
import type { CfnManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { breakGlassPolicyName } from '../domain/config/names.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { managedPolicies } from './managed-policies.ts';
import { allow, useKeyOf } from './statements.ts';

/** Reads and writes values and moves labels; it cannot delete a secret, nor change a policy or a key. */
export function breakGlassPolicy(
  scope: Construct,
  id: string,
  { config }: Deployment,
  secrets: readonly SecretReference[],
): CfnManagedPolicy[] {
  const arns = secrets.map(({ arn }) => arn);
  return managedPolicies(scope, id, {
    name: breakGlassPolicyName(config),
    statements: [
      allow('See', ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'], arns),
      // Every use is in the trail under this role's name; no condition on a label, since which label is wrong
      // is what nobody knows beforehand.
      allow(
        'MendByHand',
        [
          'secretsmanager:CancelRotateSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        arns,
      ),
      useKeyOf('UseKey', secrets, ['kms:Decrypt', 'kms:GenerateDataKey']),
    ],
  });
}
