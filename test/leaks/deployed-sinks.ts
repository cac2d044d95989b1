/** Reads every sink of a deployment (sink-table.ts) of which the text is still there at the end. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { ExplicitAccess } from '../../doors/explicit-access.ts';
import { administrator } from '../integration/sinks.ts';
import type { World } from '../integration/world.ts';
import { functionProcesses } from './processes.ts';
import type { DeployedSink } from './sink-table.ts';
import type { Watching } from './watching.ts';

const checkout = join(import.meta.dirname, '../..');

export interface Gathered {
  readonly watching: Pick<Watching, 'arguments' | 'activity'>;
  readonly commands: string;
  readonly reports: string;
  /** When the run began: what Jest wrote since. */
  readonly since: Date;
}

export async function readDeployedSinks(
  world: World,
  { watching, commands, reports, since }: Gathered,
): Promise<Record<DeployedSink, string>> {
  const { stage, answers } = world;
  const { sandbox, server, directory } = stage;
  const access = administrator(world);
  const statements = await stage.asSuperuser((session) =>
    session.query<{ query: string }>('SELECT query FROM pg_stat_statements'),
  );
  const logs = sandbox.logs();
  return {
    'function logs': logs.join('\n'),
    'function answers': answers.join('\n'),
    metrics: logs.filter((line) => line.includes('CloudWatchMetrics')).join('\n'),
    'state machines': await executions(world, access),
    events: JSON.stringify(sandbox.events()),
    messages: JSON.stringify([sandbox.messages(), sandbox.mail()]),
    queues: await queues(world, access),
    objects: await objects(world, access),
    'control table': await tables(world, access),
    parameters: await parameters(access),
    'secret descriptions': await descriptions(world, access),
    'request log': JSON.stringify(sandbox.requests()),
    CloudTrail: JSON.stringify(sandbox.cloudtrail.records()),
    'stack outputs': JSON.stringify([sandbox.outputs, [...sandbox.resources]]),
    'function environments': (await functionProcesses(sandbox.url))
      .map(({ environment }) => environment)
      .join('\n'),
    'process arguments': [...watching.arguments].join('\n'),
    'PostgreSQL log': await server.log(),
    pg_stat_statements: statements.map(({ query }) => query).join('\n'),
    pg_stat_activity: [...watching.activity].join('\n'),
    'cdk.out': await filesBelow(directory),
    dist: await filesBelow(join(checkout, 'dist')),
    commands,
    reports,
    'test artefacts': await artefacts(since),
  };
}

const idsOf = ({ stage }: World, type: string): string[] =>
  [...stage.sandbox.resources.values()]
    .filter((resource) => resource.type === type)
    .map(({ physicalId }) => physicalId);

async function executions(world: World, access: ExplicitAccess): Promise<string> {
  const client = new SFNClient(access);
  const told: string[] = [];
  for (const stateMachineArn of idsOf(world, 'AWS::StepFunctions::StateMachine')) {
    const listed = await client.send(
      new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 }),
    );
    for (const { executionArn } of listed.executions ?? []) {
      const described = await client.send(new DescribeExecutionCommand({ executionArn }));
      const history = await client.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
      );
      told.push(
        JSON.stringify([described.input, described.output, described.cause, history.events]),
      );
    }
  }
  return told.join('\n');
}

/** An empty queue is its address. */
async function queues(world: World, access: ExplicitAccess): Promise<string> {
  const client = new SQSClient(access);
  const read = idsOf(world, 'AWS::SQS::Queue').map(async (QueueUrl) => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    return JSON.stringify([QueueUrl, Messages.map(({ Body }) => Body)]);
  });
  return (await Promise.all(read)).join('\n');
}

/** Buckets, keys and contents; of the escrow only keys, because its contents are the values. */
async function objects(world: World, access: ExplicitAccess): Promise<string> {
  const client = new S3Client(access);
  const escrow = world.stage.sandbox.outputs.EscrowBucket;
  const told: string[] = [];
  for (const Bucket of idsOf(world, 'AWS::S3::Bucket')) {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    told.push(JSON.stringify([Bucket, Versions]));
    if (Bucket === escrow) continue;
    for (const { Key } of Versions) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      told.push((await Body?.transformToString()) ?? '');
    }
  }
  return told.join('\n');
}

async function tables(world: World, access: ExplicitAccess): Promise<string> {
  const client = new DynamoDBClient(access);
  const names = new Set([world.stage.operator.manifest.controlTable]);
  for (const name of idsOf(world, 'AWS::DynamoDB::Table')) names.add(name);
  const read = [...names].map(async (TableName) => {
    const { Items } = await client.send(new ScanCommand({ TableName }));
    return JSON.stringify(Items);
  });
  return (await Promise.all(read)).join('\n');
}

async function parameters(access: ExplicitAccess): Promise<string> {
  const client = new SSMClient(access);
  const found = await client.send(
    new GetParametersByPathCommand({ Path: '/', Recursive: true, WithDecryption: true }),
  );
  return JSON.stringify(found.Parameters);
}

async function descriptions(world: World, access: ExplicitAccess): Promise<string> {
  const client = new SecretsManagerClient(access);
  const read = idsOf(world, 'AWS::SecretsManager::Secret').map(async (SecretId) => {
    const { $metadata: _call, ...told } = await client.send(
      new DescribeSecretCommand({ SecretId }),
    );
    const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId }));
    return JSON.stringify([told, ResourcePolicy]);
  });
  return (await Promise.all(read)).join('\n');
}

/** Every file; one that several functions share is read once. */
async function filesBelow(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const contents = new Map<string, string>();
  for (const entry of entries.filter((found) => found.isFile())) {
    const content = await readFile(join(entry.parentPath, entry.name));
    contents.set(createHash('sha256').update(content).digest('hex'), content.toString('latin1'));
  }
  return [...contents.values()].join('\n');
}

async function artefacts(since: Date): Promise<string> {
  const contents: string[] = [];
  for (const folder of ['reports', 'docs/figures', '.cache/jest']) {
    const entries = await readdir(join(checkout, folder), {
      recursive: true,
      withFileTypes: true,
    }).catch(() => []);
    for (const entry of entries.filter((found) => found.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const { mtime } = await stat(path).catch(() => ({ mtime: new Date(0) }));
      const isOld = folder.startsWith('.cache') && mtime < since;
      contents.push(path, isOld ? '' : await readFile(path, 'latin1').catch(() => ''));
    }
  }
  return contents.join('\n');
}
