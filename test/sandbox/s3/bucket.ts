/** A locked bucket under a key of its own, behind the sandbox's server; IAM and KMS decide as in a stack. */
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { PolicyDocument, Statement } from '../../../sandbox/iam/policy.ts';
import { KmsService } from '../../../sandbox/kms/service.ts';
import type { BucketProps } from '../../../sandbox/s3/bucket.ts';
import { S3Service } from '../../../sandbox/s3/service.ts';
import { serve } from '../serve.ts';

const account = '000000000000';
const region = 'eu-west-1';
export const bucketName = 'precious-copies';

export async function startBucket(props: Partial<BucketProps> = {}) {
  const clock = new SandboxClock(new Date('2027-01-10T12:00:00Z'), 'manual');
  const iam = new Iam({ account, region, clock });
  const kms = new KmsService({ account, region, iam, clock });
  const root = { AWS: `arn:aws:iam::${account}:root` };
  const { arn: keyArn } = kms.createKey({
    logicalId: 'Key',
    policy: {
      Statement: {
        Effect: 'Allow',
        Principal: root,
        Action: 'kms:*',
        Resource: '*',
        Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
      },
    },
  });
  const s3 = new S3Service({ account, region, clock, iam, kms });
  s3.createBucket({
    name: bucketName,
    versioned: true,
    encryption: { kmsKeyId: keyArn, bucketKey: false },
    objectLock: { retention: { mode: 'GOVERNANCE', days: 30 } },
    blockPublicPolicy: true,
    ...props,
  });
  const served = await serve(s3, iam);
  return {
    clock,
    keyArn,
    s3,
    client: served.client,
    stop: async () => {
      clock.stop();
      await served.stop();
    },
    /** What the caller of `client` may do from now on. */
    may(...statements: Statement[]): void {
      iam.putUser('tester', [{ Statement: statements }], []);
    },
    policy: (document: PolicyDocument) => s3.putBucketPolicy(bucketName, document),
  };
}

export const everything: Statement = { Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' };
