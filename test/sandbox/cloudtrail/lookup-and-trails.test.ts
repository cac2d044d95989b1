/** LookupEvents and trails, as their real clients meet them. */
import { gunzipSync } from 'node:zlib';
import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  LookupEventsCommand,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, GetItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PlantedRecord } from '../../../sandbox/cloudtrail/service.ts';
import { type Account, ADMINISTRATOR, startAccount } from '../account.ts';

let account: Account;
let client: CloudTrailClient;
let trails: Account['services']['cloudtrail'];
beforeEach(async () => {
  account = await startAccount();
  trails = account.services.cloudtrail;
  trails.throttle('off');
  client = new CloudTrailClient(account.clientOf('administrator', ADMINISTRATOR));
});
afterEach(async () => {
  client?.destroy();
  await account?.stop();
});

const event = (eventName: string, eventTime: string, more: Partial<PlantedRecord> = {}) => ({
  ...{ eventName, eventTime, eventSource: 'secretsmanager.amazonaws.com' },
  userIdentity: { type: 'IAMUser', userName: 'mallory', accessKeyId: 'LOCALUSERX' },
  ...more,
});
const lookup = (input: LookupEventsCommandInput = {}, of = client) =>
  of.send(new LookupEventsCommand(input));
const by = (AttributeKey: 'EventName' | 'Username' | 'ReadOnly', AttributeValue: string) => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
});
const idsOf = (events: Awaited<ReturnType<typeof lookup>>) =>
  events.Events?.map(({ EventName }) => EventName);

describe('LookupEvents', () => {
  test('gives the newest first, page by page, while newer ones come in', async () => {
    trails.recordEvents([
      event('B', '2026-05-17T10:00:00Z'),
      event('A', '2026-05-17T09:00:00Z'),
      event('C', '2026-05-17T10:00:00Z'),
    ]);
    const asked = by('Username', 'mallory');
    const first = await lookup({ ...asked, MaxResults: 2 });
    trails.recordEvents([event('D', '2026-05-17T16:00:00Z')]);
    const second = await lookup({ ...asked, MaxResults: 2, NextToken: first.NextToken });
    expect([idsOf(first), idsOf(second)]).toEqual([['C', 'B'], ['A']]);
    expect(second.NextToken).toBeUndefined();
    expect(first.Events?.[0]).toMatchObject({
      EventTime: new Date('2026-05-17T10:00:00Z'),
      ...{ Username: 'mallory', AccessKeyId: 'LOCALUSERX', ReadOnly: 'true' },
      CloudTrailEvent: expect.stringContaining('"eventName":"C"'),
    });
  });

  test('keeps to the time asked for, to ninety days, to the region and to the account', async () => {
    trails.recordEvents([
      event('In', '2026-05-16T10:00:00Z'),
      event('Before', '2026-05-16T09:59:59Z'),
      event('After', '2026-05-16T10:00:01Z'),
      event('Old', '2026-02-10T10:00:00Z'),
      event('Elsewhere', '2026-05-16T10:00:00Z', { awsRegion: 'us-east-1' }),
      event('OfOthers', '2026-05-16T10:00:00Z', { recipientAccountId: '111122223333' }),
    ]);
    const asked = by('Username', 'mallory');
    const at = new Date('2026-05-16T10:00:00Z');
    expect(idsOf(await lookup({ ...asked, StartTime: at, EndTime: at }))).toEqual(['In']);
    const long = { ...asked, StartTime: new Date('2025-01-01T00:00:00Z') };
    expect(idsOf(await lookup(long))).toEqual(['After', 'In', 'Before']);
    const american = new CloudTrailClient({
      ...account.clientOf('administrator', ADMINISTRATOR),
      region: 'us-east-1',
    });
    expect(idsOf(await lookup(asked, american))).toEqual(['Elsewhere']);
    american.destroy();
  });

  test('one attribute at a time, fifty at most, a token only for what it was given for', async () => {
    const [name] = by('EventName', 'X').LookupAttributes;
    const code = (input: LookupEventsCommandInput) =>
      lookup(input).then(
        () => 'no error',
        (error) => error.name,
      );
    expect(await code({ LookupAttributes: [name, name] as never })).toBe(
      'InvalidLookupAttributesException',
    );
    expect(await code({ MaxResults: 51 })).toBe('InvalidMaxResultsException');
    expect(await code({ NextToken: 'x' })).toBe('InvalidNextTokenException');
    const range = { StartTime: new Date('2026-05-02'), EndTime: new Date('2026-05-01') };
    expect(await code(range)).toBe('InvalidTimeRangeException');
    trails.recordEvents([event('X', '2026-05-17T10:00:00Z'), event('X', '2026-05-17T10:00:00Z')]);
    const { NextToken } = await lookup({ ...by('EventName', 'X'), MaxResults: 1 });
    expect(await code({ ...by('EventName', 'Y'), NextToken })).toBe('InvalidNextTokenException');
  });

  test('twice a second and region; the third is told to slow down, in another region it is not', async () => {
    trails.throttle('machine');
    const asked = await Promise.allSettled([lookup(), lookup(), lookup()]);
    expect(asked.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(asked.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'ThrottlingException', message: 'Rate exceeded' },
    });
    const regional = { ...account.clientOf('administrator', ADMINISTRATOR), region: 'us-east-1' };
    const american = new CloudTrailClient(regional);
    await expect(lookup({}, american)).resolves.toBeDefined();
    american.destroy();
  });

  test('what is younger than the delay is not there yet', async () => {
    trails.delay(900);
    trails.recordEvents([event('Late', '2026-05-17T16:50:00Z')]);
    expect(idsOf(await lookup(by('EventName', 'Late')))).toEqual([]);
    await account.pass(300);
    expect(idsOf(await lookup(by('EventName', 'Late')))).toEqual(['Late']);
  });

  test('who was not allowed to is refused, and a policy can name the region', async () => {
    const denied = new CloudTrailClient(account.clientOf('nobody'));
    await expect(lookup({}, denied)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    denied.destroy();
    const home = account.clientOf('at-home', {
      ...ADMINISTRATOR,
      Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } },
    });
    const away = new CloudTrailClient({ ...home, region: 'us-east-1' });
    await expect(lookup({}, away)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    away.destroy();
  });

  test('no other service takes a signature for another region', async () => {
    const away = new DynamoDBClient({
      ...account.clientOf('administrator', ADMINISTRATOR),
      region: 'us-east-1',
    });
    await expect(away.send(new ListTablesCommand({}))).rejects.toMatchObject({
      message: expect.stringContaining('Credential should be scoped to a valid region'),
    });
    away.destroy();
  });
});

