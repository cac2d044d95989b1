import { Agent } from 'node:http';
import {
  DeleteObjectCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketName as Bucket, everything, startBucket } from './bucket.ts';

let stage: Awaited<ReturnType<typeof startBucket>>;
let s3: S3Client;

async function start(...props: Parameters<typeof startBucket>): Promise<void> {
  stage = await startBucket(...props);
  stage.may(everything);
  s3 = new S3Client(stage.client);
}
beforeEach(() => start());
afterEach(async () => {
  s3.destroy();
  await stage.stop();
});

const put = (Key: string, Body: string, IfNoneMatch?: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...(IfNoneMatch && { IfNoneMatch }) }));
const get = (Key: string, VersionId?: string) =>
  s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
const textOf = async (Key: string, VersionId?: string) =>
  (await get(Key, VersionId)).Body?.transformToString();
const remove = (Key: string, VersionId?: string, BypassGovernanceRetention?: true) =>
  s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention }));
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    (error) => error.name,
  );

describe('objects', () => {
  test('come back as they were put, any version of them, with checksum, key and times', async () => {
    const first = await put('a/b c+é', 'one');
    await put('a/b c+é', 'two');
    expect(await textOf('a/b c+é')).toBe('two');
    expect(await textOf('a/b c+é', first.VersionId)).toBe('one');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'a/b c+é' }));
    expect(head).toMatchObject({
      ContentLength: 3,
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: stage.keyArn,
      LastModified: new Date('2027-01-10T12:00:00Z'),
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date('2027-02-09T12:00:00Z'),
    });
    expect(await code(get('a'))).toBe('NoSuchKey');
    expect(await code(get('a/b c+é', 'other'))).toBe('NoSuchVersion');
    expect(await code(s3.send(new GetObjectCommand({ Bucket: 'nobody', Key: 'a' })))).toBe(
      'NoSuchBucket',
    );
  });

  test('are created once with If-None-Match, and again after a delete marker', async () => {
    const { VersionId } = await put('once', 'one', '*');
    expect(await code(put('once', 'two', '*'))).toBe('PreconditionFailed');
    expect(await remove('once')).toMatchObject({ DeleteMarker: true });
    expect(await code(get('once'))).toBe('NoSuchKey');
    await put('once', 'three', '*');
    expect(await textOf('once')).toBe('three');
    expect(await textOf('once', VersionId)).toBe('one');
  });

  test('need a checksum where Object Lock keeps them, and it must be theirs', async () => {
    const none = new S3Client({ ...stage.client, requestChecksumCalculation: 'WHEN_REQUIRED' });
    const object = { Bucket, Key: 'k', Body: 'v' };
    await expect(none.send(new PutObjectCommand(object))).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('Content-MD5 OR x-amz-checksum-'),
    });
    const ChecksumSHA256 = Buffer.alloc(32).toString('base64');
    expect(await code(none.send(new PutObjectCommand({ ...object, ChecksumSHA256 })))).toBe(
      'BadDigest',
    );
    none.destroy();
  });

  test('are listed page by page, their versions newest first', async () => {
    for (const key of ['p/a', 'p/b', 'q/c']) {
      await put(key, key);
    }
    await put('p/a', 'again');
    await remove('p/b');
    const now = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/' }));
    expect(now.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([['p/a', 5]]);
    const seen: unknown[] = [];
    let marker: Record<string, string | undefined> = {};
    do {
      const page = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: 'p/', MaxKeys: 1, ...marker }),
      );
      seen.push(...(page.Versions ?? []).map(({ Key, IsLatest }) => [Key, IsLatest]));
      seen.push(...(page.DeleteMarkers ?? []).map(({ Key }) => [Key, 'deleted']));
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    } while (marker.KeyMarker !== undefined);
    expect(seen).toEqual([
      ['p/a', true],
      ['p/a', false],
      ['p/b', 'deleted'],
      ['p/b', false],
    ]);
  });

  test('are addressed by bucket in the name, too', async () => {
    const { port } = new URL(stage.client.endpoint);
    const httpAgent = new Agent({
      lookup: (_name, options, found) =>
        options.all
          ? found(null, [{ address: '127.0.0.1', family: 4 }])
          : found(null, '127.0.0.1', 4),
    });
    const virtual = new S3Client({
      ...stage.client,
      endpoint: `http://localhost:${port}`,
      requestHandler: { httpAgent },
    });
    await put('where', 'here');
    const { Body } = await virtual.send(new GetObjectCommand({ Bucket, Key: 'where' }));
    expect(await Body?.transformToString()).toBe('here');
    virtual.destroy();
  });

  test('have no other sub-resource or header than those simulated', async () => {
    await put('k', 'v');
    expect(await code(s3.send(new GetObjectAclCommand({ Bucket, Key: 'k' })))).toBe(
      'NotSimulatedException',
    );
    const range = new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=0-0' });
    await expect(s3.send(range)).rejects.toThrow('header range of GetObject');
  });
});

