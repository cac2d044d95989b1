/** The door through the real SDK, at the stand-in of Parameter Store with a key of its own. */
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type ParameterCopy, parameterCopies } from '../../doors/parameter-copies.ts';
import { allParameters, keyUse, startParameterStore } from '../sandbox/ssm/parameter-store.ts';

const canary = 'canary-8f2c';

let store: Awaited<ReturnType<typeof startParameterStore>>;
let client: SSMClient;
beforeAll(async () => {
  store = await startParameterStore();
  client = new SSMClient(store.client);
});
afterAll(async () => {
  client?.destroy();
  await store?.stop();
});

let copy: ParameterCopy;
let count = 0;
beforeEach(() => {
  const name = `/pharmacy/prod/${++count}`;
  copy = { name, keyId: store.keyArn, value: canary, tier: 'Standard' };
  const actions = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:Decrypt'];
  store.may(allParameters, keyUse(actions, store.ssm.arnOf(name)));
});

const refusal = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: Error) => error,
  );

test('a copy is written, read back, and written over under the next version', async () => {
  const door = parameterCopies(client);
  expect(await door.read(copy.name)).toBeUndefined();
  expect(await door.put(copy)).toEqual({ version: 1 });
  expect(await door.read(copy.name)).toEqual({ value: canary, version: 1 });
  expect(await door.put({ ...copy, value: 'canary-é' })).toEqual({ version: 2 });
  expect(await door.read(copy.name)).toEqual({ value: 'canary-é', version: 2 });
});

test('a value that is too long for its tier is refused with what to do, and fits another', async () => {
  const door = parameterCopies(client);
  const long = { ...copy, value: canary.repeat(500) };
  const error = await refusal(door.put(long));
  expect(error).toMatchObject({
    name: 'ParameterCopyError',
    code: 'ERR_ROTATION_PARAMETER_COPY',
    parameter: copy.name,
    found: 'ValidationException',
    message: expect.stringContaining('Intelligent-Tiering'),
  });
  expect(error.message).not.toContain(canary);
  expect(await door.put({ ...long, tier: 'Intelligent-Tiering' })).toEqual({ version: 1 });
  expect(await door.read(copy.name)).toEqual({ value: long.value, version: 1 });
});

test('a key that is gone is named as the reason', async () => {
  const error = await refusal(parameterCopies(client).put({ ...copy, keyId: 'alias/none' }));
  expect(error).toMatchObject({ name: 'ParameterCopyError', found: 'InvalidKeyId' });
});

test('a String in its place is neither written over nor taken for a copy', async () => {
  const door = parameterCopies(client);
  const { name } = copy;
  await client.send(new PutParameterCommand({ Name: name, Type: 'String', Value: canary }));
  const refused = [await refusal(door.put(copy)), await refusal(door.read(name))];
  expect(refused).toMatchObject([
    { name: 'ParameterCopyError', found: 'HierarchyTypeMismatchException' },
    { name: 'ParameterCopyError', found: expect.stringContaining('a String') },
  ]);
  expect(refused.map(({ message }) => message).join()).not.toContain(canary);
});

test('who may not decrypt is told by AWS which right is missing', async () => {
  await parameterCopies(client).put(copy);
  store.may(allParameters);
  expect(await refusal(parameterCopies(client).read(copy.name))).toMatchObject({
    name: 'AwsCallError',
    awsCode: 'AccessDeniedException',
    message: expect.stringContaining('kms:Decrypt'),
  });
});

test('a refusal that quotes the value is not handed on', async () => {
  const quoting = {
    send: async () => {
      throw Object.assign(new Error(`${canary} is no value that the parameter may have`), {
        name: 'InvalidParameterValue',
        $metadata: { httpStatusCode: 400 },
      });
    },
  } as unknown as SSMClient;
  const error = await refusal(parameterCopies(quoting).put(copy));
  expect(error).toMatchObject({ awsCode: 'InvalidParameterValue' });
  expect(`${error.message}${error.stack}`).not.toContain(canary);
});
