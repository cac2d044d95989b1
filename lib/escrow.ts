/**
 * The second copy of every encryption keyset: a bucket that keeps what it was given, under a key of its own,
 * for other readers than the secrets have. It stays when the stack goes.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { lockedBucket } from './locked-bucket.ts';
import { allow } from './statements.ts';

export interface EscrowProps {
  readonly config: RotationConfig;
  readonly key: Key;
}

/** What no template of ours ever does; each of them hides, ends or gives away a copy. */
export const takesCopiesAway = [
  's3:BypassGovernanceRetention',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:PutBucketAcl',
  's3:PutBucketWebsite',
  's3:PutLifecycleConfiguration',
  's3:PutObjectAcl',
  's3:PutObjectLegalHold',
  's3:PutObjectRetention',
  's3:PutObjectVersionAcl',
  's3:PutReplicationConfiguration',
];

export class Escrow extends Construct {
  readonly bucketName: string;
  readonly bucketArn: string;
  readonly #host: string;
  readonly #key: Key;

  constructor(scope: Construct, id: string, props: EscrowProps) {
    super(scope, id);
    const { config, key } = props;
    const bucket = lockedBucket(this, key, {
      mode: config.escrow.mode.toUpperCase(),
      days: config.escrow.retentionDays,
    });
    this.bucketName = bucket.ref;
    this.bucketArn = bucket.attrArn;
    this.#host = bucket.attrRegionalDomainName;
    this.#key = key;
    const policy = new CfnBucketPolicy(this, 'Policy', {
      bucket: bucket.ref,
      policyDocument: { Version: '2012-10-17', Statement: this.#statements(config) },
    });
    // A bucket that is kept without its policy would be open to every administrator of the account.
    policy.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }

  /** What the functions of one secret are told. */
  environment(secretKey: string) {
    return {
      ESCROW_BUCKET: this.bucketName,
      ESCROW_HOST: this.#host,
      ESCROW_OWNER: Aws.ACCOUNT_ID,
      ESCROW_KEY_ARN: this.#key.keyArn,
      ESCROW_PREFIX: secretKey,
    };
  }

  /** Stores copies of one secret and reads them back. */
  storing(secretKey: string): PolicyStatement[] {
    return [
      allow('StoreInEscrow', ['s3:GetObject', 's3:PutObject'], [this.#objects(secretKey)]),
      this.#useKey('UseKeyOfEscrow', secretKey, ['kms:Decrypt', 'kms:GenerateDataKey']),
    ];
  }

  /** Lists the copies of one secret: which there are, not what is in them. */
  listing(secretKey: string): PolicyStatement {
    return allow('ListEscrow', ['s3:ListBucketVersions'], [this.bucketArn], {
      StringEquals: { 's3:prefix': `${secretKey}/` },
    });
  }

  /** Lists and reads the copies of one secret. */
  reading(secretKey: string): PolicyStatement[] {
    return [
      this.listing(secretKey),
      allow('ReadEscrow', ['s3:GetObject', 's3:GetObjectVersion'], [this.#objects(secretKey)]),
      this.#useKey('UseKeyOfEscrow', secretKey, ['kms:Decrypt']),
    ];
  }

  #objects(secretKey: string): string {
    return `${this.bucketArn}/${secretKey}/*`;
  }

  /**
   * Through S3 alone, which calls KMS as its caller with the object's ARN in the encryption context
   * (AmazonS3/latest/userguide/UsingKMSEncryption.html, "Encryption context").
   */
  #useKey(sid: string, secretKey: string, actions: readonly string[]): PolicyStatement {
    return allow(sid, actions, [this.#key.keyArn], {
      StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.amazonaws.com` },
      StringLike: { 'kms:EncryptionContext:aws:s3:arn': this.#objects(secretKey) },
    });
  }

  #statements({ breakGlassRoleArn, escrow }: RotationConfig): object[] {
    const objects = `${this.bucketArn}/*`;
    const deny = (Sid: string, Action: unknown, Resource: unknown, Condition?: object) => ({
      Sid,
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource,
      ...(Condition && { Condition }),
    });
    return [
      deny('OnlyByTls', 's3:*', [this.bucketArn, objects], {
        Bool: { 'aws:SecureTransport': 'false' },
      }),
      // Absent counts as another one: what is put here says under which key.
      deny('OnlyEncrypted', 's3:PutObject', objects, {
        StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
      }),
      deny('OnlyUnderItsKey', 's3:PutObject', objects, {
        StringNotEquals: {
          's3:x-amz-server-side-encryption-aws-kms-key-id': this.#key.keyArn,
        },
      }),
      // AmazonS3/latest/userguide/conditional-writes-enforce.html
      deny('OnlyOnce', 's3:PutObject', objects, { Null: { 's3:if-none-match': 'true' } }),
      deny(
        'NobodyTakesACopyAway',
        takesCopiesAway,
        [this.bucketArn, objects],
        breakGlassRoleArn === undefined
          ? undefined
          : { StringNotEquals: { 'aws:PrincipalArn': breakGlassRoleArn } },
      ),
      ...(escrow.readerRoleArns.length > 0
        ? [
            {
              Sid: 'Readers',
              Effect: 'Allow',
              Principal: { AWS: [...escrow.readerRoleArns] },
              Action: [
                's3:GetObject',
                's3:GetObjectRetention',
                's3:GetObjectVersion',
                's3:ListBucket',
                's3:ListBucketVersions',
              ],
              Resource: [this.bucketArn, objects],
            },
          ]
        : []),
    ];
  }
}
