/** The escrow bucket, its key and who may touch them, as the template says it. */
import { describe, expect, test } from '@jest/globals';
import { defineRotation, type RotationConfig } from '../../domain/config/rotation-config.ts';
import pharmacy from '../../rotation.config.ts';
import { type Statement, synthesize } from './synthesized.ts';

const breakGlassRoleArn = 'arn:aws:iam::123456789012:role/break-glass';
const readerRoleArn = 'arn:aws:iam::123456789012:role/recovery';
const stack = synthesize(pharmacy);
const guarded = synthesize(
  changed({
    breakGlassRoleArn,
    escrow: { retentionDays: 730, mode: 'compliance', readerRoleArns: [readerRoleArn] },
  }),
);
const bucketId = (from = stack) => from.idOf(from.one('AWS::S3::Bucket', /^Escrow/));
const keyId = (from = stack) => from.idOf(from.one('AWS::KMS::Key', /^KeysEscrow/));
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const objects = (path: string) => ({ 'Fn::Join': ['', [arn(bucketId()), path]] });
const bucketStatement = (sid: string, from = stack): Statement | undefined =>
  from
    .one('AWS::S3::BucketPolicy', /^Escrow/)
    .Properties.PolicyDocument.Statement.find(({ Sid }: Statement) => Sid === sid);

function changed(change: Partial<RotationConfig>): RotationConfig {
  return defineRotation({ ...pharmacy, ...change });
}

describe('the bucket', () => {
  test('keeps every version for a year, under a key of its own, and outlives the stack', () => {
    const { Properties, ...bucket } = stack.one('AWS::S3::Bucket', /^Escrow/);
    expect(Properties).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 365 } },
      },
      VersioningConfiguration: { Status: 'Enabled' },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: false,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: arn(keyId()),
            },
          },
        ],
      },
    });
    expect(Properties.BucketName).toBeUndefined();
    const retained = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
    expect(bucket).toMatchObject(retained);
    expect(stack.one('AWS::S3::BucketPolicy', /^Escrow/)).toMatchObject(retained);
    expect(stack.one('AWS::KMS::Key', /^KeysEscrow/)).toMatchObject(retained);
  });

  test('keeps them as the configuration says', () => {
    const { Properties } = guarded.one('AWS::S3::Bucket', /^Escrow/);
    expect(Properties.ObjectLockConfiguration.Rule.DefaultRetention).toEqual({
      Mode: 'COMPLIANCE',
      Days: 730,
    });
  });

  test('is only there for an encryption secret', () => {
    const { jwt } = pharmacy.secrets;
    const consumers = [{ name: 'api', reads: ['jwt'], steadyWithin: '15m' }];
    const without = synthesize(changed({ secrets: { jwt } as never, consumers }));
    expect(without.all('AWS::S3::Bucket', /^Escrow/)).toEqual([]);
    expect(without.all('AWS::KMS::Key', /^KeysEscrow/)).toEqual([]);
  });
});

describe('the policy of the bucket', () => {
  test('takes objects by TLS, encrypted under that key, and each key once', () => {
    const condition = (sid: string) => bucketStatement(sid)?.Condition;
    expect(condition('OnlyByTls')).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
    expect(condition('OnlyEncrypted')).toEqual({
      StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
    });
    expect(condition('OnlyUnderItsKey')).toEqual({
      StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': arn(keyId()) },
    });
    expect(condition('OnlyOnce')).toEqual({ Null: { 's3:if-none-match': 'true' } });
    for (const sid of ['OnlyByTls', 'OnlyEncrypted', 'OnlyUnderItsKey', 'OnlyOnce']) {
      expect(bucketStatement(sid)).toMatchObject({ Effect: 'Deny', Principal: '*' });
    }
  });

  test('lets nobody take a copy away but the break-glass role', () => {
    const statement = bucketStatement('NobodyTakesACopyAway');
    expect(statement).toMatchObject({ Effect: 'Deny', Principal: '*' });
    expect(statement?.Condition).toBeUndefined();
    expect(statement?.Action).toEqual(
      expect.arrayContaining([
        's3:BypassGovernanceRetention',
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:PutLifecycleConfiguration',
        's3:PutObjectRetention',
        's3:PutReplicationConfiguration',
      ]),
    );
    expect(bucketStatement('NobodyTakesACopyAway', guarded)?.Condition).toEqual({
      StringNotEquals: { 'aws:PrincipalArn': breakGlassRoleArn },
    });
  });

  test('and of the key let the named readers read, and nobody else', () => {
    expect(bucketStatement('Readers')).toBeUndefined();
    expect(bucketStatement('Readers', guarded)).toMatchObject({
      Effect: 'Allow',
      Principal: { AWS: [readerRoleArn] },
    });
    const { Statement } = guarded.one('AWS::KMS::Key', /^KeysEscrow/).Properties.KeyPolicy;
    expect(Statement.find(({ Sid }: Statement) => Sid === 'ReadersOfEscrow')).toMatchObject({
      Action: 'kms:Decrypt',
      Principal: { AWS: readerRoleArn },
      Condition: { StringEquals: { 'kms:ViaService': expect.anything() } },
    });
  });
});

