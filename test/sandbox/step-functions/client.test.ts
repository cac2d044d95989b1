import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serve } from '../serve.ts';
import { Bench, start } from './machine.ts';

const bench = new Bench();
let served: Awaited<ReturnType<typeof serve>>;
let client: SFNClient;

beforeAll(async () => {
  served = await serve(bench.service, bench.iam);
  client = new SFNClient(served.client);
});
afterAll(async () => {
  client.destroy();
  await served.stop();
});

test('the real client starts an execution and reads its end and its history', async () => {
  const stateMachineArn = bench.load({ Hello: { Type: 'Pass', Result: 'hi', End: true } });
  const begin = new StartExecutionCommand({ stateMachineArn, name: 'v1', input: '{"a":1}' });
  const { executionArn, startDate } = await client.send(begin);
  expect(startDate).toEqual(start);
  await bench.clock.settle();
  expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
    status: 'SUCCEEDED',
    output: '"hi"',
    stopDate: start,
  });
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events).toMatchObject([
    { id: 1, type: 'ExecutionStarted', executionStartedEventDetails: { input: '{"a":1}' } },
    { type: 'PassStateEntered', stateEnteredEventDetails: { name: 'Hello' } },
    { type: 'PassStateExited', stateExitedEventDetails: { name: 'Hello', output: '"hi"' } },
    { type: 'ExecutionSucceeded', executionSucceededEventDetails: { output: '"hi"' } },
  ]);
  await expect(client.send(begin)).rejects.toBeInstanceOf(ExecutionAlreadyExists);
});
