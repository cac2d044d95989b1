import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { DynamoDbService } from '../../../sandbox/dynamodb/service.ts';
import { ScriptedIam } from '../scripted-ports.ts';
import { serve } from '../serve.ts';

const createdAt = new Date('2026-05-17T17:00:00Z');
const TableName = 'control';
const Key = { pk: { S: 'after#jwt' }, sk: { S: 'v1' } };
const clock = new SandboxClock(createdAt, 'manual');
const service = new DynamoDbService({ account: '000000000000', region: 'eu-west-1', clock });
const iam = new ScriptedIam();
let served: Awaited<ReturnType<typeof serve>>;
let client: DynamoDBClient;

beforeAll(async () => {
  served = await serve(service, iam);
  client = new DynamoDBClient(served.client);
  await service.createTable({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
  });
});
beforeEach(() => iam.denied.clear());
afterAll(async () => {
  client.destroy();
  service.stop();
  await served.stop();
});

test('the real client puts, reads, updates and queries an item', async () => {
  await client.send(new PutItemCommand({ TableName, Item: { ...Key, state: { S: 'due' } } }));
  await client.send(
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: 'SET #s = :running ADD attempts :one',
      ConditionExpression: '#s = :due',
      ExpressionAttributeNames: { '#s': 'state' },
      ExpressionAttributeValues: {
        ':running': { S: 'running' },
        ':due': { S: 'due' },
        ':one': { N: '1' },
      },
    }),
  );
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  expect(Item).toEqual({ ...Key, state: { S: 'running' }, attempts: { N: '1' } });
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': Key.pk },
    }),
  );
  expect(Items).toEqual([Item]);
});

test('a lost condition arrives as the client’s own error class, with the item when asked', async () => {
  const failed = client.send(
    new PutItemCommand({
      TableName,
      Item: Key,
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  );
  await expect(failed).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  await expect(failed).rejects.toMatchObject({
    message: 'The conditional request failed',
    Item: { state: { S: 'running' } },
  });
});

test('a table is described with the sandbox’s ARN and clock', async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({
    TableArn: 'arn:aws:dynamodb:eu-west-1:000000000000:table/control',
    CreationDateTime: createdAt,
  });
});

test('what IAM denies reaches no table', async () => {
  iam.denied.add('dynamodb:PutItem');
  const Item = { ...Key, sk: { S: 'v2' } };
  await expect(client.send(new PutItemCommand({ TableName, Item }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  const read = await client.send(new GetItemCommand({ TableName, Key: Item }));
  expect(read.Item).toBeUndefined();
});

test('TransactWriteItems is answered 501 by name', async () => {
  const TransactItems = [{ Put: { TableName, Item: Key } }];
  await expect(client.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toMatchObject(
    { $metadata: { httpStatusCode: 501 }, message: expect.stringContaining('TransactWriteItems') },
  );
});
