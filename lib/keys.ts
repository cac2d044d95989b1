/** The customer managed keys: one for the secrets, one for the control table, one for what is told of them. */

import {
  AccountRootPrincipal,
  ArnPrincipal,
  PolicyDocument,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
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

/** AmazonS3/latest/userguide/UsingKMSEncryption.html, "Permissions" */
const useByS3 = ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'];
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

/**
 * What a producer of an encrypted topic or queue asks of its key
 * (sns/latest/dg/sns-key-management.html, AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html).
 */
export const useByProducer = ['kms:Decrypt', 'kms:GenerateDataKey'];
/** AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html, its wildcards spelt out. */
const useByLogs = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

export class Keys extends Construct {
  readonly secrets: IKey;
  readonly control: Key;
  /** Topics, queues, log groups and reports of incidents: whoever reads a log or an alarm needs no right on the key of secrets. */
  readonly messages: Key;

  /** @param secrets an existing key for the secrets; absent: one is made */
  constructor(scope: Construct, id: string, secrets?: IKey) {
    super(scope, id);
    this.secrets = secrets ?? this.#key('Secrets', 'secretsmanager', useBySecretsManager);
    // DynamoDB holds a grant of its own on a table's key, made by whoever makes the table.
    this.control = this.#key('Control', 'dynamodb', [...useByDynamoDb, 'kms:CreateGrant']);
    this.messages = this.#key(
      'Messages',
      ['s3', 'sns', 'sqs'],
      useByProducer,
      this.#useByServices(),
    );
  }

  /**
   * For the second copy of keysets: who may use the first copy's key may not use this one.
   * @param readerRoleArns roles that read the copies besides this stack's own
   */
  forEscrow(readerRoleArns: readonly string[]): Key {
    const readers = new PolicyStatement({
      sid: 'ReadersOfEscrow',
      principals: readerRoleArns.map((arn) => new ArnPrincipal(arn)),
      actions: ['kms:Decrypt'],
      resources: ['*'],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.amazonaws.com` } },
    });
    return this.#key('Escrow', 's3', useByS3, readerRoleArns.length > 0 ? [readers] : []);
  }

  /**
   * Without these an alarm or an event is dropped, and nothing but the alarm's history says so. SNS and SQS
   * themselves need no right: they use the key as whoever calls them.
   */
  #useByServices(): PolicyStatement[] {
    const resources = ['*'];
    return [
      new PolicyStatement({
        sid: 'AlarmsToTopics',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: useByProducer,
        resources,
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      // Unconditional: "Adding aws:SourceAccount, aws:SourceArn, and aws:SourceOrgID to a AWS KMS policy is not
      // supported for EventBridge-to-encrypted topics" (sns-key-management.html). Which rules may send is
      // for the topic's and the queue's own policy to say.
      new PolicyStatement({
        sid: 'EventsToTopicsAndQueues',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: useByProducer,
        resources,
      }),
      new PolicyStatement({
        sid: 'LogGroups',
        principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
        actions: useByLogs,
        resources,
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': Stack.of(this).formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: '*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    ];
  }

  #key(
    id: string,
    service: string | readonly string[],
    use: readonly string[],
    more: readonly PolicyStatement[] = [],
  ): Key {
    const principals = [new AccountRootPrincipal()];
    const services = [service].flat();
    const via = services.map((name) => `${name}.${Aws.REGION}.amazonaws.com`);
    return new Key(this, id, {
      description: `Quarterturn: encrypts for ${services.join(', ')}`,
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
            conditions: { StringEquals: { 'kms:ViaService': via.length === 1 ? via[0] : via } },
          }),
          ...more,
        ],
      }),
    });
  }
}
