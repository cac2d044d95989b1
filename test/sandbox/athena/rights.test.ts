/** Athena works with its caller's rights: to the workgroup, the catalog, the logs, the results and their keys. */
import { Readable } from 'node:stream';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { ADMINISTRATOR } from '../account.ts';
import {
  type Audit,
  ask,
  RESULTS_BUCKET,
  read,
  start,
  startAudit,
  TRAIL_BUCKET,
} from './audit-account.ts';

const GLUE = 'arn:aws:glue:eu-west-1:000000000000';
const allow = (Action: string | string[], Resource: string | string[]): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
});
/** Everything that an audit needs, and nothing else. */
const RIGHTS = {
  group: allow(
    ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
    'arn:aws:athena:eu-west-1:000000000000:workgroup/audit',
  ),
  database: allow(
    'glue:GetDatabase',
    ['catalog', 'database/default', 'database/audit'].map((name) => `${GLUE}:${name}`),
  ),
  table: allow(
    'glue:GetTable',
    ['catalog', 'database/audit', 'table/audit/cloudtrail_logs'].map((name) => `${GLUE}:${name}`),
  ),
  list: {
    ...allow('s3:ListBucket', `arn:aws:s3:::${TRAIL_BUCKET}`),
    Condition: { StringLike: { 's3:prefix': 'logs/AWSLogs/000000000000/*' } },
  },
  logs: allow('s3:GetObject', `arn:aws:s3:::${TRAIL_BUCKET}/logs/AWSLogs/000000000000/*`),
  location: allow('s3:GetBucketLocation', `arn:aws:s3:::${RESULTS_BUCKET}`),
  write: allow('s3:PutObject', `arn:aws:s3:::${RESULTS_BUCKET}/answers/*`),
  answers: allow('s3:GetObject', `arn:aws:s3:::${RESULTS_BUCKET}/answers/*`),
};
const SQL = `SELECT useridentity.arn, requestparameters FROM cloudtrail_logs
  WHERE account = '000000000000' AND region = 'eu-west-1' AND day = '2026/05/16'`;
const ROW = ['arn:aws:sts::000000000000:assumed-role/app/session', '{"secretId":"a \\"b\\""}'];

let audit: Audit;
let administrator: AthenaClient;
beforeAll(async () => {
  audit = await startAudit();
  administrator = audit.athenaOf('administrator', ADMINISTRATOR);
  const { cloudtrail } = audit.services;
  cloudtrail.recordEvents([read('app', 'a "b"', '2026-05-16T10:00:00Z')]);
  await cloudtrail.deliver();
});
afterAll(() => audit?.stop());

const without = (name: string, ...left: (keyof typeof RIGHTS)[]) =>
  audit.athenaOf(
    name,
    ...Object.entries(RIGHTS).flatMap(([of, statement]) =>
      left.includes(of as keyof typeof RIGHTS) ? [] : [statement],
    ),
  );

test('with exactly these rights the query answers, and its results stand in the bucket as CSV', async () => {
  const client = without('auditor');
  expect(await ask(audit, client, SQL)).toEqual([ROW]);
  const { QueryExecutionId } = await start(client, SQL);
  await audit.clock.idle();
  const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
  const Key = `answers/${QueryExecutionId}.csv`;
  expect(QueryExecution).toMatchObject({
    Status: { State: 'SUCCEEDED' },
    WorkGroup: 'audit',
    ResultConfiguration: { OutputLocation: `s3://${RESULTS_BUCKET}/${Key}` },
    Statistics: { DataScannedInBytes: expect.any(Number) },
  });
  const s3 = new S3Client({ ...audit.clientOf('reader', ADMINISTRATOR), forcePathStyle: true });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: RESULTS_BUCKET, Key }));
  s3.destroy();
  expect(Body).toBeInstanceOf(Readable);
  expect(await Body?.transformToString()).toBe(
    '"arn","requestparameters"\n"arn:aws:sts::000000000000:assumed-role/app/session","{""secretId"":""a \\""b\\""""}"\n',
  );
});

