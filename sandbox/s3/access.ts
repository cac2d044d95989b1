/**
 * What an operation asks of IAM, with the condition keys of the service authorization reference.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
import type { AccessCheck } from '../service.ts';
import type { Bucket } from './bucket.ts';
import type { S3Input } from './input.ts';

/** Header → condition key; present only when the request carries the header. */
const conditionOfHeader: Readonly<Record<string, string>> = {
  'if-none-match': 's3:if-none-match',
  'x-amz-server-side-encryption': 's3:x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 's3:x-amz-server-side-encryption-aws-kms-key-id',
};

function check(
  bucket: Bucket,
  action: string,
  key: string,
  context: Record<string, string>,
): AccessCheck {
  return {
    action: `s3:${action}`,
    resource: key === '' ? bucket.arn : bucket.arnOf(key),
    context,
    ...(bucket.policy && { resourcePolicy: bucket.policy }),
  };
}

const ofVersion = ({ versionId }: S3Input) =>
  versionId === undefined ? {} : { 's3:VersionId': versionId };

export function checkPut(bucket: Bucket, input: S3Input): AccessCheck[] {
  const context = Object.fromEntries(
    Object.entries(conditionOfHeader).flatMap(([header, condition]) => {
      const value = input.headers[header];
      return value === undefined ? [] : [[condition, value]];
    }),
  );
  return [check(bucket, 'PutObject', input.Key, context)];
}

export function checkGet(bucket: Bucket, input: S3Input): AccessCheck[] {
  const action = input.versionId === undefined ? 'GetObject' : 'GetObjectVersion';
  return [check(bucket, action, input.Key, ofVersion(input))];
}

export function checkRetention(bucket: Bucket, input: S3Input): AccessCheck[] {
  return [check(bucket, 'GetObjectRetention', input.Key, {})];
}

export function checkDelete(bucket: Bucket, input: S3Input): AccessCheck[] {
  const action = input.versionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion';
  const checks = [check(bucket, action, input.Key, ofVersion(input))];
  return input.headers['x-amz-bypass-governance-retention'] === 'true'
    ? [...checks, check(bucket, 'BypassGovernanceRetention', input.Key, {})]
    : checks;
}

export function checkList(
  bucket: Bucket,
  input: Pick<S3Input, 'prefix'>,
  action: 'ListBucket' | 'ListBucketVersions',
): AccessCheck[] {
  const { prefix } = input;
  return [check(bucket, action, '', prefix === undefined ? {} : { 's3:prefix': prefix })];
}
