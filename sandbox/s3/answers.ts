/** What S3 tells of an object, in headers and in XML. */
import type { RestAnswer } from '../protocols.ts';
import { ServiceException } from '../service.ts';
import type { Bucket, StoredObject, Version } from './bucket.ts';
import type { S3Input } from './input.ts';
import { xmlAnswer } from './xml.ts';

export const sse = 'x-amz-server-side-encryption';

export function versionHeader(bucket: Bucket, { versionId }: Version): Record<string, string> {
  return bucket.props.versioned ? { 'x-amz-version-id': versionId } : {};
}

export function objectHeaders({ etag, kms, checksums }: StoredObject): Record<string, string> {
  return {
    etag,
    [sse]: kms === undefined ? 'AES256' : 'aws:kms',
    ...(kms && {
      [`${sse}-aws-kms-key-id`]: kms.keyId,
      ...(kms.bucketKey && { [`${sse}-bucket-key-enabled`]: 'true' }),
    }),
    ...checksums,
  };
}

export function retentionOf(bucket: Bucket, { Key, versionId }: S3Input): RestAnswer {
  const { lock } = bucket.find(Key, versionId);
  if (lock === undefined) {
    throw new ServiceException(
      'NoSuchObjectLockConfiguration',
      'The specified object does not have a ObjectLock configuration',
      404,
    );
  }
  return xmlAnswer('Retention', { Mode: lock.mode, RetainUntilDate: lock.until });
}
