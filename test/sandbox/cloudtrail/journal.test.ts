/** What CloudTrail records of what its real callers do: who, where from, on what, and never a value. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Account, ADMINISTRATOR, REGION, startAccount } from '../account.ts';

const VALUES = { first: 'V4lue-0ne-of-The-Secret!', second: 'V4lue-Tw0-of-The-Secret!' };
let account: Account;
let administrator: ReturnType<Account['clientOf']>;
let secrets: SecretsManagerClient;
let keyArn: string;
let arn: string;
let seen = 0;

beforeAll(async () => {
  account = await startAccount();
  administrator = account.clientOf('administrator', ADMINISTRATOR);
  secrets = new SecretsManagerClient(administrator);
  const root = { AWS: 'arn:aws:iam::000000000000:root' };
  const policy = { Statement: [{ ...ADMINISTRATOR, Principal: root }] };
  keyArn = account.services.kms.createKey({ logicalId: 'key', policy }).arn;
  const made = await secrets.send(
    new CreateSecretCommand({ Name: 'app/db', SecretString: VALUES.first, KmsKeyId: keyArn }),
  );
  arn = made.ARN ?? '';
});
afterAll(async () => {
  secrets?.destroy();
  await account?.stop();
});
const all = () => account.services.cloudtrail.records();
beforeEach(() => {
  seen = all().length;
});
const fresh = () => all().slice(seen);

test('a read of a secret names user, key, source, program, and the secret as the caller named it', async () => {
  await secrets.send(new GetSecretValueCommand({ SecretId: 'app/db' }));
  const [decrypt, read] = fresh();
  expect(read).toEqual({
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
      arn: 'arn:aws:iam::000000000000:user/administrator',
      accountId: '000000000000',
      accessKeyId: administrator.credentials.accessKeyId,
      userName: 'administrator',
    },
    eventTime: '2026-05-17T17:00:00Z',
    eventSource: 'secretsmanager.amazonaws.com',
    eventName: 'GetSecretValue',
    awsRegion: REGION,
    sourceIPAddress: '127.0.0.1',
    userAgent: expect.stringContaining('aws-sdk-js'),
    requestParameters: { secretId: 'app/db' },
    responseElements: null,
    requestID: expect.any(String),
    eventID: expect.any(String),
    readOnly: true,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '000000000000',
    eventCategory: 'Management',
  });
  expect(decrypt).toMatchObject({
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    userIdentity: { userName: 'administrator', invokedBy: 'secretsmanager.amazonaws.com' },
    sourceIPAddress: 'secretsmanager.amazonaws.com',
    userAgent: 'secretsmanager.amazonaws.com',
    requestParameters: {
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      encryptionContext: { SecretARN: arn, SecretVersionId: expect.any(String) },
    },
    resources: [{ ARN: keyArn, accountId: '000000000000', type: 'AWS::KMS::Key' }],
    readOnly: true,
  });
});

test('version and label stand in the record only where the caller asked for them', async () => {
  await secrets.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSCURRENT' }));
  expect(fresh().at(-1)?.requestParameters).toEqual({ secretId: arn, versionStage: 'AWSCURRENT' });
});

test('a session of a role names the role that issued it, with its path, and since when it stands', async () => {
  const trust = {
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    },
  } as const;
  account.services.iam.createRole('reader', trust, '/teams/');
  account.services.iam.putRolePolicy('reader', 'all', { Statement: ADMINISTRATOR });
  const session = new SecretsManagerClient({
    ...administrator,
    credentials: account.keyOf({
      arn: 'arn:aws:sts::000000000000:assumed-role/reader/its-session',
      kind: 'role',
      session: { issuedAt: new Date('2026-05-17T16:00:00Z') },
    }),
  });
  await session.send(new GetSecretValueCommand({ SecretId: arn }));
  session.destroy();
  const [decrypt, read] = fresh();
  expect(read?.userIdentity).toMatchObject({
    type: 'AssumedRole',
    principalId: expect.stringMatching(/^AROA[0-9A-F]{17}:its-session$/),
    arn: 'arn:aws:sts::000000000000:assumed-role/reader/its-session',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        arn: 'arn:aws:iam::000000000000:role/teams/reader',
        userName: 'reader',
      },
      attributes: { creationDate: '2026-05-17T16:00:00Z', mfaAuthenticated: 'false' },
    },
  });
  expect(decrypt?.userIdentity).toMatchObject({
    ...read?.userIdentity,
    invokedBy: 'secretsmanager.amazonaws.com',
  });
});

test('a batch is one record of its own and one for each secret it asked for, refused ones too', async () => {
  await secrets.send(new BatchGetSecretValueCommand({ SecretIdList: [arn, 'app/none'] }));
  expect(
    fresh().map(({ eventName, requestParameters, errorCode }) => [
      ...[eventName, requestParameters, errorCode],
    ]),
  ).toEqual([
    ['Decrypt', expect.anything(), undefined],
    ['GetSecretValue', { secretId: arn }, undefined],
    ['GetSecretValue', { secretId: 'app/none' }, 'ResourceNotFoundException'],
    ['BatchGetSecretValue', { secretIdList: [arn, 'app/none'] }, undefined],
  ]);
});

test('a refused read stands there with AccessDenied and the reason, and no Decrypt', async () => {
  const stranger = new SecretsManagerClient(account.clientOf('stranger'));
  await stranger.send(new GetSecretValueCommand({ SecretId: arn })).catch(() => undefined);
  stranger.destroy();
  expect(fresh()).toMatchObject([
    {
      eventName: 'GetSecretValue',
      userIdentity: { userName: 'stranger' },
      errorCode: 'AccessDenied',
      errorMessage: expect.stringContaining('is not authorized to perform'),
    },
  ]);
});

test('who may read the secret but not use its key is two records: both refused', async () => {
  const read = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' } as const;
  const halfway = new SecretsManagerClient(account.clientOf('halfway', read));
  await halfway.send(new GetSecretValueCommand({ SecretId: arn })).catch(() => undefined);
  halfway.destroy();
  expect(fresh().map(({ eventName, errorCode }) => [eventName, errorCode])).toEqual([
    ['Decrypt', 'AccessDenied'],
    ['GetSecretValue', 'AccessDenied'],
  ]);
});

test('a read whose answer was lost happened; one that was lost on its way did not', async () => {
  const fault = { service: 'secretsmanager', operation: 'GetSecretValue', times: 1 } as const;
  for (const when of ['after', 'before'] as const) {
    account.faults.inject({ ...fault, when, error: 'connectionReset' });
    await secrets.send(new GetSecretValueCommand({ SecretId: arn })).catch(() => undefined);
  }
  expect(fresh().map(({ eventName, errorCode }) => [eventName, errorCode])).toEqual([
    ['Decrypt', undefined],
    ['GetSecretValue', undefined],
  ]);
});

test('work on data is no management event; what manages it is', async () => {
  const dynamodb = new DynamoDBClient(administrator);
  const s3 = new S3Client({ ...administrator, forcePathStyle: true });
  await dynamodb.send(new ListTablesCommand({})).catch(() => undefined);
  await s3.send(new CreateBucketCommand({ Bucket: 'unknown' })).catch(() => undefined);
  dynamodb.destroy();
  s3.destroy();
  const names = fresh().map(({ eventName }) => eventName);
  expect(names.filter((name) => /Object|Item|Invoke$|Publish/.test(name))).toEqual([]);
});

test('no record holds a value, however it was written or encrypted', async () => {
  const kms = new KMSClient(administrator);
  const ssm = new SSMClient(administrator);
  await secrets.send(
    new PutSecretValueCommand({
      SecretId: arn,
      SecretString: VALUES.second,
      ClientRequestToken: randomUUID(),
    }),
  );
  const Plaintext = Buffer.from(VALUES.second);
  const sealed = await kms.send(new EncryptCommand({ KeyId: keyArn, Plaintext }));
  await kms.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }));
  for (const Type of ['SecureString', 'String'] as const) {
    const Name = `/app/${Type}`;
    await ssm.send(new PutParameterCommand({ Name, Type, Value: VALUES.second }));
  }
  kms.destroy();
  ssm.destroy();
  expect(fresh().map(({ eventName }) => eventName)).toEqual(
    expect.arrayContaining([
      'GenerateDataKey',
      'PutSecretValue',
      'Encrypt',
      'Decrypt',
      'PutParameter',
    ]),
  );
  const written = fresh().find(({ eventName }) => eventName === 'PutSecretValue');
  expect(Object.keys(written?.requestParameters ?? {}).sort()).toEqual([
    'clientRequestToken',
    'secretId',
  ]);
  const text = JSON.stringify(all());
  const forms = Object.values(VALUES).flatMap((value) => [
    value,
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('hex'),
  ]);
  expect(forms.filter((form) => text.includes(form))).toEqual([]);
  expect(text).not.toContain(Buffer.from(sealed.CiphertextBlob ?? []).toString('base64'));
});
