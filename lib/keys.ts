/** The customer managed keys: one for the secrets, one for the control table. */

import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/**
 * Administration without use: who administers a key may not decrypt with it. `kms:PutKeyPolicy` is what keeps
 * the key manageable (kms/latest/developerguide/key-policy-default.html).
 */
const administration = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

const useBySecretsManager = ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'];
/** amazondynamodb/latest/developerguide/encryption.usagenotes.html */
export const useByDynamoDb = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

export class Keys extends Construct {
  readonly secrets: Key;
  readonly control: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secrets = this.#key('Secrets', 'secretsmanager', useBySecretsManager);
    // DynamoDB holds a grant of its own on a table's key, made by whoever makes the table.
    this.control = this.#key('Control', 'dynamodb', [...useByDynamoDb, 'kms:CreateGrant']);
  }

  #key(id: string, service: string, use: readonly string[]): Key {
    const principals = [new AccountRootPrincipal()];
    return new Key(this, id, {
      description: `Quarterturn: encrypts for ${service}`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            sid: 'Administration',
            principals,
            actions: administration,
            resources: ['*'],
          }),
          new PolicyStatement({
            sid: 'UseThroughTheService',
            principals,
            actions: [...use],
            resources: ['*'],
            conditions: {
              StringEquals: { 'kms:ViaService': `${service}.${Aws.REGION}.amazonaws.com` },
            },
          }),
        ],
      }),
    });
  }
}
