/** The door over HTTP, at a locked bucket under a key of its own. */
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { incidentReports } from '../../doors/incident-reports.ts';
import { bucketName as bucket, everything, startBucket } from '../sandbox/s3/bucket.ts';

const owner = '000000000000';
const key = '20261123t101500z-9f2c41aa07be63d1/report.md';

let stage: Awaited<ReturnType<typeof startBucket>>;
beforeAll(async () => {
  stage = await startBucket();
  stage.may(everything);
  const s3 = new S3Client(stage.client);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: '# The incident, réel\n' }));
  s3.destroy();
});
afterAll(() => stage.stop());

const read = (more: object = {}) => {
  const { endpoint, region, credentials } = stage.client;
  return incidentReports({ endpoint, region, credentials }).read({ bucket, key, owner, ...more });
};

describe('a stored report', () => {
  test('is read as it was stored', async () => {
    expect(await read()).toBe('# The incident, réel\n');
  });

  test('that is not there, of a bucket that is somebody else’s, or without the right: as S3 says it', async () => {
    await expect(read({ key: 'other.md' })).rejects.toMatchObject({ awsCode: 'NoSuchKey' });
    await expect(read({ owner: '111111111111' })).rejects.toMatchObject({
      code: 'ERR_ROTATION_AWS_CALL',
      awsCode: 'AccessDenied',
    });
    stage.may({ Effect: 'Allow', Action: ['s3:GetObject'], Resource: '*' });
    await expect(read()).rejects.toMatchObject({ awsCode: 'AccessDenied' });
  });
});
