/**
 * The door to the bucket of incident reports: versioned, encrypted by its own default, and locked against deletion
 * for as long as the deployment says. What is written again is another version; the one before stays.
 */
import { createHash } from 'node:crypto';
import { isAwsError } from './aws-call.ts';
import { type BucketPlace, type S3Options, s3Requests } from './s3-requests.ts';

export interface IncidentStoreDoor {
  readonly bucket: string;
  /** @param key letters, digits, `-`, `.` and `/` */
  put(key: string, contentType: string, text: string): Promise<void>;
  /** undefined: it was never written */
  get(key: string): Promise<string | undefined>;
}

export function incidentStore(place: BucketPlace, options?: S3Options): IncidentStoreDoor {
  const request = s3Requests(place, options);
  return {
    bucket: place.bucket,
    async put(key, contentType, text) {
      const body = Buffer.from(text);
      await request({
        call: 'PutObject',
        method: 'PUT',
        key,
        body,
        headers: {
          'content-type': contentType,
          // Asked for where a bucket locks by default (API_PutObject).
          'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
        },
      });
    },
    async get(key) {
      try {
        return (await request({ call: 'GetObject', method: 'GET', key })).toString('utf8');
      } catch (error) {
        // Whoever may not list the bucket is told 403 of what is not there (API_GetObject): that is an error here.
        if (isAwsError(error, 'NoSuchKey')) return undefined;
        throw error;
      }
    },
  };
}
