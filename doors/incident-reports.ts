/**
 * The door to stored reports of incidents, for whoever sits at a terminal: objects of one bucket, read alone.
 *
 * The client of S3 is loaded when it is needed: no other command of the command line asks S3 anything.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { AwsCallError, awsCall, clientDefaults } from './aws-call.ts';

export interface IncidentReportsDoor {
  /**
   * @param object where it lies, and whose account the bucket is: a name somebody else took since is not read
   * @throws AwsCallError, of what is not there with S3's `NoSuchKey`
   */
  read(object: { bucket: string; key: string; owner: string }): Promise<string>;
}

/** What is absent is the shell's. */
export interface S3Settings {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

export function incidentReports(settings: S3Settings = {}): IncidentReportsDoor {
  let client: Promise<S3Client> | undefined;
  return {
    async read({ bucket, key, owner }) {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      client ??= s3Client(settings);
      const s3 = await client;
      const text = await awsCall('GetObject', async () => {
        const { Body } = await s3.send(
          new GetObjectCommand({ Bucket: bucket, Key: key, ExpectedBucketOwner: owner }),
        );
        return Body?.transformToString('utf8');
      });
      if (text === undefined) {
        throw new AwsCallError('GetObject', 'InvalidAnswer', 'the answer has no body');
      }
      return text;
    },
  };
}

export async function s3Client(settings: S3Settings): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3');
  return new Client({ ...clientDefaults, ...settings });
}