test.each([
  ['database', 'glue:GetDatabase on resource: arn:aws:glue:eu-west-1:000000000000:catalog'],
  ['table', 'glue:GetTable on resource: arn:aws:glue:eu-west-1:000000000000:catalog'],
  [
    'list',
    `Permission denied on S3 path: s3://${TRAIL_BUCKET}/logs/AWSLogs/000000000000/CloudTrail/eu-west-1/2026/05/16`,
  ],
  [
    'logs',
    `Permission denied on S3 path: s3://${TRAIL_BUCKET}/logs/AWSLogs/000000000000/CloudTrail/eu-west-1/2026/05/16/000000000000_CloudTrail_eu-west-1_20260516T1000Z_`,
  ],
  ['write', `Access denied when writing output to url: s3://${RESULTS_BUCKET}/answers/`],
] as const)('without the right "%s" the query fails and says which', async (left, reason) => {
  const answer = await ask(audit, without(`no-${left}`, left), SQL);
  expect(answer).toMatch(/^PERMISSION_DENIED: /);
  expect(answer).toContain(reason);
});

test('without the right to the workgroup or the bucket of results no query starts', async () => {
  await expect(start(without('no-group', 'group'), SQL)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(
      'athena:StartQueryExecution on resource: arn:aws:athena:eu-west-1:000000000000:workgroup/audit',
    ),
  });
  await expect(start(without('no-location', 'location'), SQL)).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: `Unable to verify/create output bucket ${RESULTS_BUCKET}`,
  });
});

test('who may not read the bucket of results gets none of them', async () => {
  const client = without('no-answers', 'answers');
  await expect(ask(audit, client, SQL)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test("every right can be bound to calls that Athena makes in its caller's name, and to nothing else", async () => {
  const Condition = { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['athena.amazonaws.com'] } };
  const bound = Object.entries(RIGHTS).map(([of, statement]): Statement => {
    const own = 'Condition' in statement ? statement.Condition : {};
    return of === 'group' ? statement : { ...statement, Condition: { ...own, ...Condition } };
  });
  const client = audit.athenaOf('through-athena', ...bound);
  expect(await ask(audit, client, SQL)).toEqual([ROW]);
  const s3 = new S3Client({ ...audit.clientOf('through-athena', ...bound), forcePathStyle: true });
  await expect(
    s3.send(new GetObjectCommand({ Bucket: TRAIL_BUCKET, Key: 'logs/AWSLogs/000000000000/x' })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  s3.destroy();
});

test('a workgroup that keeps results itself needs no right to a bucket of them', async () => {
  const { athena } = audit.services;
  const kept = { enabled: true, enforced: true, managed: true, results: {} };
  athena.createWorkGroup({ name: 'kept', ...kept });
  const group = RIGHTS.group;
  const client = audit.athenaOf(
    'keeper',
    ...[RIGHTS.database, RIGHTS.table, RIGHTS.list, RIGHTS.logs],
    { ...group, Resource: String(group.Resource).replace('audit', 'kept') },
  );
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: SQL.replace('FROM ', 'FROM audit.'),
      WorkGroup: 'kept',
    }),
  );
  await audit.clock.idle();
  const results = () => client.send(new GetQueryResultsCommand({ QueryExecutionId }));
  expect((await results()).ResultSet?.Rows).toHaveLength(2);
  await audit.pass(25 * 3600);
  await expect(results()).rejects.toThrow('no longer available');
});

test('log files under a key are read by who may use the key, through S3', async () => {
  const { cloudtrail, kms } = audit.services;
  const root = { AWS: 'arn:aws:iam::000000000000:root' };
  const policy = { Statement: [{ ...ADMINISTRATOR, Principal: root }] };
  const kmsKeyArn = kms.createKey({ logicalId: 'trail', policy }).arn;
  cloudtrail.putTrail({ bucket: TRAIL_BUCKET, prefix: 'logs', kmsKeyArn });
  cloudtrail.recordEvents([read('late', 'c', '2026-05-15T10:00:00Z')]);
  await cloudtrail.deliver();
  const sql = SQL.replace('2026/05/16', '2026/05/15');
  expect(await ask(audit, without('keyless'), sql)).toContain('Permission denied on S3 path');
  const key: Statement = {
    ...allow('kms:Decrypt', kmsKeyArn),
    Condition: {
      StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
      'ForAnyValue:StringEquals': { 'aws:CalledVia': ['athena.amazonaws.com'] },
    },
  };
  const client = audit.athenaOf('with-key', ...Object.values(RIGHTS), key);
  expect(await ask(audit, client, sql)).toHaveLength(1);
});

test('a query runs as long as it is told, and can be stopped; what it gave is asked for in vain before', async () => {
  audit.services.athena.queriesTake(60);
  const states = async (QueryExecutionId: string | undefined) => {
    const command = new GetQueryExecutionCommand({ QueryExecutionId });
    return (await administrator.send(command)).QueryExecution?.Status?.State;
  };
  const [first, second] = [await start(administrator, SQL), await start(administrator, SQL)];
  audit.services.athena.queriesTake(0);
  expect(await states(first.QueryExecutionId)).toBe('RUNNING');
  await expect(
    administrator.send(new GetQueryResultsCommand({ QueryExecutionId: first.QueryExecutionId })),
  ).rejects.toThrow('Query has not yet finished. Current state: RUNNING');
  await administrator.send(
    new StopQueryExecutionCommand({ QueryExecutionId: second.QueryExecutionId }),
  );
  await audit.pass(61);
  expect(await states(first.QueryExecutionId)).toBe('SUCCEEDED');
  expect(await states(second.QueryExecutionId)).toBe('CANCELLED');
  await expect(
    administrator.send(new GetQueryResultsCommand({ QueryExecutionId: second.QueryExecutionId })),
  ).rejects.toThrow('Final query state: CANCELLED');
});

test('a token starts one query, however often it is sent, and another query not at all', async () => {
  const ClientRequestToken = 'a-token-of-thirty-two-characters-or-more';
  const send = (QueryString: string) =>
    administrator.send(
      new StartQueryExecutionCommand({ QueryString, WorkGroup: 'audit', ClientRequestToken }),
    );
  const { QueryExecutionId } = await send('SELECT 1');
  expect((await send('SELECT 1')).QueryExecutionId).toBe(QueryExecutionId);
  await expect(send('SELECT 2')).rejects.toThrow('Idempotent parameters do not match');
});

test('results come in pages: the header is the first row, types stand beside', async () => {
  const { QueryExecutionId } = await start(
    administrator,
    "SELECT 'a' AS x, 1 = 1 AS y, NULL AS z UNION ALL SELECT 'b', 1 = 2, NULL ORDER BY x",
  );
  await audit.clock.idle();
  const page = (MaxResults: number, NextToken?: string) =>
    administrator.send(new GetQueryResultsCommand({ QueryExecutionId, MaxResults, NextToken }));
  const first = await page(2);
  const second = await page(2, first.NextToken);
  const cells = (of: typeof first) =>
    of.ResultSet?.Rows?.map(({ Data }) => Data?.map(({ VarCharValue }) => VarCharValue));
  expect([...(cells(first) ?? []), ...(cells(second) ?? [])]).toEqual([
    ['x', 'y', 'z'],
    ['a', 'true', undefined],
    ['b', 'false', undefined],
  ]);
  expect(second.NextToken).toBeUndefined();
  expect(
    first.ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Name, Type }) => [Name, Type]),
  ).toEqual([
    ['x', 'varchar'],
    ['y', 'boolean'],
    ['z', 'unknown'],
  ]);
});