describe('Object Lock', () => {
  test('keeps a version until its retention ends, whatever the caller may', async () => {
    const { VersionId } = await put('kept', 'v');
    const until = await s3.send(new GetObjectRetentionCommand({ Bucket, Key: 'kept' }));
    expect(until.Retention).toEqual({
      Mode: 'GOVERNANCE',
      RetainUntilDate: new Date('2027-02-09T12:00:00Z'),
    });
    await expect(remove('kept', VersionId)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: 'Access Denied because object protected by object lock.',
    });
    await stage.clock.advanceTo(new Date('2027-02-09T12:00:00Z'));
    s3 = new S3Client(stage.client);
    await remove('kept', VersionId);
    expect(await code(get('kept', VersionId))).toBe('NoSuchVersion');
  });

  test('in governance is bypassed by who may, and by nobody else', async () => {
    const { VersionId } = await put('kept', 'v');
    const deny = { Effect: 'Deny', Action: 's3:BypassGovernanceRetention', Resource: '*' } as const;
    stage.may(everything, deny);
    expect(await code(remove('kept', VersionId, true))).toBe('AccessDenied');
    expect(await textOf('kept')).toBe('v');
    stage.may(everything);
    await remove('kept', VersionId, true);
    expect(await code(get('kept'))).toBe('NoSuchKey');
  });

  test('in compliance is bypassed by nobody', async () => {
    await stage.stop();
    await start({ objectLock: { retention: { mode: 'COMPLIANCE', days: 1 } } });
    const { VersionId } = await put('kept', 'v');
    expect(await code(remove('kept', VersionId, true))).toBe('AccessDenied');
  });
});

describe('permission', () => {
  const arn = `arn:aws:s3:::${Bucket}`;
  const objects = {
    Effect: 'Allow',
    Action: ['s3:PutObject', 's3:GetObject'],
    Resource: `${arn}/own/*`,
  } as const;
  const key = (name: string) =>
    ({
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: '*',
      Condition: { StringLike: { 'kms:EncryptionContext:aws:s3:arn': `${arn}/${name}/*` } },
    }) as const;

  test('is asked of S3 by the object, and of KMS by the object in the encryption context', async () => {
    stage.may(objects, key('own'));
    await put('own/k', 'v');
    expect(await textOf('own/k')).toBe('v');
    expect(await code(put('other/k', 'v'))).toBe('AccessDenied');
    stage.may(objects, key('other'));
    await expect(get('own/k')).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('kms:Decrypt'),
    });
    await expect(put('own/l', 'v')).rejects.toThrow('kms:GenerateDataKey');
  });

  test('with a bucket key the encryption context is the bucket, not the object', async () => {
    await stage.stop();
    await start({ encryption: { kmsKeyId: 'x', bucketKey: true } });
    stage.may(objects, key('own'));
    const SSEKMSKeyId = stage.keyArn;
    const command = {
      Bucket,
      Key: 'own/k',
      Body: 'v',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId,
    } as const;
    expect(await code(s3.send(new PutObjectCommand(command)))).toBe('AccessDenied');
    await s3.send(new PutObjectCommand({ ...command, BucketKeyEnabled: false }));
  });

  test('to list decides whether an absent key is told as absent', async () => {
    stage.may(objects, key('own'));
    expect(await code(get('own/absent'))).toBe('AccessDenied');
    stage.may(objects, key('own'), { Effect: 'Allow', Action: 's3:ListBucket', Resource: arn });
    expect(await code(get('own/absent'))).toBe('NoSuchKey');
  });

  test('is denied by the bucket for what is not encrypted or not conditional, and to other owners', async () => {
    stage.policy({
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: `${arn}/*`,
          Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: `${arn}/*`,
          Condition: { Null: { 's3:if-none-match': 'true' } },
        },
      ],
    });
    const object = { Bucket, Key: 'k', Body: 'v', ServerSideEncryption: 'aws:kms' } as const;
    expect(await code(s3.send(new PutObjectCommand(object)))).toBe('AccessDenied');
    expect(await code(put('k', 'v', '*'))).toBe('AccessDenied');
    await s3.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }));
    const foreign = { Bucket, Key: 'k', ExpectedBucketOwner: '111122223333' };
    expect(await code(s3.send(new GetObjectCommand(foreign)))).toBe('AccessDenied');
  });

  test('is not granted to everybody', () => {
    expect(() =>
      stage.policy({
        Statement: {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: `${arn}/*`,
        },
      }),
    ).toThrow('public policies are prevented');
  });
});
