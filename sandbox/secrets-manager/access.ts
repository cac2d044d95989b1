/**
 * What an operation asks of IAM, with the condition keys of the service authorization reference.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
import type { AccessCheck, Caller } from '../service.ts';
import type { Input } from './input.ts';
import type { Secret } from './secret.ts';

type Context = Record<string, string | readonly string[]>;

/** With the conditions every operation on a secret can be tied to; global keys are IAM's own. */
export function checkSecret(
  operation: string,
  secret: Secret,
  input: Input,
  more: Context = {},
): AccessCheck {
  const { policy, rotation, tags } = secret.state;
  const context: Context = { ...more };
  if (typeof input.SecretId === 'string') {
    context['secretsmanager:SecretId'] = input.SecretId;
  }
  for (const [key, value] of tags) {
    context[`secretsmanager:ResourceTag/${key}`] = value;
    context[`aws:ResourceTag/${key}`] = value;
  }
  if (rotation !== undefined) {
    context['secretsmanager:resource/AllowRotationLambdaArn'] = rotation.lambdaArn;
  }
  return {
    action: `secretsmanager:${operation}`,
    resource: secret.arn,
    context,
    ...(policy === undefined ? {} : { resourcePolicy: policy }),
  };
}

/** Operations that are about no secret in particular: their resource is "*". */
export function checkAccount(operation: string): AccessCheck {
  return { action: `secretsmanager:${operation}`, resource: '*' };
}

/** The loader acts for the deployment, whose own rights are not modelled. */
export function isDeployment(caller: Caller): boolean {
  return caller.kind === 'service' && caller.service === 'cloudformation.amazonaws.com';
}
