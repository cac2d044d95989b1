import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { DynamoDbService } from '../../../sandbox/dynamodb/service.ts';
import type { Caller } from '../../../sandbox/service.ts';

const caller: Caller = { arn: 'arn:aws:iam::000000000000:role/core', kind: 'role' };
const table = {
  TableName: 'control',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: 'key-1' },
  DeletionProtectionEnabled: true,
};
const item = { pk: { S: 'lease#jwt' }, sk: { S: 'lease' }, owner: { S: 'a' } };
const arn = 'arn:aws:dynamodb:eu-west-1:000000000000:table/control';

let service: DynamoDbService;
const run = (operation: string, input: Record<string, unknown>) =>
  service.operations[operation]?.run(input, caller) as Promise<Record<string, unknown>>;
const checks = (operation: string, input: Record<string, unknown>) =>
  service.operations[operation]?.authorize(input, caller);

beforeEach(async () => {
  const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  service = new DynamoDbService({ account: '000000000000', region: 'eu-west-1', clock });
  await service.createTable(table);
});
afterEach(() => service.stop());

describe('tables', () => {
  test('a template table is ACTIVE when createTable returns, with this account, region and clock', async () => {
    const { Table } = (await run('DescribeTable', { TableName: 'control' })) as never;
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      TableArn: arn,
      CreationDateTime: Date.parse('2026-05-17T17:00:00Z') / 1000,
      DeletionProtectionEnabled: true,
      SSEDescription: { Status: 'ENABLED', KMSMasterKeyArn: 'key-1' },
    });
    expect(await run('ListTables', {})).toEqual({ TableNames: ['control'] });
    expect(service.kept('control')).toHaveProperty('PointInTimeRecoverySpecification');
  });

  test('a property that is not modelled stops the load by name', async () => {
    await expect(
      service.createTable({ ...table, TableName: 'other', StreamSpecification: {} }),
    ).rejects.toThrow('StreamSpecification');
  });

  test('an unknown table is a ResourceNotFoundException', async () => {
    await expect(
      run('GetItem', { TableName: 'nowhere', Key: { pk: { S: 'a' } } }),
    ).rejects.toMatchObject({ code: 'ResourceNotFoundException', status: 400 });
  });

  test('TransactWriteItems is not modelled, so the server answers 501', () => {
    expect(service.operations.TransactWriteItems).toBeUndefined();
  });
});

describe('items', () => {
  test('what is put is read, by name and by ARN of the table', async () => {
    await run('PutItem', { TableName: 'control', Item: item });
    const Key = { pk: item.pk, sk: item.sk };
    expect(await run('GetItem', { TableName: arn, Key })).toEqual({ Item: item });
    expect(await run('BatchGetItem', { RequestItems: { [arn]: { Keys: [Key] } } })).toMatchObject({
      Responses: { control: [item] },
    });
  });

  test('a conditional put that loses fails with AWS’s name, and returns the winner when asked', async () => {
    await run('PutItem', { TableName: 'control', Item: item });
    await expect(
      run('PutItem', {
        TableName: 'control',
        Item: { ...item, owner: { S: 'b' } },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ).rejects.toMatchObject({
      code: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      members: { Item: item },
    });
  });

  test('UpdateItem, Query, Scan and DeleteItem work on the same rows', async () => {
    const Key = { pk: item.pk, sk: item.sk };
    await run('UpdateItem', {
      TableName: 'control',
      Key,
      UpdateExpression: 'SET #o = :o',
      ExpressionAttributeNames: { '#o': 'owner' },
      ExpressionAttributeValues: { ':o': { S: 'c' } },
    });
    const query = {
      TableName: 'control',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': item.pk },
    };
    expect(await run('Query', query)).toMatchObject({ Count: 1, Items: [{ owner: { S: 'c' } }] });
    expect(await run('Scan', { TableName: 'control' })).toMatchObject({ Count: 1 });
    await run('DeleteItem', { TableName: 'control', Key });
    expect(await run('Query', query)).toMatchObject({ Count: 0 });
  });

  test('a member the emulator would ignore is refused by name', async () => {
    await expect(
      run('PutItem', { TableName: 'control', Item: item, Surprise: true }),
    ).rejects.toThrow('Surprise');
  });

  test('after stop nothing is answered', async () => {
    service.stop();
    await expect(run('ListTables', {})).rejects.toThrow('stopped');
  });
});

describe('what IAM is asked', () => {
  test('reads and writes of one item carry its partition key', () => {
    expect(checks('GetItem', { TableName: 'control', Key: { pk: item.pk, sk: item.sk } })).toEqual([
      {
        action: 'dynamodb:GetItem',
        resource: arn,
        context: { 'dynamodb:LeadingKeys': ['lease#jwt'] },
      },
    ]);
    expect(checks('PutItem', { TableName: 'control', Item: item })).toEqual([
      {
        action: 'dynamodb:PutItem',
        resource: arn,
        context: {
          'dynamodb:LeadingKeys': ['lease#jwt'],
          'dynamodb:Attributes': ['pk', 'sk', 'owner'],
        },
      },
    ]);
  });

  test.each([['#p = :p AND begins_with(sk, :s)'], ['(#p = :p) and sk = :s'], [':p = #p']])(
    'a query %s carries the key it is about',
    (KeyConditionExpression) => {
      const input = {
        TableName: 'control',
        KeyConditionExpression,
        ExpressionAttributeNames: { '#p': 'pk' },
        ExpressionAttributeValues: { ':p': { S: 'intent#jwt' }, ':s': { S: 'x' } },
      };
      expect(checks('Query', input)?.[0]?.context).toEqual({
        'dynamodb:LeadingKeys': ['intent#jwt'],
      });
    },
  );

  test('a scan has no leading key, a batch one check a table', () => {
    expect(checks('Scan', { TableName: 'control' })?.[0]?.context).toEqual({});
    const Keys = ['a', 'b', 'a'].map((pk) => ({ pk: { S: pk }, sk: { S: 'x' } }));
    expect(checks('BatchGetItem', { RequestItems: { control: { Keys } } })).toEqual([
      {
        action: 'dynamodb:BatchGetItem',
        resource: arn,
        context: { 'dynamodb:LeadingKeys': ['a', 'b'] },
      },
    ]);
  });
});
