/**
 * S3's error codes and messages.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
import { ServiceException } from '../service.ts';

export const noSuchBucket = (BucketName: string) =>
  new ServiceException('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName });

export const noSuchKey = (Key: string) =>
  new ServiceException('NoSuchKey', 'The specified key does not exist.', 404, { Key });

export const noSuchVersion = (Key: string, VersionId: string) =>
  new ServiceException('NoSuchVersion', 'The specified version does not exist.', 404, {
    Key,
    VersionId,
  });

export const accessDenied = (message = 'Access Denied') =>
  new ServiceException('AccessDenied', message, 403);

export const invalidRequest = (message: string) =>
  new ServiceException('InvalidRequest', message, 400);

export const invalidArgument = (message: string, ArgumentName: string) =>
  new ServiceException('InvalidArgument', message, 400, { ArgumentName });

export const preconditionFailed = () =>
  new ServiceException(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    412,
    { Condition: 'If-None-Match' },
  );

export const badDigest = (algorithm: string) =>
  new ServiceException(
    'BadDigest',
    `The ${algorithm} you specified did not match the calculated checksum.`,
    400,
  );

export const methodNotAllowed = () =>
  new ServiceException(
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    405,
    { Method: 'GET', ResourceType: 'DeleteMarker' },
  );

export const notSimulated = (what: string) =>
  new ServiceException('NotSimulatedException', `The sandbox does not simulate s3: ${what}.`, 501);

/** S3 hands on what KMS says to its caller: codes as `KMS.<name>`, a refusal as its own AccessDenied. */
export function fromKms<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ServiceException)) {
      throw error;
    }
    throw error.code === 'AccessDeniedException'
      ? accessDenied(error.message)
      : new ServiceException(`KMS.${error.code}`, error.message, 400);
  }
}
