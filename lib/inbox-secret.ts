/**
 * A user-managed secret with an inbox: a second secret whose owners may put a value and read none, and the function
 * that takes it from there, tests it at the vendor and makes it the value.
 */
import { CfnManagedPolicy, PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { inboxName, inboxPolicyName } from '../domain/config/names.ts';
import type { InboxConfig } from '../domain/config/secret-schemas.ts';
import type { UserManagedEnvironment } from '../lambdas/user-managed/environment.ts';
import { authorityFiles } from './authorities.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { newSecret } from './managed-secret.ts';
import { type OwnEnvironment, RotatingSecret } from './rotating-secret.ts';
import { allow, useKeyOf } from './statements.ts';

export interface InboxSecretProps {
  readonly deployment: Deployment;
  readonly key: string;
  readonly secret: InboxConfig;
}

export class InboxSecret extends RotatingSecret {
  override readonly inbox: SecretReference;
  /** What its owners need to put a value: attached to their roles by whoever keeps those. */
  readonly ownerPolicy: CfnManagedPolicy;

  constructor(scope: Construct, id: string, { deployment, key, secret }: InboxSecretProps) {
    const { field, probe, owners } = secret.inbox;
    const { ca, ...request } = probe;
    const made: { inbox?: SecretReference } = {};
    const inboxOf = (parent: Construct): SecretReference => {
      made.inbox ??= newSecret(parent, 'Inbox', {
        name: inboxName(deployment.config, key),
        kind: secret.kind,
        // Nothing that may change: a new description is an UpdateSecret, which the secret's policy denies.
        description:
          'Its owners put the next value here and do not read it; Quarterturn takes it from here',
        kmsKeyArn: deployment.keys.secrets.keyArn,
      });
      return made.inbox;
    };
    super(scope, id, {
      deployment,
      key,
      secret,
      environment: (self) =>
        ({
          INBOX_SECRET_ARN: inboxOf(self).arn,
          ...(field !== undefined && { FIELD: field }),
          PROBE: JSON.stringify(request),
          ...(ca !== undefined && { CA: 'file' as const }),
        }) satisfies OwnEnvironment<UserManagedEnvironment>,
      companions: (self) => [inboxOf(self)],
      ...(ca !== undefined && { files: authorityFiles(deployment, key, ca, 'inbox.probe.ca') }),
    });
    this.inbox = inboxOf(this);
    const { breakGlassRoleArn } = deployment.config;
    const trusted = breakGlassRoleArn === undefined ? [] : [breakGlassRoleArn];
    new CfnResourcePolicy(this, 'InboxProtection', {
      secretId: this.inbox.arn,
      blockPublicPolicy: true,
      resourcePolicy: {
        Version: '2012-10-17',
        Statement: [
          denyAllBut('OnlyOwnersPut', [...owners, ...trusted], ['secretsmanager:PutSecretValue']),
          // Owners neither: what was put is nobody's to read but the function's.
          denyAllBut(
            'OnlyRotationReads',
            [this.function.role.roleArn, ...trusted],
            ['secretsmanager:GetSecretValue'],
          ),
          denyAllBut('NobodyElseChanges', trusted, [
            'secretsmanager:CancelRotateSecret',
            'secretsmanager:DeleteSecret',
            'secretsmanager:RotateSecret',
            'secretsmanager:UpdateSecret',
            'secretsmanager:UpdateSecretVersionStage',
          ]),
        ],
      },
    });
    const document = new PolicyDocument({
      statements: [
        allow('PutIntoInbox', ['secretsmanager:PutSecretValue'], [this.inbox.arn]),
        // What API_PutSecretValue asks of a customer managed key.
        useKeyOf('UseKeyOfInbox', [this.inbox], ['kms:Decrypt', 'kms:GenerateDataKey']),
      ],
    });
    this.ownerPolicy = new CfnManagedPolicy(this, 'OwnerPolicy', {
      managedPolicyName: inboxPolicyName(deployment.config, key),
      policyDocument: document,
    });
  }
}

/** A deny beats every allow, an administrator's and the deployment's too. */
const denyAllBut = (Sid: string, principals: readonly string[], Action: readonly string[]) => ({
  Sid,
  Effect: 'Deny',
  Principal: '*',
  Action,
  Resource: '*',
  ...(principals.length > 0 && {
    Condition: { StringNotEquals: { 'aws:PrincipalArn': principals } },
  }),
});
