/** The door as deployed, over HTTP, at a bucket with Object Lock whose role may touch one prefix. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EscrowCopy } from '../../domain/secrets/escrow-copy.ts';
import { type EscrowPlace, escrow } from '../../doors/escrow.ts';
import { bucketName, everything, startBucket } from '../sandbox/s3/bucket.ts';

const versionId = '00000000-0000-4000-8000-000000000001';
const copy: EscrowCopy = {
  secretName: 'pharmacy/prod/pii',
  versionId,
  createdAt: '2027-01-10T12:00:00.000Z',
  secretString: '{"ENCRYPTION_KEY":"canary-é","keyset":{}}',
};

let stage: Awaited<ReturnType<typeof startBucket>>;
let place: EscrowPlace;
const pauses: number[] = [];

beforeEach(async () => {
  stage = await startBucket();
  stage.may(everything);
  pauses.length = 0;
  place = {
    bucket: bucketName,
    host: `${bucketName}.s3.eu-west-1.amazonaws.com`,
    owner: '000000000000',
    keyArn: stage.keyArn,
    prefix: 'pii',
  };
});
afterEach(() => stage.stop());

function door(more: Partial<EscrowPlace> = {}, endpoint: string = stage.client.endpoint) {
  const { accessKeyId, secretAccessKey } = stage.client.credentials;
  return escrow(
    { ...place, ...more },
    {
      environment: {
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
      clock: { now: () => new Date(), sleep: async (pause) => void pauses.push(pause) },
    },
  );
}

describe('a copy', () => {
  test('is stored once, read back, and the same when it is stored again', async () => {
    const first = await door().store(copy);
    expect(await door().store(copy)).toEqual(first);
    const copies = await door().list();
    expect(copies).toEqual([
      { versionId, objectVersion: expect.any(String), storedAt: new Date('2027-01-10T12:00:00Z') },
    ]);
    for (const stored of copies) {
      expect(await door().read(stored)).toEqual({ ...copy, ...first });
    }
  });

  test('that is another one there already is refused, and what is there stays', async () => {
    await door().store(copy);
    const other = { ...copy, secretString: 'canary-other' };
    await expect(door().store(other)).rejects.toMatchObject({
      name: 'EscrowError',
      code: 'ERR_ROTATION_ESCROW',
      message: expect.stringMatching(/differs from its value .* not promoted.*pii\/0{8}/),
    });
    const [stored] = await door().list();
    expect((stored && (await door().read(stored)))?.secretString).toBe(copy.secretString);
  });

  test('of the same length and another content is another one', async () => {
    await door().store(copy);
    const other = { ...copy, secretString: copy.secretString.replace('canary', 'yranac') };
    await expect(door().store(other)).rejects.toThrow('differs');
  });

  test('behind a delete marker is found, and stored again beside it', async () => {
    await door().store(copy);
    const s3 = new S3Client(stage.client);
    await s3.send(new DeleteObjectCommand({ Bucket: bucketName, Key: `pii/${versionId}.json` }));
    s3.destroy();
    const [hidden] = await door().list();
    expect((hidden && (await door().read(hidden)))?.secretString).toBe(copy.secretString);
    await door().store(copy);
    expect(await door().list()).toHaveLength(2);
  });

  test('that is damaged is told without its content', async () => {
    const s3 = new S3Client(stage.client);
    for (const Body of ['{"canary', '{"format":"other","version":1}', '[]']) {
      await s3.send(
        new PutObjectCommand({ Bucket: bucketName, Key: `pii/${versionId}.json`, Body }),
      );
      const [stored] = await door().list();
      const reading = stored && door().read(stored);
      await expect(reading).rejects.toMatchObject({ code: 'ERR_ROTATION_ESCROW' });
      await expect(reading).rejects.not.toThrow('canary');
    }
    s3.destroy();
  });

  test('is found newest first, and of its own secret alone', async () => {
    const ids = Array.from({ length: 3 }, (_, at) => versionId.replace(/1$/, String(at + 2)));
    for (const id of ids) {
      await door().store({ ...copy, versionId: id });
      await stage.clock.advanceTo(new Date(stage.clock.now().getTime() + 60_000));
    }
    await door({ prefix: 'piiOther' }).store(copy);
    expect((await door().list()).map((stored) => stored.versionId)).toEqual(ids.reverse());
  });

  test('is found behind the thousand that S3 lists in one page', async () => {
    const put = stage.s3.operations.PutObject;
    const caller = { arn: 'arn:aws:iam::000000000000:user/tester', kind: 'user' } as const;
    const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };
    for (let at = 0; at < 1_001; at++) {
      const Key = `pii/${String(at).padStart(36, '0')}.json`;
      await put?.run({ Bucket: bucketName, Key, Body: Buffer.alloc(0), headers }, caller);
    }
    await door().store(copy);
    expect(await door().list()).toHaveLength(1_002);
  });
});

describe('what goes wrong', () => {
  const arn = `arn:aws:s3:::${bucketName}`;

  test('a role of another prefix may neither write nor read', async () => {
    await door().store(copy);
    const objects = ['s3:PutObject', 's3:GetObject', 's3:GetObjectVersion'];
    stage.may(
      { Effect: 'Allow', Action: objects, Resource: `${arn}/other/*` },
      { Effect: 'Allow', Action: ['s3:ListBucketVersions', 'kms:*'], Resource: '*' },
    );
    await expect(door().store(copy)).rejects.toMatchObject({
      code: 'ERR_ROTATION_ESCROW',
      message: expect.stringMatching(/PutObject failed with AccessDenied.*see docs\/escrow\.md/),
    });
    const [stored] = await door().list();
    await expect(stored && door().read(stored)).rejects.toThrow(
      'GetObject failed with AccessDenied',
    );
    expect(pauses).toEqual([]);
  });

  test('a bucket of somebody else gets nothing', async () => {
    await expect(door({ owner: '111122223333' }).store(copy)).rejects.toThrow('AccessDenied');
    expect(await door().list()).toEqual([]);
  });

  test('what may pass is tried again, four times in all; the last answer is told', async () => {
    const asked: string[] = [];
    const busy = await answering((method, url) => {
      asked.push(`${method} ${url}`);
      return asked.length < 3 ? 503 : undefined;
    });
    await expect(door({}, busy.url).store(copy)).rejects.toThrow('HTTP 418');
    expect(asked).toHaveLength(3);
    asked.length = 0;
    const never = await answering(() => 500);
    await expect(door({}, never.url).store(copy)).rejects.toThrow('failed with HTTP 500');
    expect(pauses).toEqual([100, 300, 100, 300, 900]);
    await Promise.all([busy.stop(), never.stop()]);
  });

  test('nobody answering is told with the endpoint', async () => {
    const gone = await answering(() => 500);
    await gone.stop();
    await expect(door({}, gone.url).store(copy)).rejects.toMatchObject({
      code: 'ERR_ROTATION_ESCROW',
      message: expect.stringMatching(/ECONNREFUSED: s3 at 127\.0\.0\.1:\d+ did not answer/),
    });
  });
});

/** Answers each request with a status, 418 when it names none. */
async function answering(status: (method: string, url: string) => number | undefined) {
  const server: Server = createServer((request, response) => {
    request.resume();
    response.writeHead(status(request.method ?? '', request.url ?? '') ?? 418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
