/**
 * Reports of incidents: a bucket that keeps every version of what it was given for years, and stays when the stack goes.
 *
 * Under the key of messages: a report is told to people, and whoever reads one needs no right on the key of secrets or
 * of the control table. Every role is held to reports at the key, too, by the object in the encryption context.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { takesCopiesAway } from './escrow.ts';
import { lockedBucket } from './locked-bucket.ts';
import { allow } from './statements.ts';

export interface IncidentReportsProps {
  readonly config: RotationConfig;
  readonly key: Key;
}

export class IncidentReports extends Construct {
  readonly bucketName: string;
  readonly bucketArn: string;
  /** `<bucket>.s3.<region>.<domain>`. */
  readonly host: string;
  readonly #key: Key;

  constructor(scope: Construct, id: string, { config, key }: IncidentReportsProps) {
    super(scope, id);
    const bucket = lockedBucket(this, key, {
      mode: 'GOVERNANCE',
      days: config.emergency.reportRetentionDays,
    });
    this.bucketName = bucket.ref;
    this.bucketArn = bucket.attrArn;
    this.host = bucket.attrRegionalDomainName;
    this.#key = key;
    const policy = new CfnBucketPolicy(this, 'Policy', {
      bucket: bucket.ref,
      policyDocument: { Version: '2012-10-17', Statement: this.#statements(config) },
    });
    // A bucket that is kept without its policy would be open to every administrator of the account.
    policy.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }

  /** Stores reports, and reads them back. One is written again when an emergency goes on: the version from before stays. */
  storing(): PolicyStatement[] {
    return [
      allow('StoreReports', ['s3:GetObject', 's3:PutObject'], [this.#objects]),
      // Without it S3 does not say that an object is not there (API_GetObject).
      allow('ListReports', ['s3:ListBucket'], [this.bucketArn]),
      this.#useKey('UseKeyOfReports', ['kms:Decrypt', 'kms:GenerateDataKey']),
    ];
  }

  /** Reads reports, and those from before. */
  reading(): PolicyStatement[] {
    return [
      allow('ReadReports', ['s3:GetObject', 's3:GetObjectVersion'], [this.#objects]),
      allow('ListReports', ['s3:ListBucket', 's3:ListBucketVersions'], [this.bucketArn]),
      this.#useKey('UseKeyOfReports', ['kms:Decrypt']),
    ];
  }

  get #objects(): string {
    return `${this.bucketArn}/*`;
  }

  /**
   * Through S3 alone, which calls KMS as its caller with the object's ARN in the encryption context
   * (AmazonS3/latest/userguide/UsingKMSEncryption.html, "Encryption context").
   */
  #useKey(sid: string, actions: readonly string[]): PolicyStatement {
    return allow(sid, actions, [this.#key.keyArn], {
      StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.amazonaws.com` },
      StringLike: { 'kms:EncryptionContext:aws:s3:arn': this.#objects },
    });
  }

  #statements({ breakGlassRoleArn }: RotationConfig): object[] {
    const deny = (Sid: string, Action: unknown, Resource: unknown, Condition?: object) => ({
      Sid,
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource,
      ...(Condition && { Condition }),
    });
    const sent = (header: string, value: string) => ({
      Null: { [header]: 'false' },
      StringNotEquals: { [header]: value },
    });
    return [
      deny('OnlyByTls', 's3:*', [this.bucketArn, this.#objects], {
        Bool: { 'aws:SecureTransport': 'false' },
      }),
      // Who says nothing gets the bucket's own, which is that.
      deny(
        'OnlyEncrypted',
        's3:PutObject',
        this.#objects,
        sent('s3:x-amz-server-side-encryption', 'aws:kms'),
      ),
      deny(
        'OnlyUnderItsKey',
        's3:PutObject',
        this.#objects,
        sent('s3:x-amz-server-side-encryption-aws-kms-key-id', this.#key.keyArn),
      ),
      deny(
        'NobodyTakesAReportAway',
        takesCopiesAway,
        [this.bucketArn, this.#objects],
        breakGlassRoleArn === undefined
          ? undefined
          : { StringNotEquals: { 'aws:PrincipalArn': breakGlassRoleArn } },
      ),
    ];
  }
}
