import { beforeEach, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { KmsService } from '../../../sandbox/kms/service.ts';
import type { AccessCheck, Caller } from '../../../sandbox/service.ts';
import { ServiceException } from '../../../sandbox/service.ts';

const account = '000000000000';
const region = 'eu-west-1';
const caller: Caller = { arn: `arn:aws:iam::${account}:role/reader`, kind: 'role' };
const policy = { Statement: [{ Effect: 'Allow' as const, Principal: '*' as const }] };
const context = { SecretARN: 'arn', SecretVersionId: 'v1' };
const hello = Buffer.from('hello').toString('base64');

let kms: KmsService;
let keyId: string;
let arn: string;
let asked: { caller: Caller; check: AccessCheck }[];
let allowed: boolean;

beforeEach(() => {
  asked = [];
  allowed = true;
  kms = new KmsService({
    account,
    region,
    clock: new SandboxClock(new Date('2027-01-10T12:00:00Z'), 'manual'),
    iam: {
      authorize: (by, check) => {
        asked.push({ caller: by, check });
        if (!allowed) {
          throw new ServiceException('AccessDeniedException', 'no');
        }
      },
    },
  });
  ({ keyId, arn } = kms.createKey({ logicalId: 'Key', policy, description: 'Mine' }));
});

/** biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read by the tests. */
async function call(operation: string, input: Record<string, unknown>): Promise<any> {
  kms.operations[operation]?.authorize(input, caller);
  return kms.operations[operation]?.run(input, caller);
}

async function code(operation: string, input: Record<string, unknown>): Promise<string> {
  try {
    await call(operation, input);
  } catch (error) {
    return (error as ServiceException).code;
  }
  return 'no error';
}

describe('Encrypt and Decrypt', () => {
  test('give back what they were given, in any order of the same encryption context', async () => {
    const EncryptionContext = { a: '1', b: '2' };
    const { CiphertextBlob, KeyId } = await call('Encrypt', {
      KeyId: keyId,
      Plaintext: hello,
      EncryptionContext,
    });
    expect(KeyId).toBe(arn);
    expect(Buffer.from(CiphertextBlob, 'base64').includes('hello')).toBe(false);
    const opened = await call('Decrypt', { CiphertextBlob, EncryptionContext: { b: '2', a: '1' } });
    expect(opened).toEqual({
      Plaintext: hello,
      KeyId: arn,
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    });
  });

  test('refuse another context, a changed byte and another key', async () => {
    const { CiphertextBlob } = await call('Encrypt', {
      KeyId: keyId,
      Plaintext: hello,
      EncryptionContext: { a: '1' },
    });
    for (const EncryptionContext of [{}, { a: '2' }, { a: '1', b: '' }]) {
      expect(await code('Decrypt', { CiphertextBlob, EncryptionContext })).toBe(
        'InvalidCiphertextException',
      );
    }
    const changed = Buffer.from(CiphertextBlob, 'base64');
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const sealed = { EncryptionContext: { a: '1' } };
    expect(await code('Decrypt', { ...sealed, CiphertextBlob: changed.toString('base64') })).toBe(
      'InvalidCiphertextException',
    );
    const other = kms.createKey({ logicalId: 'Other', policy });
    expect(await code('Decrypt', { ...sealed, CiphertextBlob, KeyId: other.keyId })).toBe(
      'IncorrectKeyException',
    );
    expect(await code('Decrypt', { CiphertextBlob: hello })).toBe('InvalidCiphertextException');
  });

  test('ask for the key policy with context, caller and service', () => {
    const checks = kms.operations.Encrypt?.authorize(
      { KeyId: keyId, EncryptionContext: { app: 'x' } },
      { ...caller, via: 'secretsmanager.eu-west-1.amazonaws.com' },
    );
    expect(checks).toEqual([
      {
        action: 'kms:Encrypt',
        resource: arn,
        resourcePolicy: policy,
        resourcePolicyRequired: true,
        context: {
          'kms:CallerAccount': account,
          'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
          'kms:EncryptionContext:app': 'x',
          'kms:EncryptionContextKeys': ['app'],
        },
      },
    ]);
  });
});

describe('keys', () => {
  test('are found by id, ARN, alias and alias ARN, and no other way', async () => {
    kms.createAlias('alias/app', keyId);
    const names = [keyId, arn, 'alias/app', `arn:aws:kms:${region}:${account}:alias/app`];
    for (const KeyId of names) {
      expect((await call('DescribeKey', { KeyId })).KeyMetadata).toMatchObject({
        Arn: arn,
        KeyState: 'Enabled',
        Description: 'Mine',
        KeyManager: 'CUSTOMER',
      });
    }
    expect(await code('DescribeKey', { KeyId: 'alias/other' })).toBe('NotFoundException');
    expect(await code('DescribeKey', { KeyId: 'nothing' })).toBe('NotFoundException');
  });

  test('encrypt and decrypt nothing while disabled or on their way out', async () => {
    const { CiphertextBlob } = await call('Encrypt', { KeyId: keyId, Plaintext: hello });
    kms.disableKey(keyId);
    expect(await code('Decrypt', { CiphertextBlob })).toBe('DisabledException');
    expect(await code('GenerateDataKey', { KeyId: keyId, KeySpec: 'AES_256' })).toBe(
      'DisabledException',
    );
    kms.scheduleKeyDeletion(keyId);
    expect(await code('Encrypt', { KeyId: keyId, Plaintext: hello })).toBe(
      'KMSInvalidStateException',
    );
    kms.enableKey(keyId);
    expect((await call('Decrypt', { CiphertextBlob })).Plaintext).toBe(hello);
  });
});

describe('random bytes', () => {
  test('GenerateRandom gives 1 to 1024 bytes and asks for "*"', async () => {
    const { Plaintext } = await call('GenerateRandom', { NumberOfBytes: 64 });
    expect(Buffer.from(Plaintext, 'base64')).toHaveLength(64);
    expect((await call('GenerateRandom', { NumberOfBytes: 64 })).Plaintext).not.toBe(Plaintext);
    expect(kms.operations.GenerateRandom?.authorize({}, caller)).toEqual([
      { action: 'kms:GenerateRandom', resource: '*' },
    ]);
    for (const NumberOfBytes of [undefined, 0, 1025, 1.5]) {
      expect(await code('GenerateRandom', { NumberOfBytes })).toBe('ValidationException');
    }
  });

  test('GenerateDataKey gives the key and its ciphertext, by specification or length', async () => {
    const answer = await call('GenerateDataKey', {
      KeyId: keyId,
      KeySpec: 'AES_256',
      EncryptionContext: context,
    });
    expect(Buffer.from(answer.Plaintext, 'base64')).toHaveLength(32);
    const { CiphertextBlob } = answer;
    expect((await call('Decrypt', { CiphertextBlob, EncryptionContext: context })).Plaintext).toBe(
      answer.Plaintext,
    );
    expect(await code('GenerateDataKey', { KeyId: keyId })).toBe('ValidationException');
    expect(
      await code('GenerateDataKey', { KeyId: keyId, KeySpec: 'AES_256', NumberOfBytes: 32 }),
    ).toBe('ValidationException');
  });
});

describe('for Secrets Manager', () => {
  test('encrypts with the rights of its caller, and opens only with the same context', () => {
    const sealed = kms.encryptFor(caller, 'alias/aws/secretsmanager', Buffer.from('v'), context);
    expect(asked[0]?.check).toMatchObject({
      action: 'kms:GenerateDataKey',
      context: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
    });
    expect(kms.decryptFor(caller, 'alias/aws/secretsmanager', sealed, context).toString()).toBe(
      'v',
    );
    expect(asked[1]?.check.action).toBe('kms:Decrypt');
    expect(() =>
      kms.decryptFor(caller, 'alias/aws/secretsmanager', sealed, { ...context, SecretARN: 'x' }),
    ).toThrow(expect.objectContaining({ code: 'InvalidCiphertextException' }));
    allowed = false;
    expect(() => kms.decryptFor(caller, 'alias/aws/secretsmanager', sealed, context)).toThrow(
      expect.objectContaining({ code: 'AccessDeniedException' }),
    );
  });
});
