import { beforeEach, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { SqsService } from '../../../sandbox/sqs/service.ts';
import { RecordedMetrics, ScriptedKeys } from '../scripted-ports.ts';

const user: Caller = { kind: 'user', arn: 'arn:aws:iam::000000000000:user/u' };
const rule = 'arn:aws:events:eu-west-1:000000000000:rule/promoted';
const events: Caller = {
  kind: 'service',
  arn: 'events.amazonaws.com',
  service: 'events.amazonaws.com',
  sourceArn: rule,
};
let clock: SandboxClock;
let keys: ScriptedKeys;
let metrics: RecordedMetrics;
let sqs: SqsService;
let queue: { arn: string; url: string };
beforeEach(() => {
  clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  keys = new ScriptedKeys();
  metrics = new RecordedMetrics();
  const place = { account: '000000000000', region: 'eu-west-1', clock };
  const endpoint = () => 'http://127.0.0.1:9';
  sqs = new SqsService({ ...place, iam: new Iam(place), keys, metrics, endpoint });
  queue = sqs.createQueue({
    name: 'dead-letters',
    kmsKeyId: 'key',
    visibilityTimeout: 30,
    messageRetentionPeriod: 3600,
    delaySeconds: 0,
  });
});
const run = (operation: string, input: object = {}) =>
  sqs.operations[operation]?.run({ QueueUrl: queue.url, ...input }, user) as Promise<
    Record<string, never>
  >;
const bodies = async (input = {}) =>
  ((await run('ReceiveMessage', input)).Messages as { Body: string }[] | undefined)?.map(
    ({ Body }) => Body,
  ) ?? [];
const seconds = (count: number) => clock.advanceTo(new Date(clock.now().getTime() + count * 1000));
const allowing = (sourceArn: string) =>
  sqs.putQueuePolicy(queue.url, {
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queue.arn,
      Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } },
    },
  });

test('a message is in one reader’s hands, comes back, and is gone when it is deleted', async () => {
  await run('SendMessage', { MessageBody: 'm' });
  expect(await bodies()).toEqual(['m']);
  expect(await bodies()).toEqual([]);
  await seconds(31);
  const [message] = (await run('ReceiveMessage')).Messages as unknown as {
    ReceiptHandle: string;
  }[];
  await run('DeleteMessage', { ReceiptHandle: message?.ReceiptHandle });
  await seconds(31);
  expect(await bodies()).toEqual([]);
  await expect(run('DeleteMessage', { ReceiptHandle: 'x' })).rejects.toMatchObject({
    code: 'ReceiptHandleIsInvalid',
  });
});

test('a message that nobody takes expires', async () => {
  await run('SendMessage', { MessageBody: 'm' });
  await seconds(3601);
  expect(await bodies()).toEqual([]);
});

test('the depth is told whenever it changes, by time too', async () => {
  const depth = () =>
    metrics.levels.filter(([name]) => name === 'ApproximateNumberOfMessagesVisible').at(-1)?.[1];
  expect(depth()).toBe(0);
  await run('SendMessage', { MessageBody: 'm' });
  expect(depth()).toBe(1);
  await run('ReceiveMessage');
  expect(depth()).toBe(0);
  await seconds(31);
  expect(depth()).toBe(1);
  await seconds(3600);
  expect(depth()).toBe(0);
});

test('a service sends only what the policy lets this source send', async () => {
  const send = () => sqs.sendAs(events, queue.arn, '{}', { ERROR_CODE: 'SDK_CLIENT_ERROR' });
  expect(send).toThrow('no resource-based policy allows the sqs:SendMessage action');
  allowing(`${rule}-other`);
  expect(send).toThrow('no resource-based policy allows the sqs:SendMessage action');
  allowing(rule);
  send();
  expect((await run('ReceiveMessage', { MessageAttributeNames: ['All'] })).Messages).toMatchObject([
    { Body: '{}', MessageAttributes: { ERROR_CODE: { StringValue: 'SDK_CLIENT_ERROR' } } },
  ]);
});

test('nothing is sent or read without the key', async () => {
  allowing(rule);
  keys.closed.add('key');
  expect(() => sqs.sendAs(events, queue.arn, '{}')).toThrow(
    expect.objectContaining({ code: 'KMS.AccessDeniedException' }),
  );
  await expect(run('SendMessage', { MessageBody: 'm' })).rejects.toThrow('may not use key');
  await expect(run('ReceiveMessage')).rejects.toThrow('may not use key');
  expect(keys.asked.map(({ caller, actions }) => [caller.via, actions])).toEqual([
    [undefined, ['kms:GenerateDataKey', 'kms:Decrypt']],
    ['sqs.eu-west-1.amazonaws.com', ['kms:GenerateDataKey', 'kms:Decrypt']],
    ['sqs.eu-west-1.amazonaws.com', ['kms:Decrypt']],
  ]);
});

test('a queue tells its attributes, those that were asked for', async () => {
  expect(
    (await run('GetQueueAttributes', { AttributeNames: ['QueueArn', 'KmsMasterKeyId'] }))
      .Attributes,
  ).toEqual({ QueueArn: queue.arn, KmsMasterKeyId: 'key' });
  expect(await run('GetQueueUrl', { QueueName: 'dead-letters' })).toEqual({ QueueUrl: queue.url });
  await expect(run('GetQueueUrl', { QueueName: 'none' })).rejects.toMatchObject({
    code: 'QueueDoesNotExist',
  });
});
