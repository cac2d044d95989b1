/** Workgroup, database and table as a template declares them; what nothing here does is refused by name. */
import { AthenaClient, GetQueryExecutionCommand } from '@aws-sdk/client-athena';
import { afterEach, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { ADMINISTRATOR } from '../account.ts';
import { makeAssembly } from '../assembly.ts';
import { read, start, TABLE, TRAIL_BUCKET } from './audit-account.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

const columnsOf = (columns: typeof TABLE.columns) =>
  columns.map(({ name, type }) => ({ Name: name, Type: type }));

/** The table of the other tests, as a template has it. */
const tableInput = (more: object = {}, parameters: Record<string, string> = {}) => ({
  Name: TABLE.name,
  TableType: 'EXTERNAL_TABLE',
  Parameters: { ...TABLE.properties, classification: 'cloudtrail', ...parameters },
  PartitionKeys: columnsOf(TABLE.partitionKeys),
  StorageDescriptor: {
    Columns: columnsOf(TABLE.columns),
    Location: TABLE.location,
    InputFormat: TABLE.inputFormat,
    OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    SerdeInfo: { SerializationLibrary: TABLE.serde, Parameters: { 'serialization.format': '1' } },
  },
  ...more,
});

const template = (input: object, results: object = {}) => ({
  Resources: {
    Answers: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'answers' } },
    Group: {
      Type: 'AWS::Athena::WorkGroup',
      Properties: {
        Name: 'audit',
        RecursiveDeleteOption: true,
        WorkGroupConfiguration: {
          EnforceWorkGroupConfiguration: true,
          BytesScannedCutoffPerQuery: 10_000_000,
          PublishCloudWatchMetricsEnabled: false,
          ResultConfiguration: {
            OutputLocation: { 'Fn::Sub': `s3://\${Answers}/` },
            EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
            ...results,
          },
        },
      },
    },
    Logs: {
      Type: 'AWS::Glue::Database',
      Properties: { CatalogId: { Ref: 'AWS::AccountId' }, DatabaseInput: { Name: 'audit' } },
    },
    Table: {
      Type: 'AWS::Glue::Table',
      Properties: {
        CatalogId: { Ref: 'AWS::AccountId' },
        DatabaseName: { Ref: 'Logs' },
        TableInput: input,
      },
    },
  },
});

function assembly(input: object, results?: object): string {
  const { folder, remove } = makeAssembly(template(input, results));
  cleanups.push(remove);
  return folder;
}

async function load(folder: string): Promise<Sandbox> {
  const clock = { start: new Date('2026-05-17T17:00:00Z'), mode: 'manual' as const };
  const sandbox = await startSandbox({ assembly: folder, region: 'eu-west-1', clock });
  cleanups.push(() => sandbox.stop());
  return sandbox;
}

test('are made, changed in place and deleted; queries run against what stands', async () => {
  const sandbox = await load(assembly(tableInput()));
  expect(sandbox.notSimulated).toEqual([]);
  sandbox.cloudtrail.putTrail({ bucket: TRAIL_BUCKET, prefix: 'logs' });
  sandbox.cloudtrail.recordEvents([
    read('app', 'x', '2026-05-16T10:00:00Z', { awsRegion: 'eu-north-1' }),
  ]);
  await sandbox.cloudtrail.deliver();
  const client = new AthenaClient({
    endpoint: sandbox.url,
    region: 'eu-west-1',
    credentials: sandbox.createPrincipal('auditor', { policies: [{ Statement: ADMINISTRATOR }] }),
  });
  cleanups.push(() => client.destroy());
  const scanned = async () => {
    const sql = "SELECT eventname FROM cloudtrail_logs WHERE account = '000000000000'";
    const { QueryExecutionId } = await start(client, sql);
    await sandbox.clock.idle();
    const { QueryExecution } = await client.send(
      new GetQueryExecutionCommand({ QueryExecutionId }),
    );
    expect(QueryExecution?.Status?.State).toBe('SUCCEEDED');
    return (QueryExecution?.Statistics?.DataScannedInBytes ?? 0) > 0;
  };
  expect(await scanned()).toBe(false);
  await sandbox.deploy(
    assembly(tableInput({}, { 'projection.region.values': 'eu-west-1, eu-north-1' })),
  );
  expect(await scanned()).toBe(true);
});

test.each([
  ['a SerDe', { StorageDescriptor: { SerdeInfo: { SerializationLibrary: 'x.Y' } } }, {}, 'x.Y'],
  ['a view', { TableType: 'VIRTUAL_VIEW' }, {}, 'VIRTUAL_VIEW'],
  ['a type of a column', { PartitionKeys: [{ Name: 'p', Type: 'double' }] }, {}, 'type double'],
  ['a table property', {}, { 'projection.regoin.type': 'enum' }, 'projection.regoin.type'],
  [
    'a property of a projection',
    {},
    { 'projection.region.range': '1,2' },
    'projection.region.range',
  ],
  [
    'a kind of projection',
    {},
    { 'projection.region.type': 'guess' },
    'projection.region.type is guess',
  ],
  ['a range', {}, { 'projection.day.range': '2026-05-01,NOW' }, '2026-05-01'],
  ['a format', {}, { 'projection.day.format': 'yyyy/MMM/dd' }, 'yyyy/MMM/dd'],
  [
    'a template without a partition',
    {},
    { 'storage.location.template': `s3://${TRAIL_BUCKET}/\${account}/\${region}/` },
    'must contain templates for all partition columns',
  ],
  [
    'partitions that are not projected',
    {},
    { 'projection.enabled': 'false' },
    'projection.enabled',
  ],
  ['a member of the table', { ViewOriginalText: 'x' }, {}, 'TableInput.ViewOriginalText'],
  ['a name in capitals', { Name: 'Logs' }, {}, 'the name Logs'],
])('%s that nothing here does stops the load by name', async (_, more, parameters, named) => {
  await expect(load(assembly(tableInput(more, parameters)))).rejects.toThrow(named);
});

test('a workgroup that encrypts on the client, or writes elsewhere, is refused by name', async () => {
  const encrypted = { EncryptionConfiguration: { EncryptionOption: 'CSE_KMS' } };
  await expect(load(assembly(tableInput(), encrypted))).rejects.toThrow('CSE_KMS');
  const owner = { AclConfiguration: { S3AclOption: 'BUCKET_OWNER_FULL_CONTROL' } };
  await expect(load(assembly(tableInput(), owner))).rejects.toThrow(
    'ResultConfiguration.AclConfiguration',
  );
});
