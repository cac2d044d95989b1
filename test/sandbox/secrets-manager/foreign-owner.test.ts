import { describe, expect, test } from '@jest/globals';
import { Bench } from './bench.ts';

const managed = {
  name: 'rds!cluster-3bea3cf2-0b5f-436f-a6a1-97aad29da293',
  suffix: 'AbCdEf',
  secretString: '{"username":"master","password":"x"}',
  owningService: 'rds',
};
const writes: [string, Record<string, unknown>][] = [
  ['RotateSecret', { RotationLambdaARN: 'arn:aws:lambda:eu-west-1:000000000000:function:rotate' }],
  ['PutSecretValue', { SecretString: 'other' }],
  ['UpdateSecret', { Description: 'other' }],
  ['UpdateSecretVersionStage', { VersionStage: 'mine', MoveToVersionId: 'x'.repeat(32) }],
  ['DeleteSecret', {}],
  ['CancelRotateSecret', {}],
];

describe('a secret that another service manages', () => {
  test('says who owns it, rotates every seven days and names no function', async () => {
    const bench = new Bench();
    const { arn } = bench.service.createExisting(managed);
    expect(arn).toBe(
      `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${managed.name}-${managed.suffix}`,
    );
    const described = await bench.call('DescribeSecret', { SecretId: managed.name });
    expect(described).toMatchObject({
      OwningService: 'rds',
      RotationEnabled: true,
      RotationRules: { AutomaticallyAfterDays: 7 },
    });
    expect(described.RotationLambdaARN).toBeUndefined();
  });

  test.each(writes)('%s is refused to everybody else', async (operation, input) => {
    const bench = new Bench();
    const { arn } = bench.service.createExisting(managed);
    await expect(
      bench.call(operation, { SecretId: arn, ClientRequestToken: 'a'.repeat(32), ...input }),
    ).rejects.toMatchObject({ code: 'InvalidRequestException' });
    const { SecretString } = await bench.call('GetSecretValue', { SecretId: arn });
    expect(SecretString).toBe(managed.secretString);
  });

  test('takes policies and tags, and a new value from its owner', async () => {
    const bench = new Bench();
    const { arn } = bench.service.createExisting(managed);
    await bench.call('TagResource', { SecretId: arn, Tags: [{ Key: 'a', Value: 'b' }] });
    bench.service.putAsOwner(arn, 'next');
    expect((await bench.call('GetSecretValue', { SecretId: arn })).SecretString).toBe('next');
  });
});

describe('a replica', () => {
  test.each(writes)('%s is refused where the primary does not stand', async (operation, input) => {
    const bench = new Bench();
    const { owningService, ...plain } = managed;
    const { arn } = bench.service.createExisting({ ...plain, primaryRegion: 'us-east-1' });
    expect((await bench.call('DescribeSecret', { SecretId: arn })).PrimaryRegion).toBe('us-east-1');
    await expect(
      bench.call(operation, { SecretId: arn, ClientRequestToken: 'a'.repeat(32), ...input }),
    ).rejects.toMatchObject({ code: 'InvalidRequestException' });
  });
});
