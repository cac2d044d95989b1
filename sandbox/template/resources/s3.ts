import type { PolicyDocument } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import type { BucketProps } from '../../s3/bucket.ts';
import { SandboxLoadError } from '../load-error.ts';
import { flag, list, object, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const bucket: ResourceType = {
  properties: [
    ...['BucketName', 'BucketEncryption', 'ObjectLockEnabled', 'ObjectLockConfiguration'],
    ...['VersioningConfiguration', 'PublicAccessBlockConfiguration', 'OwnershipControls', 'Tags'],
  ],
  create(declared, { s3, region }) {
    const name = optionalText(declared, 'BucketName') ?? declared.generatedName(63).toLowerCase();
    const { arn } = s3.createBucket(propsOf(declared, name));
    return {
      ref: name,
      attributes: {
        Arn: arn,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      },
    };
  },
  replacement: ['BucketName', 'ObjectLockEnabled'],
  update({ ref }, declared, { s3 }) {
    s3.changeBucket(propsOf(declared, ref));
  },
  delete({ ref }, { s3 }) {
    s3.deleteBucket(ref);
  },
};

export const bucketPolicy: ResourceType = {
  properties: ['Bucket', 'PolicyDocument'],
  create(declared, world) {
    return { ref: putPolicy(declared, world) };
  },
  replacement: ['Bucket'],
  update(_, declared, world) {
    putPolicy(declared, world);
  },
  delete({ ref }, { s3 }) {
    s3.putBucketPolicy(ref, undefined);
  },
};

function putPolicy(declared: Declared, { s3 }: World): string {
  const name = text(declared, 'Bucket');
  const policy = object<PolicyDocument>(declared, 'PolicyDocument');
  assertSupportedPolicy(policy, `bucket policy ${declared.logicalId}`, 'resource');
  s3.putBucketPolicy(name, policy);
  return name;
}

interface EncryptionRule {
  ServerSideEncryptionByDefault?: { SSEAlgorithm: string; KMSMasterKeyID?: string };
  BucketKeyEnabled?: boolean | string;
}

interface LockConfiguration {
  Rule?: {
    DefaultRetention?: {
      Mode: 'GOVERNANCE' | 'COMPLIANCE';
      Days?: number | string;
      Years?: number | string;
    };
  };
}

function propsOf(declared: Declared, name: string): BucketProps {
  const part = <T>(property: string) => (declared.properties[property] ?? {}) as T;
  const locked = flag(declared, 'ObjectLockEnabled', false);
  const retention = part<LockConfiguration>('ObjectLockConfiguration').Rule?.DefaultRetention;
  if (retention !== undefined && !locked) {
    // API_PutObjectLockConfiguration: InvalidBucketState.
    throw new SandboxLoadError(
      `${declared.logicalId}: ObjectLockConfiguration without ObjectLockEnabled; Object Lock configuration cannot be enabled on existing buckets.`,
    );
  }
  const { Status } = part<{ Status?: string }>('VersioningConfiguration');
  const block = part<{ BlockPublicPolicy?: boolean | string }>('PublicAccessBlockConfiguration');
  return {
    name,
    // Object Lock switches versioning on by itself (userguide/object-lock-configure.html).
    versioned: locked || Status === 'Enabled',
    // New buckets block public access (since April 2023).
    blockPublicPolicy: String(block.BlockPublicPolicy ?? true) === 'true',
    ...present({ encryption: encryptionOf(declared) }),
    ...(locked && {
      objectLock: present({
        retention: retention && {
          mode: retention.Mode,
          days: Number(retention.Days ?? 0) + 365 * Number(retention.Years ?? 0),
        },
      }),
    }),
  };
}

function encryptionOf(declared: Declared): BucketProps['encryption'] | undefined {
  const encryption = (declared.properties.BucketEncryption ?? {}) as Record<string, unknown>;
  const [rule] = list<EncryptionRule>(
    { ...declared, properties: encryption },
    'ServerSideEncryptionConfiguration',
  );
  const byDefault = rule?.ServerSideEncryptionByDefault;
  if (byDefault?.SSEAlgorithm !== 'aws:kms') {
    return undefined;
  }
  return {
    kmsKeyId: byDefault.KMSMasterKeyID ?? 'alias/aws/s3',
    bucketKey: String(rule?.BucketKeyEnabled ?? false) === 'true',
  };
}