test('work on data is nothing for a trail of management events; what manages it is', async () => {
  const own = account.clientOf('administrator', ADMINISTRATOR);
  const clients = {
    dynamodb: new DynamoDBClient(own),
    lambda: new LambdaClient(own),
    s3: new S3Client({ ...own, forcePathStyle: true }),
    sns: new SNSClient(own),
    cloudwatch: new CloudWatchClient(own),
  };
  const TopicArn = 'arn:aws:sns:eu-west-1:000000000000:none';
  await Promise.allSettled([
    clients.dynamodb.send(new GetItemCommand({ TableName: 't', Key: { id: { S: 'secret' } } })),
    clients.lambda.send(new InvokeCommand({ FunctionName: 'f', Payload: Buffer.from('{}') })),
    clients.s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })),
    clients.s3.send(new ListObjectsV2Command({ Bucket: 'b' })),
    clients.sns.send(new PublishCommand({ TopicArn, Message: 'm' })),
    clients.dynamodb.send(new ListTablesCommand({})),
    clients.cloudwatch.send(new DescribeAlarmsCommand({})),
  ]);
  for (const each of Object.values(clients)) each.destroy();
  expect(
    trails
      .records()
      .map(({ eventSource, eventName }) => `${eventSource} ${eventName}`)
      .sort(),
  ).toEqual(['dynamodb.amazonaws.com ListTables', 'monitoring.amazonaws.com DescribeAlarms']);
});

