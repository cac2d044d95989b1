/** SecureStrings through the real SDK: who may read one, what it may hold, and under which key it lies. */
import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { allParameters, keyUse, startParameterStore } from './parameter-store.ts';

let store: Awaited<ReturnType<typeof startParameterStore>>;
let ssm: SSMClient;
beforeAll(async () => {
  store = await startParameterStore();
  ssm = new SSMClient(store.client);
});
afterAll(async () => {
  ssm?.destroy();
  await store?.stop();
});

let Name: string;
let arn: string;
let count = 0;
beforeEach(() => {
  Name = `/app/${++count}`;
  arn = store.ssm.arnOf(Name);
  store.may(allParameters, keyUse(['kms:Encrypt', 'kms:GenerateDataKey', 'kms:Decrypt'], arn));
});

const put = (more: Partial<PutParameterCommandInput> = {}) => {
  const input = { Name, Type: 'SecureString', KeyId: store.keyArn, Value: 'canary-1' } as const;
  return ssm.send(new PutParameterCommand({ ...input, ...more }));
};
const get = async (name = Name, WithDecryption = true) =>
  (await ssm.send(new GetParameterCommand({ Name: name, WithDecryption }))).Parameter;

describe('a SecureString', () => {
  test('is read by who may decrypt it, and is ciphertext to everybody else', async () => {
    expect(await put()).toMatchObject({ Version: 1, Tier: 'Standard' });
    expect(await get()).toMatchObject({ Value: 'canary-1', Type: 'SecureString', Version: 1 });
    expect((await get(Name, false))?.Value).not.toContain('canary');
    store.may(allParameters);
    await expect(get()).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('kms:Decrypt'),
    });
  });

  test('is written by who may use its key with its own ARN as context', async () => {
    store.may(allParameters, keyUse('kms:Encrypt', `${arn}-other`));
    await expect(put()).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('kms:Encrypt'),
    });
    store.may(allParameters, keyUse('kms:Encrypt', arn));
    await put();
    // An advanced parameter lies under a data key.
    await expect(put({ Tier: 'Advanced', Overwrite: true })).rejects.toMatchObject({
      message: expect.stringContaining('kms:GenerateDataKey'),
    });
  });

  test('lies under aws/ssm when no key is named, for everybody who may read parameters', async () => {
    store.may(allParameters);
    const Value = 'canary-é';
    await ssm.send(new PutParameterCommand({ Name, Type: 'SecureString', Value }));
    expect((await get())?.Value).toBe(Value);
  });

  test('under a key that is not there, or disabled, is neither written nor read', async () => {
    await expect(put({ KeyId: 'alias/none' })).rejects.toMatchObject({ name: 'InvalidKeyId' });
    await put();
    store.kms.disableKey(store.keyArn);
    try {
      await expect(get()).rejects.toMatchObject({ name: 'InvalidKeyId' });
      await expect(put({ Overwrite: true })).rejects.toMatchObject({
        name: 'InvalidKeyId',
        message: expect.stringContaining('is disabled'),
      });
    } finally {
      store.kms.enableKey(store.keyArn);
    }
  });

  test('does not become a String, and a String has no key', async () => {
    await put();
    await expect(put({ Type: 'String', KeyId: undefined, Overwrite: true })).rejects.toMatchObject({
      name: 'HierarchyTypeMismatchException',
    });
    const plain = put({ Name: `${Name}/plain`, Type: 'String' });
    await expect(plain).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'KeyId is required for SecureString type parameter only.',
    });
  });
});

describe('versions', () => {
  test('are counted on, and read by number', async () => {
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect(await put({ Value: 'canary-2', Overwrite: true })).toMatchObject({ Version: 2 });
    expect((await get())?.Value).toBe('canary-2');
    expect(await get(`${Name}:1`)).toMatchObject({ Value: 'canary-1', Selector: ':1' });
    expect(await get(`${arn}:2`)).toMatchObject({ Value: 'canary-2' });
    await expect(get(`${Name}:3`)).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
  });

  test('are gone with the parameter', async () => {
    await put();
    await ssm.send(new DeleteParameterCommand({ Name }));
    await expect(get()).rejects.toMatchObject({ name: 'ParameterNotFound' });
    await expect(ssm.send(new DeleteParameterCommand({ Name }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    expect(await put()).toMatchObject({ Version: 1 });
  });
});

describe('tiers', () => {
  test('hold 4 KB and 8 KB, in bytes', async () => {
    await expect(put({ Value: 'é'.repeat(2049) })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('maximum parameter value of 4096'),
    });
    const Value = 'x'.repeat(8192);
    expect(await put({ Value, Tier: 'Advanced' })).toMatchObject({ Tier: 'Advanced' });
    expect((await get())?.Value).toBe(Value);
    const larger = put({ Value: `${Value}x`, Overwrite: true });
    await expect(larger).rejects.toMatchObject({ message: expect.stringContaining('8192') });
  });

  test('chosen by AWS fit the value, and an advanced parameter stays one', async () => {
    const Tier = 'Intelligent-Tiering';
    expect(await put({ Tier })).toMatchObject({ Tier: 'Standard' });
    const Value = 'x'.repeat(4097);
    expect(await put({ Tier, Value, Overwrite: true })).toMatchObject({ Tier: 'Advanced' });
    expect(await put({ Tier, Overwrite: true })).toMatchObject({ Tier: 'Advanced' });
    await expect(put({ Tier: 'Standard', Overwrite: true })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("can't downgrade"),
    });
  });
});

test('several are read at once, and what is not there is named', async () => {
  await put();
  const Names = [Name, '/app/none', `${Name}:9`];
  expect(await ssm.send(new GetParametersCommand({ Names, WithDecryption: true }))).toMatchObject({
    Parameters: [{ Name, Value: 'canary-1' }],
    InvalidParameters: ['/app/none', `${Name}:9`],
  });
});

test('each operation asks for the parameter itself, whatever version is named', async () => {
  await put();
  const only = (Action: string) => ({ Effect: 'Allow' as const, Action, Resource: arn });
  store.may(only('ssm:GetParameter'));
  expect(await get(`${Name}:1`, false)).toMatchObject({ Version: 1 });
  expect(await get(`${arn}:1`, false)).toMatchObject({ Version: 1 });
  await expect(get(`${Name}/other`, false)).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  await expect(put({ Overwrite: true })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const together = ssm.send(new GetParametersCommand({ Names: [Name] }));
  await expect(together).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test.each([
  ['app/1', 'ValidationException', 'fully qualified'],
  ['/ssm/app', 'ValidationException', 'prefixed with "ssm"'],
  ['/app/a b', 'ValidationException', 'sub-paths'],
  ['/aws/app', 'AccessDeniedException', 'reserved parameter name'],
])('a parameter named %s is refused with %s', async (name, code, message) => {
  await expect(put({ Name: name })).rejects.toMatchObject({
    name: code,
    message: expect.stringContaining(message),
  });
});