describe('the functions', () => {
  const encryption = /^SecretpiiRotationPolicy/;
  const drill = /^DrillpiiFunctionPolicy/;
  const throughS3 = {
    'kms:ViaService': { 'Fn::Join': ['', ['s3.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
  };
  const ownContext = { 'kms:EncryptionContext:aws:s3:arn': objects('/pii/*') };

  test('of the encryption secret stores, reads back and lists its own copies', () => {
    expect(stack.statement(encryption, 'StoreInEscrow')).toMatchObject({
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: objects('/pii/*'),
    });
    expect(stack.statement(encryption, 'UseKeyOfEscrow')).toMatchObject({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: arn(keyId()),
      Condition: { StringEquals: throughS3, StringLike: ownContext },
    });
    expect(stack.statement(encryption, 'ListEscrow')).toMatchObject({
      Action: 's3:ListBucketVersions',
      Resource: arn(bucketId()),
      Condition: { StringEquals: { 's3:prefix': 'pii/' } },
    });
  });

  test('of an encryption secret whose keys never leave lists none', () => {
    const { pii } = pharmacy.secrets;
    if (pii?.kind !== 'encryption') throw new Error('not the example');
    const { reencryption: _, ...still } = pii;
    const without = synthesize(changed({ secrets: { ...pharmacy.secrets, pii: still } }));
    const sids = without.statements(encryption).map(({ Sid }) => Sid);
    expect(sids).toContain('StoreInEscrow');
    expect(sids).not.toContain('ListEscrow');
  });

  test('of other kinds have nothing to do with escrow', () => {
    for (const id of [/^SecretjwtRotationPolicy/, /^SecretdbRotationPolicy/]) {
      expect(JSON.stringify(stack.statements(id))).not.toMatch(/s3:|Escrow/);
    }
  });

  test('of the drill reads copies and a database credential, and cannot touch the secret it is for', () => {
    expect(stack.statements(drill).map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ['Log', ['logs:CreateLogStream', 'logs:PutLogEvents']],
      ...stack
        .statements(drill)
        .flatMap(({ Sid, Action }) => (Sid === 'Trace' ? [[Sid, Action]] : [])),
      ['ListEscrow', 's3:ListBucketVersions'],
      ['ReadEscrow', ['s3:GetObject', 's3:GetObjectVersion']],
      ['UseKeyOfEscrow', 'kms:Decrypt'],
      ['ReadDatabaseCredential', 'secretsmanager:GetSecretValue'],
      ['UseKeyOfDatabaseCredential', 'kms:Decrypt'],
    ]);
    const pii = stack.idOf(stack.one('AWS::SecretsManager::Secret', /^Secretpii/));
    expect(JSON.stringify(stack.statements(drill))).not.toContain(pii);
    const { Environment } = stack.one('AWS::Lambda::Function', /^Drillpii/).Properties;
    expect(JSON.stringify(Environment)).not.toContain(pii);
    expect(stack.statement(drill, 'ListEscrow').Condition).toEqual({
      StringEquals: { 's3:prefix': 'pii/' },
    });
  });

  test('of on-call may ask for a drill', () => {
    expect(JSON.stringify(stack.statements(/^Operator/))).toContain(
      ':function:quarterturn-pharmacy-prod-drill-pii',
    );
  });
});
