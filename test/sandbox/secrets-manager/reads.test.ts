import { beforeEach, describe, expect, test } from '@jest/globals';
import { Bench, lambdaArn, start, token } from './bench.ts';

let bench: Bench;
let arn: string;

beforeEach(async () => {
  bench = new Bench();
  arn = await bench.secret();
});

describe('GetSecretValue', () => {
  test('answers AWSCURRENT, found by name, ARN or ARN without its six characters', async () => {
    for (const SecretId of ['app/key', arn, arn.slice(0, -7)]) {
      expect(await bench.call('GetSecretValue', { SecretId })).toEqual({
        ARN: arn,
        Name: 'app/key',
        VersionId: token('v1'),
        SecretString: 'first',
        VersionStages: ['AWSCURRENT'],
        CreatedDate: start.getTime() / 1000,
      });
    }
    expect(arn).toMatch(/:secret:app\/key-[A-Za-z0-9]{6}$/);
  });

  test('gives binary values back as they came', async () => {
    await bench.call('PutSecretValue', {
      SecretId: arn,
      ClientRequestToken: token('v2'),
      SecretBinary: 'AP8Q',
    });
    const answer = await bench.call('GetSecretValue', { SecretId: arn });
    expect(answer.SecretBinary).toBe('AP8Q');
    expect(answer).not.toHaveProperty('SecretString');
  });

  test.each([
    [
      { SecretId: 'other' },
      "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    ],
    [
      { SecretId: 'app/key', VersionStage: 'X' },
      "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: X",
    ],
    [
      { SecretId: 'app/key', VersionId: token('nowhere') },
      `ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: ${token('nowhere')}`,
    ],
    [
      { SecretId: 'app/key', VersionId: token('v1'), VersionStage: 'X' },
      'InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.',
    ],
    [
      {},
      "ValidationException: 1 validation error detected: Value at 'secretId' failed to satisfy constraint: Member must not be null",
    ],
  ])('refuses %j with the recorded text', async (input, text) => {
    expect(await bench.refusal('GetSecretValue', input)).toBe(text);
  });

  test('needs the right to decrypt, and a key that is enabled', async () => {
    const key = bench.kms.createKey({ logicalId: 'Key', policy: { Statement: [] } });
    await bench.call('CreateSecret', {
      Name: 'own',
      SecretString: 'x',
      KmsKeyId: key.keyId,
      ClientRequestToken: token('v1'),
    });
    bench.checks.length = 0;
    await bench.call('GetSecretValue', { SecretId: 'own' });
    const { ARN } = await bench.call('DescribeSecret', { SecretId: 'own' });
    expect(bench.checks.find(({ check }) => check.action === 'kms:Decrypt')?.check).toMatchObject({
      resource: key.arn,
      resourcePolicyRequired: true,
      context: {
        'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
        'kms:EncryptionContext:SecretARN': ARN,
        'kms:EncryptionContext:SecretVersionId': token('v1'),
      },
    });
    bench.kms.disableKey(key.keyId);
    expect(await bench.refusal('GetSecretValue', { SecretId: 'own' })).toMatch(
      /^DecryptionFailure/,
    );
    bench.kms.enableKey(key.keyId);
    bench.denied.add('kms:Decrypt');
    expect(await bench.refusal('GetSecretValue', { SecretId: 'own' })).toBe(
      'AccessDeniedException: Access to KMS is not allowed',
    );
  });
});

describe('DescribeSecret', () => {
  test('has no Rotation members before rotation is configured', async () => {
    await bench.clock.advanceTo(bench.later(60));
    await bench.call('GetSecretValue', { SecretId: arn });
    expect(await bench.call('DescribeSecret', { SecretId: arn })).toEqual({
      ARN: arn,
      Name: 'app/key',
      CreatedDate: start.getTime() / 1000,
      LastChangedDate: start.getTime() / 1000,
      LastAccessedDate: Date.parse('2027-01-10T00:00:00Z') / 1000,
      VersionIdsToStages: { [token('v1')]: ['AWSCURRENT'] },
    });
  });
});

describe('access checks', () => {
  test('carry the secret, its policy, its tags, its function and what the request names', async () => {
    const policy = { Statement: [{ Effect: 'Deny' as const, Principal: '*' as const }] };
    bench.service.putResourcePolicy(arn, policy);
    await bench.call('TagResource', { SecretId: arn, Tags: [{ Key: 'team', Value: 'a' }] });
    await bench.rotate('t1');
    const check = (operation: string, input: Record<string, unknown>) =>
      bench.service.operations[operation]?.authorize(input, { arn: 'x', kind: 'user' })[0];
    expect(
      check('GetSecretValue', {
        SecretId: 'app/key',
        VersionStage: 'AWSPENDING',
        VersionId: token('t1'),
      }),
    ).toEqual({
      action: 'secretsmanager:GetSecretValue',
      resource: arn,
      resourcePolicy: policy,
      context: {
        'secretsmanager:SecretId': 'app/key',
        'secretsmanager:VersionStage': 'AWSPENDING',
        'secretsmanager:VersionId': token('t1'),
        'secretsmanager:ResourceTag/team': 'a',
        'aws:ResourceTag/team': 'a',
        'secretsmanager:resource/AllowRotationLambdaArn': lambdaArn,
      },
    });
    expect(
      check('RotateSecret', {
        SecretId: arn,
        RotationLambdaARN: lambdaArn,
        RotateImmediately: false,
        RotationRules: { AutomaticallyAfterDays: 1 },
      })?.context,
    ).toMatchObject({
      'secretsmanager:RotationLambdaARN': lambdaArn,
      'secretsmanager:RotateImmediately': 'false',
      'secretsmanager:ModifyRotationRules': 'true',
    });
    expect(check('RotateSecret', { SecretId: arn })?.context).toMatchObject({
      'secretsmanager:RotateImmediately': 'true',
      'secretsmanager:ModifyRotationRules': 'false',
    });
    expect(check('ListSecrets', {})).toEqual({
      action: 'secretsmanager:ListSecrets',
      resource: '*',
    });
  });
});

describe('eventual consistency', () => {
  test('the next reads can be made to see the state before the last write', async () => {
    await bench.call('PutSecretValue', {
      SecretId: arn,
      ClientRequestToken: token('v2'),
      SecretString: 'second',
      VersionStages: ['AWSPENDING'],
    });
    bench.service.staleReads('app/key', 2);
    const pending = { SecretId: arn, VersionId: token('v2'), VersionStage: 'AWSPENDING' };
    expect(await bench.refusal('GetSecretValue', pending)).toMatch(/^ResourceNotFoundException/);
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
    expect((await bench.call('GetSecretValue', pending)).SecretString).toBe('second');
  });
});

describe('ListSecrets', () => {
  const names = async (input: Record<string, unknown>) =>
    (await bench.call('ListSecrets', input)).SecretList.map((each: { Name: string }) => each.Name);

  beforeEach(async () => {
    for (const [index, name] of ['app/other', 'ops/key'].entries()) {
      await bench.clock.advanceTo(bench.later(1));
      await bench.call('CreateSecret', {
        Name: name,
        Description: `The ${name}`,
        ClientRequestToken: token(`c${index}`),
        Tags: [{ Key: 'team', Value: name.slice(0, 3) }],
      });
    }
  });

  test('names its label map otherwise than DescribeSecret, and can be stale', async () => {
    const { SecretList } = await bench.call('ListSecrets', {
      Filters: [{ Key: 'name', Values: ['app/key'] }],
    });
    expect(SecretList[0].SecretVersionsToStages).toEqual({ [token('v1')]: ['AWSCURRENT'] });
    expect(SecretList[0]).not.toHaveProperty('VersionIdsToStages');
    await bench.call('TagResource', { SecretId: arn, Tags: [{ Key: 'new', Value: '' }] });
    bench.service.staleListings(1);
    const tagged = { Filters: [{ Key: 'tag-key', Values: ['new'] }] };
    expect(await names(tagged)).toEqual([]);
    expect(await names(tagged)).toEqual(['app/key']);
  });

  test.each([
    [[{ Key: 'name', Values: ['app/'] }], ['app/other', 'app/key']],
    [[{ Key: 'name', Values: ['!app/'] }], ['ops/key']],
    [[{ Key: 'tag-value', Values: ['ops', 'none'] }], ['ops/key']],
    [[{ Key: 'description', Values: ['the app'] }], ['app/other']],
    [[{ Key: 'all', Values: ['OPS'] }], ['ops/key']],
    [
      [
        { Key: 'tag-key', Values: ['team'] },
        { Key: 'name', Values: ['app'] },
      ],
      ['app/other'],
    ],
  ])('filters by %j', async (Filters, expected) => {
    expect(await names({ Filters })).toEqual(expected);
  });

  test('pages, sorts, and hides what is planned to be deleted', async () => {
    const first = await bench.call('ListSecrets', {
      MaxResults: 2,
      SortBy: 'name',
      SortOrder: 'asc',
    });
    expect(first.SecretList.map((each: { Name: string }) => each.Name)).toEqual([
      'app/key',
      'app/other',
    ]);
    expect(
      await names({ MaxResults: 2, SortBy: 'name', SortOrder: 'asc', NextToken: first.NextToken }),
    ).toEqual(['ops/key']);
    expect(await bench.refusal('ListSecrets', { NextToken: 'nonsense' })).toMatch(
      /^InvalidNextTokenException/,
    );
    await bench.call('DeleteSecret', { SecretId: 'ops/key' });
    expect(await names({ SortOrder: 'asc' })).toEqual(['app/key', 'app/other']);
    expect(await names({ IncludePlannedDeletion: true })).toHaveLength(3);
  });

  test('BatchGetSecretValue gives values and refusals side by side', async () => {
    bench.denied.add(`secretsmanager:GetSecretValue ${arn}`);
    await bench.secret('app/readable', 'hello');
    const answer = await bench.call('BatchGetSecretValue', {
      SecretIdList: ['app/readable', 'app/key', 'nowhere'],
    });
    expect(answer.SecretValues).toMatchObject([{ Name: 'app/readable', SecretString: 'hello' }]);
    expect(answer.Errors).toMatchObject([
      { SecretId: 'app/key', ErrorCode: 'AccessDeniedException' },
      { SecretId: 'nowhere', ErrorCode: 'ResourceNotFoundException' },
    ]);
  });
});
