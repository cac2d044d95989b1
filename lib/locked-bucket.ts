/** A bucket that keeps every version of what it was given for a time, and stays when the stack goes. */
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** @param retention nobody deletes a version before; in COMPLIANCE not even the account's root user */
export function lockedBucket(
  scope: Construct,
  key: Key,
  retention: { readonly mode: string; readonly days: number },
): CfnBucket {
  // The name is CloudFormation's: one that was kept from an earlier deployment is in nobody's way.
  const bucket = new CfnBucket(scope, 'Bucket', {
    bucketEncryption: {
      serverSideEncryptionConfiguration: [
        {
          serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.keyArn },
          // With a bucket key the encryption context is the bucket; without, each role can be held to its
          // own objects at the key, too (AmazonS3/latest/userguide/bucket-key.html).
          bucketKeyEnabled: false,
        },
      ],
    },
    objectLockEnabled: true,
    objectLockConfiguration: {
      objectLockEnabled: 'Enabled',
      rule: { defaultRetention: { mode: retention.mode, days: retention.days } },
    },
    ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
    publicAccessBlockConfiguration: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    versioningConfiguration: { status: 'Enabled' },
  });
  bucket.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  return bucket;
}