test('a workgroup tells where it writes; one without a place needs it said', async () => {
  const group = (WorkGroup: string) => administrator.send(new GetWorkGroupCommand({ WorkGroup }));
  expect((await group('audit')).WorkGroup).toMatchObject({
    State: 'ENABLED',
    Configuration: {
      EnforceWorkGroupConfiguration: true,
      ResultConfiguration: { OutputLocation: `s3://${RESULTS_BUCKET}/answers/` },
    },
  });
  await expect(group('none')).rejects.toThrow('WorkGroup none is not found.');
  await expect(
    administrator.send(new StartQueryExecutionCommand({ QueryString: 'SELECT 1' })),
  ).rejects.toThrow('No output location provided');
});

test('a query that reads more than its workgroup lets it is cancelled', async () => {
  audit.services.athena.createWorkGroup({
    name: 'tight',
    enabled: true,
    enforced: true,
    results: { OutputLocation: `s3://${RESULTS_BUCKET}/tight/` },
    cutoff: 10,
  });
  const { QueryExecutionId } = await administrator.send(
    new StartQueryExecutionCommand({
      QueryString: SQL.replace('FROM ', 'FROM audit.'),
      WorkGroup: 'tight',
    }),
  );
  await audit.clock.idle();
  const { QueryExecution } = await administrator.send(
    new GetQueryExecutionCommand({ QueryExecutionId }),
  );
  expect(QueryExecution?.Status).toMatchObject({
    State: 'CANCELLED',
    StateChangeReason: expect.stringContaining('Bytes scanned limit was exceeded'),
  });
});
