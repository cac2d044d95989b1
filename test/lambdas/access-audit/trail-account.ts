/**
 * An account whose trail holds the recorded log files, with the table, the workgroup and the rights that the template
 * of the stack declares, and nothing more.
 */
import { gzipSync } from 'node:zlib';
import { AthenaClient } from '@aws-sdk/client-athena';
import { athena } from '../../../doors/athena.ts';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { everything } from '../../lib/everything.ts';
import { synthesize } from '../../lib/synthesized.ts';
import { REGION, startAccount } from '../../sandbox/account.ts';
import { account as accountId } from './pharmacy-audit.ts';
import { logFiles } from './recorded-trail.ts';

const bucket = 'example-audit-trail';

/** What CloudFormation makes of it, in this account. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const {
    Ref,
    'Fn::Join': join,
    'Fn::GetAtt': attribute,
  } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]]; 'Fn::GetAtt'?: string[] };
  if (attribute !== undefined) return `arn:aws:logs:${REGION}:${accountId}:${attribute[0]}`;
  if (join !== undefined) return (resolved(join[1]) as unknown[]).join(join[0]);
  if (Ref !== undefined) {
    const known = new Map([
      ['AWS::AccountId', accountId],
      ['AWS::Partition', 'aws'],
      ['AWS::Region', REGION],
    ]);
    return known.get(Ref) ?? Ref;
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one)]));
}

interface TableInput {
  Name: string;
  PartitionKeys: { Name: string; Type: string }[];
  Parameters: Record<string, string>;
  StorageDescriptor: {
    Location: string;
    InputFormat: string;
    SerdeInfo: { SerializationLibrary: string };
    Columns: { Name: string; Type: string }[];
  };
}

export async function startTrailAccount() {
  const stack = synthesize(everything);
  const account = await startAccount();
  const { s3, athena: service } = account.services;
  const properties = <Of>(type: string) => resolved(stack.one(type).Properties) as Of;
  const { DatabaseInput } = properties<{ DatabaseInput: { Name: string } }>('AWS::Glue::Database');
  const { TableInput: table } = properties<{ TableInput: TableInput }>('AWS::Glue::Table');
  const { Name: workgroup } = properties<{ Name: string }>('AWS::Athena::WorkGroup');
  const named = (all: { Name: string; Type: string }[]) =>
    all.map(({ Name, Type }) => ({ name: Name, type: Type }));
  service.catalog.createDatabase(DatabaseInput.Name);
  service.catalog.createTable({
    database: DatabaseInput.Name,
    name: table.Name,
    location: table.StorageDescriptor.Location,
    serde: table.StorageDescriptor.SerdeInfo.SerializationLibrary,
    inputFormat: table.StorageDescriptor.InputFormat,
    columns: named(table.StorageDescriptor.Columns),
    partitionKeys: named(table.PartitionKeys),
    properties: table.Parameters,
  });
  service.createWorkGroup({
    name: workgroup,
    enabled: true,
    enforced: true,
    results: {},
    managed: true,
  });
  s3.createBucket({ name: bucket, versioned: false, blockPublicPolicy: true });
  for (const { name, region, day, text } of logFiles) {
    await s3.operations.PutObject?.run(
      {
        Bucket: bucket,
        Key: `trails/AWSLogs/o-exampleorgid/${accountId}/CloudTrail/${region}/${day}/${name}.gz`,
        Body: gzipSync(text),
        headers: {},
      },
      { kind: 'service', arn: 'cloudtrail.amazonaws.com' } as never,
    );
  }
  const granted = resolved(stack.statements(/^AccessAuditFunctionPolicy/)) as (Statement & {
    Sid: string;
  })[];
  const clients: { destroy(): void }[] = [];
  return {
    ...account,
    bucket,
    granted,
    workgroup,
    database: DatabaseInput.Name,
    /** With the rights of the function, or fewer. */
    settingsOf: (name: string, statements: readonly Statement[] = granted) =>
      account.clientOf(name, ...statements),
    athenaOf(name: string, statements: readonly Statement[] = granted, group: string = workgroup) {
      const client = new AthenaClient(account.clientOf(name, ...statements));
      clients.push(client);
      return athena(group, DatabaseInput.Name, client);
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await account.stop();
    },
  };
}
export type TrailAccount = Awaited<ReturnType<typeof startTrailAccount>>;
