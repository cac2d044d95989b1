/** An account with a trail, a table over its log files as AWS documents it, and a workgroup. */
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { TableDeclaration } from '../../../sandbox/athena/catalog.ts';
import type { PlantedRecord } from '../../../sandbox/cloudtrail/service.ts';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { startAccount } from '../account.ts';

export const TRAIL_BUCKET = 'trail-logs';
export const RESULTS_BUCKET = 'athena-results';
const FOLDER = `s3://${TRAIL_BUCKET}/logs/AWSLogs/\${account}/CloudTrail/\${region}/\${day}`;
const texts = (...names: string[]) => names.map((name) => ({ name, type: 'string' }));

export const TABLE: TableDeclaration = {
  database: 'audit',
  name: 'cloudtrail_logs',
  location: `s3://${TRAIL_BUCKET}/logs/AWSLogs/`,
  serde: 'org.apache.hive.hcatalog.data.JsonSerDe',
  inputFormat: 'com.amazon.emr.cloudtrail.CloudTrailInputFormat',
  columns: [
    {
      name: 'useridentity',
      type: 'struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,username:string,sessioncontext:struct<attributes:struct<mfaauthenticated:string,creationdate:string>,sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>>>',
    },
    ...texts('eventtime', 'eventsource', 'eventname', 'awsregion', 'sourceipaddress', 'useragent'),
    ...texts('errorcode', 'errormessage', 'requestparameters', 'eventid', 'readonly'),
    { name: 'resources', type: 'array<struct<arn:string,accountid:string,type:string>>' },
    ...texts('recipientaccountid'),
  ],
  partitionKeys: texts('account', 'region', 'day'),
  properties: {
    'projection.enabled': 'true',
    'projection.account.type': 'injected',
    'projection.region.type': 'enum',
    'projection.region.values': 'eu-west-1,us-east-1',
    'projection.day.type': 'date',
    'projection.day.format': 'yyyy/MM/dd',
    'projection.day.range': '2026/05/01,NOW',
    'storage.location.template': FOLDER,
  },
};

/** A role of another account read a secret: from where, when, which. */
export const read = (
  who: string,
  secretId: string,
  eventTime: string,
  more: Partial<PlantedRecord> = {},
): PlantedRecord => ({
  eventName: 'GetSecretValue',
  eventSource: 'secretsmanager.amazonaws.com',
  userIdentity: {
    type: 'AssumedRole',
    arn: `arn:aws:sts::000000000000:assumed-role/${who}/session`,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: `arn:aws:iam::000000000000:role/${who}`,
        accountId: '000000000000',
        userName: who,
      },
    },
  },
  eventTime,
  requestParameters: { secretId },
  ...more,
});

export async function startAudit() {
  const account = await startAccount();
  const { athena, cloudtrail, s3 } = account.services;
  s3.createBucket({ name: RESULTS_BUCKET, versioned: false, blockPublicPolicy: true });
  cloudtrail.putTrail({ bucket: TRAIL_BUCKET, prefix: 'logs' });
  athena.catalog.createDatabase('audit');
  athena.catalog.createTable(TABLE);
  athena.createWorkGroup({
    name: 'audit',
    enabled: true,
    enforced: true,
    results: { OutputLocation: `s3://${RESULTS_BUCKET}/answers/` },
  });
  const clients: AthenaClient[] = [];
  return {
    ...account,
    athenaOf(name: string, ...statements: Statement[]) {
      const client = new AthenaClient(account.clientOf(name, ...statements));
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await account.stop();
    },
  };
}
export type Audit = Awaited<ReturnType<typeof startAudit>>;

export const start = (
  client: AthenaClient,
  QueryString: string,
  ...ExecutionParameters: string[]
) =>
  client.send(
    new StartQueryExecutionCommand({
      QueryString,
      WorkGroup: 'audit',
      QueryExecutionContext: { Database: 'audit', Catalog: 'AwsDataCatalog' },
      ...(ExecutionParameters.length > 0 && { ExecutionParameters }),
    }),
  );

/** Starts it and waits for its end: rows without the header, or the reason of its failure. */
export async function ask(audit: Audit, client: AthenaClient, query: string, ...values: string[]) {
  const { QueryExecutionId } = await start(client, query, ...values);
  await audit.clock.idle();
  const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
  if (QueryExecution?.Status?.State !== 'SUCCEEDED') {
    return QueryExecution?.Status?.StateChangeReason ?? QueryExecution?.Status?.State;
  }
  const { ResultSet } = await client.send(new GetQueryResultsCommand({ QueryExecutionId }));
  return ResultSet?.Rows?.slice(1).map(({ Data }) =>
    Data?.map(({ VarCharValue }) => VarCharValue ?? null),
  );
}
