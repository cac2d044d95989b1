/**
 * What AWS tells conditions of a caller, written from the IAM user guide's "AWS global condition context keys" and the
 * service authorization reference of KMS, not from the sandbox.
 */
import type { Request } from './requests.ts';

const ACCOUNT = '000000000000';

export function contextAtAws({ caller, identity, check }: Request, now: Date) {
  const temporary = caller.kind === 'role' || caller.session !== undefined;
  const mfaAt = caller.kind === 'user' ? caller.session?.mfaAt : undefined;
  const account = caller.kind === 'service' ? undefined : caller.arn.split(':')[4];
  return {
    'aws:CurrentTime': now.toISOString(),
    'aws:EpochTime': `${Math.floor(now.getTime() / 1000)}`,
    'aws:RequestedRegion': 'eu-west-1',
    'aws:SecureTransport': 'true',
    // "true when a service uses the credentials of an IAM principal to make a request"
    'aws:ViaAWSService': `${caller.via !== undefined}`,
    'aws:PrincipalIsAWSService': `${caller.kind === 'service'}`,
    ...(caller.calledVia && { 'aws:CalledVia': caller.calledVia }),
    ...(caller.via && {
      'kms:ViaService': caller.via.replace('.amazonaws.com', '.eu-west-1.amazonaws.com'),
    }),
    ...(caller.kind === 'service'
      ? {
          'aws:PrincipalServiceName': caller.arn,
          ...(caller.sourceAccount && { 'aws:SourceAccount': caller.sourceAccount }),
          ...(caller.sourceArn && { 'aws:SourceArn': caller.sourceArn }),
        }
      : {
          'aws:PrincipalAccount': account ?? '',
          // "For IAM roles, the request context returns the ARN of the role, not the ARN of the user that assumed the role."
          'aws:PrincipalArn': identity?.arn ?? roleOf(caller.arn),
          'aws:PrincipalType': caller.kind === 'role' ? 'AssumedRole' : 'User',
        }),
    // "This key is present in the request context only when the principal uses temporary credentials."
    ...(temporary && {
      'aws:TokenIssueTime': (caller.session?.issuedAt ?? now).toISOString(),
      // "The temporary credentials returned by AssumeRole do not include MFA information in the context."
      'aws:MultiFactorAuthPresent': `${mfaAt !== undefined}`,
    }),
    ...(mfaAt && {
      'aws:MultiFactorAuthAge': `${Math.floor((now.getTime() - mfaAt.getTime()) / 1000)}`,
    }),
    'kms:CallerAccount': account ?? ACCOUNT,
    ...check.context,
  };
}

const roleOf = (session: string): string =>
  session.replace(':sts:', ':iam:').replace(/:assumed-role\/([^/]+)\/.*$/, ':role/$1');