describe('a trail', () => {
  const put = { bucket: 'trail-logs', prefix: 'logs', organization: 'o-exampleorgid' };
  const filesOf = async () => {
    const own = account.clientOf('reader', ADMINISTRATOR);
    const s3 = new S3Client({ ...own, forcePathStyle: true });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'trail-logs' }));
    const files = await Promise.all(
      Contents.map(async ({ Key = '' }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'trail-logs', Key }));
        const text = gunzipSync(await (Body as NonNullable<typeof Body>).transformToByteArray());
        const { Records } = JSON.parse(text.toString('utf8'));
        return [Key, Records.map(({ eventName }: { eventName: string }) => eventName)] as const;
      }),
    );
    s3.destroy();
    return files;
  };

  test('writes a file for each day, region and account, and each record once', async () => {
    trails.putTrail(put);
    trails.recordEvents([
      event('A', '2026-05-16T23:59:00Z'),
      event('B', '2026-05-17T00:01:00Z'),
      event('C', '2026-05-17T00:02:00Z'),
      event('D', '2026-05-17T00:02:00Z', { awsRegion: 'us-east-1' }),
      event('E', '2026-05-17T00:02:00Z', { recipientAccountId: '111122223333' }),
    ]);
    await trails.deliver();
    expect(await trails.deliver()).toEqual([]);
    trails.recordEvents([event('F', '2026-05-17T00:03:00Z')]);
    await trails.deliver();
    const root = 'logs/AWSLogs/o-exampleorgid';
    const named = (of: string, region: string, day: string, minute: string) =>
      expect.stringMatching(
        new RegExp(
          `^${root}/${of}/CloudTrail/${region}/${day}/${of}_CloudTrail_${region}_${minute}_[A-Za-z0-9]{16}\\.json\\.gz$`,
        ),
      );
    const own = '000000000000';
    expect(await filesOf()).toEqual([
      [named(own, 'eu-west-1', '2026/05/16', '20260516T2359Z'), ['A']],
      [named(own, 'eu-west-1', '2026/05/17', '20260517T0001Z'), ['B', 'C']],
      [named(own, 'eu-west-1', '2026/05/17', '20260517T0003Z'), ['F']],
      [named(own, 'us-east-1', '2026/05/17', '20260517T0002Z'), ['D']],
      [named('111122223333', 'eu-west-1', '2026/05/17', '20260517T0002Z'), ['E']],
    ]);
  });

  test('files an event under the day it was delivered, which may be the day after', async () => {
    trails.putTrail({ bucket: 'trail-logs' });
    trails.delay(900);
    trails.recordEvents([event('A', '2026-05-16T23:50:00Z'), event('B', '2026-05-17T16:50:00Z')]);
    await trails.deliver();
    expect(await filesOf()).toEqual([
      [
        expect.stringContaining(
          '/eu-west-1/2026/05/17/000000000000_CloudTrail_eu-west-1_20260517T0005Z_',
        ),
        ['A'],
      ],
    ]);
  });

  test('leaves out what its selectors leave out, and tells them', async () => {
    const { arn } = trails.putTrail({
      ...put,
      readWriteType: 'ReadOnly',
      excludeManagementEventSources: ['kms.amazonaws.com'],
    });
    trails.recordEvents([
      event('Read', '2026-05-17T10:00:00Z'),
      event('Write', '2026-05-17T10:00:00Z', { readOnly: false }),
      event('Decrypt', '2026-05-17T10:00:00Z', { eventSource: 'kms.amazonaws.com' }),
    ]);
    await trails.deliver();
    expect((await filesOf()).map(([, names]) => names)).toEqual([['Read']]);
    const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: arn }));
    expect(selectors.EventSelectors).toMatchObject([
      { ReadWriteType: 'ReadOnly', ExcludeManagementEventSources: ['kms.amazonaws.com'] },
    ]);
    expect((await client.send(new DescribeTrailsCommand({}))).trailList).toMatchObject([
      {
        S3BucketName: 'trail-logs',
        S3KeyPrefix: 'logs',
        IsMultiRegionTrail: true,
        IsOrganizationTrail: true,
      },
    ]);
    expect(
      await client.send(new GetTrailStatusCommand({ Name: 'management-events' })),
    ).toMatchObject({
      IsLogging: true,
      LatestDeliveryTime: new Date('2026-05-17T17:00:00Z'),
    });
    await expect(client.send(new GetTrailStatusCommand({ Name: 'none' }))).rejects.toMatchObject({
      name: 'TrailNotFoundException',
    });
  });

  test('delivers by itself where it is told to, a second after the delay', async () => {
    trails.putTrail({ ...put, delivers: 'byItself' });
    trails.recordEvents([event('A', '2026-05-17T10:00:00Z')]);
    await account.pass(2);
    expect((await filesOf()).map(([, names]) => names)).toEqual([['A']]);
  });
});
