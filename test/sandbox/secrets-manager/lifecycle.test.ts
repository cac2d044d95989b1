import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../sandbox/service.ts';
import { account, Bench, lambdaArn, start, token } from './bench.ts';

let bench: Bench;
let arn: string;

beforeEach(async () => {
  bench = new Bench();
  arn = await bench.secret();
});

describe('CreateSecret', () => {
  test('once more with the same token and value answers the same, with another is refused', async () => {
    const again = { Name: 'app/key', ClientRequestToken: token('v1') };
    expect(await bench.call('CreateSecret', { ...again, SecretString: 'first' })).toEqual({
      ARN: arn,
      Name: 'app/key',
      VersionId: token('v1'),
    });
    expect(await bench.refusal('CreateSecret', { ...again, SecretString: 'second' })).toBe(
      'ResourceExistsException: The operation failed because the secret app/key already exists.',
    );
  });

  test('refuses names outside the alphabet, and leaves nothing when the key is unknown', async () => {
    const request = { ClientRequestToken: token('v1'), SecretString: 'x' };
    expect(await bench.refusal('CreateSecret', { ...request, Name: 'a b' })).toMatch(
      /^ValidationException: Invalid name\./,
    );
    expect(await bench.refusal('CreateSecret', { Name: 'a' })).toMatch(
      /^InvalidRequestException: You must provide a ClientRequestToken value\./,
    );
    expect(
      await bench.refusal('CreateSecret', { ...request, Name: 'new', KmsKeyId: 'alias/none' }),
    ).toMatch(/^EncryptionFailure/);
    expect(await bench.refusal('DescribeSecret', { SecretId: 'new' })).toMatch(
      /^ResourceNotFoundException/,
    );
  });
});

