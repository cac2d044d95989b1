import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import {
  DescribeKeyCommand,
  EncryptCommand,
  GenerateRandomCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { functionResources, makeAssembly } from '../assembly.ts';
import { token } from './bench.ts';

const sdk = pathToFileURL(
  createRequire(import.meta.url).resolve('@aws-sdk/client-secrets-manager'),
).href;

/** A rotation function as AWS's template has it; its first createSecret fails. */
const CODE = `
import sdk from '${sdk}';
const client = new sdk.SecretsManagerClient({});
let failures = 1;
export const handler = async ({ Step, SecretId, ClientRequestToken, RotationToken }) => {
  if (Step === 'createSecret') {
    if (failures-- > 0) throw new Error('as scripted');
    await client.send(new sdk.PutSecretValueCommand({
      SecretId, ClientRequestToken, RotationToken, SecretString: 'second', VersionStages: ['AWSPENDING'],
    }));
  }
  if (Step === 'finishSecret') {
    const { VersionIdsToStages } = await client.send(new sdk.DescribeSecretCommand({ SecretId }));
    const current = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id].includes('AWSCURRENT'));
    await client.send(new sdk.UpdateSecretVersionStageCommand({
      SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current,
    }));
  }
};`;

const keyArn = { 'Fn::GetAtt': ['Key', 'Arn'] };
const template = {
  Resources: {
    ...functionResources('Rotate', { Timeout: 30 }, [
      {
        Effect: 'Allow',
        Action: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: keyArn,
        Condition: {
          StringLike: { 'kms:ViaService': 'secretsmanager.*.amazonaws.com' },
        },
      },
    ]),
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': ['Rotate', 'Arn'] },
        Principal: 'secretsmanager.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
      },
    },
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: { 'Fn::Sub': `arn:aws:iam::\${AWS::AccountId}:root` } },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    },
    Secret: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { Name: 'app/key', SecretString: 'first', KmsKeyId: keyArn },
    },
  },
  Outputs: { Key: { Value: keyArn }, Function: { Value: { 'Fn::GetAtt': ['Rotate', 'Arn'] } } },
};

let sandbox: Sandbox;
let remove: () => void;

beforeAll(async () => {
  const assembly = makeAssembly(template, CODE);
  remove = assembly.remove;
  const clock = { start: new Date('2027-01-10T12:00:00Z'), mode: 'manual' as const };
  sandbox = await startSandbox({ assembly: assembly.folder, clock });
});

afterAll(async () => {
  await sandbox?.stop();
  remove?.();
});

const settings = (name: string, ...actions: string[]) => ({
  endpoint: sandbox.url,
  region: sandbox.region,
  maxAttempts: 1,
  credentials: sandbox.createPrincipal(name, {
    policies: [{ Statement: [{ Effect: 'Allow' as const, Action: actions, Resource: '*' }] }],
  }),
});

test('a rotation fails once, is retried with the same token and promotes the value', async () => {
  const client = new SecretsManagerClient(
    settings('operator', 'secretsmanager:*', 'lambda:InvokeFunction', 'kms:Decrypt'),
  );
  const request = {
    SecretId: 'app/key',
    ClientRequestToken: token('t1'),
    RotationLambdaARN: sandbox.outputs.Function,
    RotationRules: { ScheduleExpression: 'rate(89 days)', Duration: '4h' },
  };
  const answer = await client.send(new RotateSecretCommand(request));
  expect(answer.VersionId).toBe(token('t1'));
  await sandbox.clock.idle();
  await expect(
    client.send(new RotateSecretCommand({ ...request, ClientRequestToken: token('t2') })),
  ).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: "A previous rotation isn't complete. That rotation will be reattempted.",
  });
  await sandbox.clock.settle();
  const described = await client.send(new DescribeSecretCommand({ SecretId: 'app/key' }));
  expect(described.VersionIdsToStages?.[token('t1')]).toEqual(['AWSCURRENT']);
  expect(described.LastRotatedDate).toEqual(new Date('2027-01-10T12:05:00Z'));
  expect(described.NextRotationDate).toEqual(new Date('2027-04-09T03:59:59Z'));
  const value = await client.send(new GetSecretValueCommand({ SecretId: 'app/key' }));
  expect(value.SecretString).toBe('second');
});

test('a reader without kms:Decrypt, or an unknown stage, gets the SDK error of that name', async () => {
  const client = new SecretsManagerClient(settings('reader', 'secretsmanager:GetSecretValue'));
  await expect(
    client.send(new GetSecretValueCommand({ SecretId: 'app/key' })),
  ).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: 'Access to KMS is not allowed',
  });
  await expect(
    client.send(new GetSecretValueCommand({ SecretId: 'app/key', VersionStage: 'X' })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('the default key serves everybody in the account through Secrets Manager, nobody directly', async () => {
  const writer = new SecretsManagerClient(settings('writer', 'secretsmanager:*'));
  await writer.send(new CreateSecretCommand({ Name: 'plain', SecretString: 'x' }));
  const read = await writer.send(new GetSecretValueCommand({ SecretId: 'plain' }));
  expect(read.SecretString).toBe('x');
  const kms = new KMSClient(settings('writer', 'kms:GenerateRandom', 'kms:DescribeKey'));
  const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 32 }));
  expect(random.Plaintext).toHaveLength(32);
  const described = await kms.send(new DescribeKeyCommand({ KeyId: sandbox.outputs.Key ?? '' }));
  expect(described.KeyMetadata?.Arn).toBe(sandbox.outputs.Key);
  await expect(
    kms.send(
      new EncryptCommand({ KeyId: 'alias/aws/secretsmanager', Plaintext: Buffer.from('x') }),
    ),
  ).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
