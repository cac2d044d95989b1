/** Everything that outlives a rotation and is read by people who may not read a value. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { afterRotationMachineName } from '../../domain/config/names.ts';
import type { World } from './world.ts';

export const sinkNames = [
  'PostgreSQL log',
  'pg_stat_statements',
  'function logs',
  'function answers',
  'request log',
  'CloudTrail',
  'events',
  'state machine',
  'control table',
  'cdk.out',
] as const;
export type Sinks = Record<(typeof sinkNames)[number], string>;

export async function readSinks(world: World): Promise<Sinks> {
  const { stage, answers } = world;
  const { sandbox, server, directory } = stage;
  const statements = await stage.asSuperuser((session) =>
    session.query<{ query: string }>('SELECT query FROM pg_stat_statements'),
  );
  return {
    'PostgreSQL log': await server.log(),
    pg_stat_statements: statements.map(({ query }) => query).join('\n'),
    'function logs': sandbox.logs().join('\n'),
    'function answers': answers.join('\n'),
    'request log': JSON.stringify(sandbox.requests()),
    CloudTrail: JSON.stringify(sandbox.cloudtrail.records()),
    events: JSON.stringify(sandbox.events()),
    'state machine': await executions(world),
    'control table': await items(world),
    'cdk.out': await filesBelow(directory),
  };
}

export function administrator(world: World) {
  return world.accessOf(
    world.stage.sandbox.createPrincipal('administrator', {
      policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
    }),
  );
}

export function machineArn({ stage: { sandbox, operator } }: World): string {
  const name = afterRotationMachineName(operator.manifest);
  return `arn:aws:states:${sandbox.region}:${sandbox.account}:stateMachine:${name}`;
}

/** Input, output and history of every execution. */
async function executions(world: World): Promise<string> {
  const client = new SFNClient(administrator(world));
  const listed = await client.send(
    new ListExecutionsCommand({ stateMachineArn: machineArn(world), maxResults: 1000 }),
  );
  const told = (listed.executions ?? []).map(async ({ executionArn }) => {
    const described = await client.send(new DescribeExecutionCommand({ executionArn }));
    const history = await client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
    );
    return JSON.stringify([described.input, described.output, described.cause, history.events]);
  });
  return (await Promise.all(told)).join('\n');
}

/** Every record of the control table. */
export async function items(world: World): Promise<string> {
  const client = new DynamoDBClient(administrator(world));
  const { Items } = await client.send(
    new ScanCommand({ TableName: world.stage.operator.manifest.controlTable }),
  );
  return JSON.stringify(Items);
}

/** Every file of the deployment; a bundle that several functions share is read once. */
async function filesBelow(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const contents = new Map<string, string>();
  for (const entry of entries.filter((found) => found.isFile())) {
    const content = await readFile(join(entry.parentPath, entry.name));
    contents.set(createHash('sha256').update(content).digest('hex'), content.toString('latin1'));
  }
  return [...contents.values()].join('\n');
}