describe('DeleteSecret', () => {
  test('waits for its recovery window, in which RestoreSecret takes it back', async () => {
    expect(await bench.call('DeleteSecret', { SecretId: arn, RecoveryWindowInDays: 7 })).toEqual({
      ARN: arn,
      Name: 'app/key',
      DeletionDate: start.getTime() / 1000 + 7 * 86_400,
    });
    const marked =
      "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.";
    expect(await bench.refusal('GetSecretValue', { SecretId: arn })).toBe(marked);
    expect(
      await bench.refusal('CreateSecret', { Name: 'app/key', ClientRequestToken: token('n') }),
    ).toBe(
      "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
    await bench.call('RestoreSecret', { SecretId: arn });
    await bench.clock.advanceTo(bench.later(8 * 24 * 60));
    expect((await bench.call('GetSecretValue', { SecretId: arn })).SecretString).toBe('first');
    await bench.call('DeleteSecret', { SecretId: arn, RecoveryWindowInDays: 7 });
    await bench.clock.advanceTo(bench.later(8 * 24 * 60));
    expect(await bench.refusal('DescribeSecret', { SecretId: arn })).toMatch(
      /^ResourceNotFoundException/,
    );
    expect(bench.rotationEvents()).toEqual([
      'StartSecretVersionDelete',
      'CancelSecretVersionDelete',
      'StartSecretVersionDelete',
      'EndSecretVersionDelete',
    ]);
  });

  test('can be forced, not together with a window, and even for what is not there', async () => {
    expect(
      await bench.refusal('DeleteSecret', {
        SecretId: arn,
        RecoveryWindowInDays: 7,
        ForceDeleteWithoutRecovery: true,
      }),
    ).toBe(
      "InvalidParameterException: You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
    expect(await bench.refusal('DeleteSecret', { SecretId: arn, RecoveryWindowInDays: 6 })).toBe(
      'InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    );
    const force = { SecretId: 'app/key', ForceDeleteWithoutRecovery: true };
    await bench.call('DeleteSecret', force);
    await bench.call('DeleteSecret', force);
    await bench.secret();
  });

  test('ends a rotation that waits for its retry', async () => {
    bench.handler = async () => {
      throw new Error('as scripted');
    };
    await bench.rotate('t1');
    await bench.clock.idle();
    await bench.call('DeleteSecret', { SecretId: arn });
    await bench.clock.settle(24 * 3_600_000);
    expect(bench.steps()).toEqual(['createSecret']);
  });
});

describe('GetRandomPassword', () => {
  const password = async (input: Record<string, unknown>): Promise<string> =>
    (await bench.call('GetRandomPassword', input)).RandomPassword;

  test('has 32 characters of every class, without the excluded ones', async () => {
    for (const pattern of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) {
      expect(await password({})).toMatch(pattern);
    }
    expect(await password({})).toHaveLength(32);
    const plain = await password({
      PasswordLength: 4096,
      ExcludePunctuation: true,
      ExcludeCharacters: 'abc123',
    });
    expect(plain).toMatch(/^[A-Zd-z4-90]{4096}$/);
    expect(await bench.refusal('GetRandomPassword', { PasswordLength: 3 })).toMatch(
      /^InvalidParameterException/,
    );
    expect(await bench.refusal('GetRandomPassword', { PasswordLength: 4097 })).toMatch(
      /^ValidationException/,
    );
  });
});

describe('tags and resource policy', () => {
  test('are stored, returned and removed', async () => {
    await bench.call('TagResource', { SecretId: arn, Tags: [{ Key: 'a', Value: 'b' }] });
    expect((await bench.call('DescribeSecret', { SecretId: arn })).Tags).toEqual([
      { Key: 'a', Value: 'b' },
    ]);
    await bench.call('UntagResource', { SecretId: arn, TagKeys: ['a'] });
    expect(await bench.call('DescribeSecret', { SecretId: arn })).not.toHaveProperty('Tags');
    const policy = { Version: '2012-10-17', Statement: [] };
    await bench.call('PutResourcePolicy', {
      SecretId: arn,
      ResourcePolicy: JSON.stringify(policy),
    });
    expect(bench.service.resourcePolicyOf(arn)).toEqual(policy);
    expect(
      JSON.parse((await bench.call('GetResourcePolicy', { SecretId: arn })).ResourcePolicy),
    ).toEqual(policy);
    await bench.call('DeleteResourcePolicy', { SecretId: arn });
    expect(bench.service.resourcePolicyOf(arn)).toBeUndefined();
    expect(await bench.refusal('PutResourcePolicy', { SecretId: arn, ResourcePolicy: '{' })).toBe(
      'MalformedPolicyDocumentException: This resource policy contains a syntax error.',
    );
  });
});

describe('the loader', () => {
  const deployment: Caller = {
    arn: 'cloudformation.amazonaws.com',
    kind: 'service',
    service: 'cloudformation.amazonaws.com',
  };

  test('makes secrets and configures rotation without asking for rights of its own', async () => {
    bench.denied.add('kms:GenerateDataKey');
    const made = bench.service.createFromTemplate({
      name: 'of/template',
      secretString: 'marker',
      tags: [{ Key: 'k', Value: 'v' }],
    });
    await bench.service.configureRotation(deployment, {
      secretId: made.arn,
      rotationLambdaArn: lambdaArn,
      rotationRules: { ScheduleExpression: 'rate(89 days)', Duration: '4h' },
      rotateImmediately: false,
    });
    await bench.clock.idle();
    expect(bench.steps()).toEqual(['testSecret']);
    expect(await bench.call('DescribeSecret', { SecretId: made.arn })).toMatchObject({
      RotationEnabled: true,
      RotationLambdaARN: lambdaArn,
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    expect((await bench.call('GetSecretValue', { SecretId: 'of/template' })).SecretString).toBe(
      'marker',
    );
  });

  test('is refused a function whose policy does not let the service in', async () => {
    bench.serviceMayInvoke = false;
    await expect(
      bench.service.configureRotation(deployment, {
        secretId: arn,
        rotationLambdaArn: `arn:aws:lambda:eu-west-1:${account}:function:other`,
        rotateImmediately: true,
      }),
    ).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });
});
