/** Functions beside the stack, as Lambda's real client meets them. */
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Account, ADMINISTRATOR, startAccount } from '../account.ts';

let account: Account;
let client: LambdaClient;
beforeAll(async () => {
  account = await startAccount();
  client = new LambdaClient(account.clientOf('administrator', ADMINISTRATOR));
  account.services.lambda.existing.put({ name: 'reports', description: 'nightly' });
  account.services.lambda.existing.put({ name: 'broken', updateStatus: 'Failed' });
});
afterAll(async () => {
  client?.destroy();
  await account?.stop();
});

const get = (FunctionName: string, of = client) =>
  of.send(new GetFunctionConfigurationCommand({ FunctionName }));
const update = (FunctionName: string, change: object, of = client) =>
  of.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...change }));
const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:reports';

test('an update is in progress on the clock, and another one meanwhile is refused', async () => {
  const before = await get('reports');
  expect(before).toMatchObject({
    ...{
      FunctionArn: ARN,
      Description: 'nightly',
      State: 'Active',
      LastUpdateStatus: 'Successful',
    },
  });
  const updated = await update(ARN, { Description: 'nightly 2', RevisionId: before.RevisionId });
  expect(updated).toMatchObject({ Description: 'nightly 2', LastUpdateStatus: 'InProgress' });
  expect(updated.RevisionId).not.toBe(before.RevisionId);
  await expect(update('reports', { Description: 'nightly 3' })).rejects.toMatchObject({
    name: 'ResourceConflictException',
    message: expect.stringContaining(`An update is in progress for resource: ${ARN}`),
    $metadata: { httpStatusCode: 409 },
  });
  await account.pass(5);
  expect(await get('reports')).toMatchObject({
    ...{ Description: 'nightly 2', LastUpdateStatus: 'Successful' },
  });
  await expect(update('reports', { RevisionId: before.RevisionId })).rejects.toMatchObject({
    ...{ name: 'PreconditionFailedException', $metadata: { httpStatusCode: 412 } },
  });
});

test('an update that fails says so; what is not simulated, and not there, too', async () => {
  await update('broken', { Description: 'x' });
  await account.pass(5);
  expect(await get('broken')).toMatchObject({
    ...{ LastUpdateStatus: 'Failed', LastUpdateStatusReasonCode: 'InternalError' },
  });
  await expect(update('reports', { Timeout: 9 })).rejects.toMatchObject({
    message: 'The sandbox does not simulate Timeout of UpdateFunctionConfiguration.',
  });
  await expect(get('other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('whoever may update one function may not update another', async () => {
  const some = new LambdaClient(
    account.clientOf('updater', {
      ...{ Effect: 'Allow', Action: 'lambda:UpdateFunctionConfiguration', Resource: ARN },
    }),
  );
  await update('reports', { Description: 'again' }, some);
  await expect(update('broken', { Description: 'again' }, some)).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  await expect(get('reports', some)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  some.destroy();
});
