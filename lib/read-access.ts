/** What an app's own code is given: a secret as the CDK knows it, and the right to read it as applications do. */
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { SecretReference } from './deployment.ts';

/**
 * The secret as a construct. Its key is an imported one, so that no grant of an app changes the key's policy,
 * which lets the account's principals use the key through Secrets Manager.
 */
export function importedSecret(scope: Construct, id: string, reference: SecretReference): ISecret {
  const made = scope.node.tryFindChild(id);
  if (made !== undefined) {
    return made.node.findChild('Secret') as unknown as ISecret;
  }
  const holder = new Construct(scope, id);
  const secret = Secret.fromSecretAttributes(holder, 'Secret', {
    secretCompleteArn: reference.arn,
    encryptionKey: Key.fromKeyArn(holder, 'Key', reference.kmsKeyArn),
  });
  // The CDK cannot take the name out of an ARN it does not know yet.
  return Object.assign(secret, { secretName: reference.name });
}

/** Values under the labels applications use, and the key for this one secret through Secrets Manager. */
export function grantRead(grantee: IGrantable, secret: SecretReference): Grant {
  const grant = (actions: string[], resource: string, conditions?: Record<string, unknown>) =>
    Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: [resource],
      ...(conditions && { conditions: conditions as Record<string, Record<string, unknown>> }),
    });
  const granted = grant(['secretsmanager:GetSecretValue'], secret.arn, {
    'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT', 'AWSPREVIOUS'] },
  })
    .combine(grant(['secretsmanager:DescribeSecret'], secret.arn))
    .combine(
      grant(['kms:Decrypt'], secret.kmsKeyArn, {
        StringEquals: {
          'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com`,
          'kms:EncryptionContext:SecretARN': secret.arn,
        },
      }),
    );
  granted.assertSuccess();
  return granted;
}

export function importedFunction(scope: Construct, id: string, functionArn: string): IFunction {
  return (
    (scope.node.tryFindChild(id) as IFunction | undefined) ??
    LambdaFunction.fromFunctionAttributes(scope, id, { functionArn, sameEnvironment: true })
  );
}
