import { beforeEach, describe, expect, test } from '@jest/globals';
import { Bench, failing, lambdaArn, token } from './bench.ts';

let bench: Bench;
let arn: string;

beforeEach(async () => {
  bench = new Bench();
  arn = await bench.secret();
});

const put = (name: string, value: string, stages?: string[]) =>
  bench.call('PutSecretValue', {
    SecretId: 'app/key',
    ClientRequestToken: token(name),
    SecretString: value,
    ...(stages === undefined ? {} : { VersionStages: stages }),
  });
const move = (label: string, to?: string, from?: string) => ({
  SecretId: 'app/key',
  VersionStage: label,
  ...(to === undefined ? {} : { MoveToVersionId: token(to) }),
  ...(from === undefined ? {} : { RemoveFromVersionId: token(from) }),
});

describe('PutSecretValue', () => {
  test('moves AWSCURRENT when no stage is given, and AWSPREVIOUS follows', async () => {
    expect(await put('v2', 'second')).toEqual({
      ARN: arn,
      Name: 'app/key',
      VersionId: token('v2'),
      VersionStages: ['AWSCURRENT'],
    });
    await put('v3', 'third');
    expect(await bench.labels()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
  });

  test('with the same token and value succeeds and changes nothing', async () => {
    await put('v2', 'second', ['AWSPENDING']);
    await bench.call('UpdateSecretVersionStage', move('AWSPENDING', undefined, 'v2'));
    await put('v2', 'second', ['AWSPENDING']);
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
  });

  test('with the same token and another value is refused, without telling either value', async () => {
    await put('v2', 'second');
    expect(
      await bench.refusal('PutSecretValue', {
        SecretId: 'app/key',
        ClientRequestToken: token('v2'),
        SecretString: 'third',
      }),
    ).toBe(
      `ResourceExistsException: You can't use ClientRequestToken ${token('v2')} because that value is already in use for a version of secret ${arn}.`,
    );
  });

  test('takes given stages from other versions without being told from which', async () => {
    await put('v2', 'second', ['AWSCURRENT', 'AWSPENDING']);
    await put('v3', 'third', ['AWSPENDING']);
    expect(await bench.labels()).toEqual({
      v1: ['AWSPREVIOUS'],
      v2: ['AWSCURRENT'],
      v3: ['AWSPENDING'],
    });
  });

  test('takes AWSPENDING off the current version when it moves AWSCURRENT', async () => {
    await put('v2', 'second', ['AWSCURRENT', 'AWSPENDING']);
    await put('v3', 'third');
    expect(await bench.labels()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
    expect(bench.rotationEvents()).toEqual([]);
  });

  test('asks for a token, for one value and for no more than 65,536 bytes of it', async () => {
    const base = { SecretId: 'app/key', ClientRequestToken: token('v2') };
    expect(await bench.refusal('PutSecretValue', { SecretId: 'app/key', SecretString: 'x' })).toBe(
      'InvalidRequestException: You must provide a ClientRequestToken value. We recommend a UUID-type value.',
    );
    expect(await bench.refusal('PutSecretValue', base)).toBe(
      'InvalidRequestException: You must provide either SecretString or SecretBinary.',
    );
    expect(
      await bench.refusal('PutSecretValue', { ...base, SecretString: 'x'.repeat(65_537) }),
    ).toMatch(/^ValidationException: .*'secretString'.*65536$/);
    expect(
      await bench.refusal('PutSecretValue', { ...base, SecretString: 'a', SecretBinary: 'YQ==' }),
    ).toMatch(/^InvalidParameterException/);
    await put('v2', 'x'.repeat(65_536));
  });

  test('refuses a rotation token that is not the one of the rotation under way', async () => {
    let wrong = '';
    bench.handler = async ({ SecretId, ClientRequestToken, RotationToken }) => {
      wrong = await bench.refusal('PutSecretValue', {
        SecretId,
        ClientRequestToken,
        SecretString: 'x',
        VersionStages: ['AWSPENDING'],
        RotationToken: `${RotationToken.slice(0, -4)}ffff`,
      });
    };
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(wrong).toMatch(/^InvalidParameterException: The RotationToken is not valid/);
  });

  test('that moves AWSCURRENT during a rotation abandons it', async () => {
    bench.handler = failing('setSecret');
    await bench.rotate('t1');
    await bench.clock.idle();
    await put('v2', 'by hand');
    await bench.clock.advanceTo(bench.later(48 * 60));
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
    expect(bench.rotationEvents()).toEqual([
      'RotationStarted',
      'RotationFailed',
      'RotationAbandoned',
    ]);
    bench.handler = async () => undefined;
    await bench.rotate('t2');
  });
});

describe('UpdateSecretVersionStage', () => {
  beforeEach(async () => {
    await put('v2', 'second', ['AWSPENDING']);
  });

  test('moves AWSCURRENT when told from where, AWSPREVIOUS follows, AWSPENDING stays', async () => {
    expect(await bench.call('UpdateSecretVersionStage', move('AWSCURRENT', 'v2', 'v1'))).toEqual({
      ARN: arn,
      Name: 'app/key',
    });
    expect(await bench.labels()).toEqual({
      v1: ['AWSPREVIOUS'],
      v2: ['AWSCURRENT', 'AWSPENDING'],
    });
    await bench.call('UpdateSecretVersionStage', move('AWSCURRENT', 'v1', 'v2'));
    expect(await bench.labels()).toEqual({
      v1: ['AWSCURRENT'],
      v2: ['AWSPENDING', 'AWSPREVIOUS'],
    });
  });

  test('refuses a move from elsewhere without, or with the wrong, RemoveFromVersionId', async () => {
    const text = `InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${token('v1')}, so you must explicitly reference that version in RemoveFromVersionId.`;
    expect(await bench.refusal('UpdateSecretVersionStage', move('AWSCURRENT', 'v2'))).toBe(text);
    expect(await bench.refusal('UpdateSecretVersionStage', move('AWSCURRENT', 'v2', 'v2'))).toBe(
      text,
    );
  });

  test('refuses to remove a label that is not there, and AWSCURRENT altogether', async () => {
    expect(
      await bench.refusal('UpdateSecretVersionStage', move('AWSPENDING', undefined, 'v1')),
    ).toMatch(/^InvalidParameterException: Staging label AWSPENDING is not currently attached/);
    expect(
      await bench.refusal('UpdateSecretVersionStage', move('AWSCURRENT', undefined, 'v1')),
    ).toMatch(/^InvalidParameterException: You can only move staging label AWSCURRENT/);
    expect(await bench.refusal('UpdateSecretVersionStage', move('X', 'nowhere'))).toMatch(
      /^ResourceNotFoundException/,
    );
  });

  test('accepts labels of its own, also such that begin with AWS, and leaves them where they are', async () => {
    await bench.call('UpdateSecretVersionStage', move('AWSSOMETHING', 'v1'));
    await bench.call('UpdateSecretVersionStage', move('AWSCURRENT', 'v2', 'v1'));
    expect((await bench.labels()).v1).toEqual(['AWSPREVIOUS', 'AWSSOMETHING']);
  });

  test('holds no more than 20 labels on a secret, and a refused one changes nothing', async () => {
    for (let index = 0; index < 18; index += 1) {
      await bench.call('UpdateSecretVersionStage', move(`label-${index}`, 'v1'));
    }
    const before = await bench.labels();
    expect(await bench.refusal('UpdateSecretVersionStage', move('one-more', 'v1'))).toMatch(
      /^LimitExceededException/,
    );
    expect(await bench.labels()).toEqual(before);
  });
});

describe('versions without a label', () => {
  test('vanish from DescribeSecret, stay readable by id and are listed only on request', async () => {
    await put('v2', 'second');
    await put('v3', 'third');
    const id = token('v1');
    expect(await bench.labels()).not.toHaveProperty('v1');
    expect(
      (await bench.call('GetSecretValue', { SecretId: arn, VersionId: id })).SecretString,
    ).toBe('first');
    const ids = async (more = {}) =>
      (await bench.call('ListSecretVersionIds', { SecretId: arn, ...more })).Versions.map(
        (version: { VersionId: string }) => version.VersionId,
      );
    expect(await ids()).toEqual([token('v2'), token('v3')]);
    const all = await bench.call('ListSecretVersionIds', {
      SecretId: arn,
      IncludeDeprecated: true,
    });
    expect(all.Versions[0]).toEqual({
      VersionId: id,
      CreatedDate: expect.any(Number),
      LastAccessedDate: expect.any(Number),
      KmsKeyIds: ['DefaultEncryptionKey'],
    });
  });

  test('are kept for a day, which a hundred versions run into, and removed above a hundred', async () => {
    for (let index = 2; index <= 100; index += 1) {
      await put(`v${index}`, `value ${index}`);
    }
    const next = { SecretId: arn, ClientRequestToken: token('v101'), SecretString: 'x' };
    expect(await bench.refusal('PutSecretValue', next)).toMatch(/^LimitExceededException/);
    await bench.clock.advanceTo(bench.later(24 * 60));
    await bench.call('PutSecretValue', next);
    expect(
      await bench.refusal('GetSecretValue', { SecretId: arn, VersionId: token('v1') }),
    ).toMatch(/^ResourceNotFoundException/);
    expect(
      (await bench.call('GetSecretValue', { SecretId: arn, VersionId: token('v2') })).SecretString,
    ).toBe('value 2');
  });

  test('a version that never had a value is not listed, and is gone with its label', async () => {
    bench.handler = failing('createSecret');
    await bench.rotate('t1', { RotationLambdaARN: lambdaArn });
    await bench.clock.idle();
    expect(await bench.labels()).toHaveProperty('t1', ['AWSPENDING']);
    const listed = await bench.call('ListSecretVersionIds', {
      SecretId: arn,
      IncludeDeprecated: true,
    });
    expect(listed.Versions).toHaveLength(1);
    await bench.call('UpdateSecretVersionStage', move('AWSPENDING', undefined, 't1'));
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
  });
});

describe('UpdateSecret', () => {
  test('with a token that has a value is refused, even with the same value', async () => {
    expect(
      await bench.refusal('UpdateSecret', {
        SecretId: arn,
        ClientRequestToken: token('v1'),
        SecretString: 'first',
      }),
    ).toMatch(/^ResourceExistsException: You can't use ClientRequestToken/);
  });

  test('with another key encrypts the labelled versions again, so that the old key may go', async () => {
    const policy = { Statement: [] };
    const key = bench.kms.createKey({ logicalId: 'Key', policy });
    await bench.call('UpdateSecret', { SecretId: arn, KmsKeyId: key.arn });
    expect((await bench.call('GetSecretValue', { SecretId: arn })).SecretString).toBe('first');
    expect((await bench.call('DescribeSecret', { SecretId: arn })).KmsKeyId).toBe(key.arn);
    bench.kms.disableKey(key.keyId);
    expect(await bench.refusal('GetSecretValue', { SecretId: arn })).toMatch(/^DecryptionFailure/);
  });
});
