/** A value of its own for each sink of a deployment, written there the way a leak would come about. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudWatchLogsClient, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { administrator, machineArn } from '../integration/sinks.ts';
import type { World } from '../integration/world.ts';
import type { Gathered } from './deployed-sinks.ts';
import { canary } from './rooms.ts';
import { type DeployedSink, sinksRead } from './sink-table.ts';
import type { Watching } from './watching.ts';

/** Read by the reader of another sink, which has one; what is read there is the checkout's, or the template's. */
export const unseeded: ReadonlySet<DeployedSink> = new Set([
  'dist',
  'stack outputs',
  'test artefacts',
]);

type Canaries = Partial<Record<DeployedSink, string>>;

export async function seedDeployedSinks(
  world: World,
  watching: Watching,
  gathered: Gathered,
): Promise<{ canaries: Canaries; put: Gathered; stop(): Promise<void> }> {
  const canaries: Canaries = Object.fromEntries(
    sinksRead('deployment')
      .filter((name) => !unseeded.has(name))
      .map((name) => [name, canary(name, 24).toString('base64url')]),
  );
  const of = (name: DeployedSink): string => canaries[name] ?? '';
  await ofRequests(world, of);
  await ofServices(world, of);
  await ofDatabase(world, of, watching);
  const stop = await ofProcess(world, of, watching);
  await writeFile(
    join(world.stage.directory, 'cdk.out', 'canary.txt'),
    Buffer.from(of('cdk.out'), 'base64url').toString('base64'),
  );
  await world.settle();
  return {
    canaries,
    stop,
    put: {
      ...gathered,
      commands: `${gathered.commands}\n${Buffer.from(of('commands')).toString('hex')}`,
      reports: `${gathered.reports}\n<td>${of('reports').slice(0, 16)}…</td>`,
    },
  };
}

type Of = (name: DeployedSink) => string;

async function ofRequests(world: World, of: Of): Promise<void> {
  const access = administrator(world);
  const SecretId = (await world.stage.operator.describe('jwt')).arn;
  // A token is told in log and answer; one canary each.
  const calls = (['function logs', 'function answers'] as const).map((name) => {
    const ClientRequestToken = Buffer.from(of(name), 'base64url').toString('hex');
    return world.invoke('jwt', { Step: 'setSecret', SecretId, ClientRequestToken });
  });
  await Promise.allSettled(calls);
  const secrets = new SecretsManagerClient(access);
  await secrets
    .send(new PutSecretValueCommand({ SecretId: of('request log'), SecretString: 'x' }))
    .catch(() => '');
  await secrets.send(new GetSecretValueCommand({ SecretId: of('CloudTrail') })).catch(() => '');
  await secrets.send(
    new TagResourceCommand({
      SecretId,
      Tags: [{ Key: 'note', Value: `it is ${of('secret descriptions')}` }],
    }),
  );
  await new SFNClient(access).send(
    new StartExecutionCommand({
      stateMachineArn: machineArn(world),
      input: JSON.stringify({ backwards: [...of('state machines')].reverse().join('') }),
    }),
  );
  await world.control.putIntent(world.name('jwt'), {
    intent: 'planned',
    token: await world.newToken(),
    requestedBy: 'on-call',
    reason: of('control table').slice(0, 16),
    at: world.stage.sandbox.clock.now().toISOString(),
  });
}

const firstOf = ({ stage }: World, type: string): string =>
  [...stage.sandbox.resources.values()].find((found) => found.type === type)?.physicalId ?? '';

async function ofServices(world: World, of: Of): Promise<void> {
  const access = administrator(world);
  const { sandbox } = world.stage;
  const inside = Buffer.from(`x=${of('events')};`).toString('base64');
  const event = { Source: 'a.leak', DetailType: 'canary', Detail: JSON.stringify({ inside }) };
  await new EventBridgeClient(access).send(new PutEventsCommand({ Entries: [event] }));
  const TopicArn = firstOf(world, 'AWS::SNS::Topic');
  await new SNSClient(access).send(new PublishCommand({ TopicArn, Message: of('messages') }));
  const QueueUrl = firstOf(world, 'AWS::SQS::Queue');
  const MessageBody = JSON.stringify(JSON.stringify({ event: of('queues') }));
  await new SQSClient(access).send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const Bucket = [...sandbox.resources.values()]
    .filter(({ type }) => type === 'AWS::S3::Bucket')
    .map(({ physicalId }) => physicalId)
    .find((name) => name !== sandbox.outputs.EscrowBucket);
  const Body = `<a href="?t=${encodeURIComponent(of('objects'))}">`;
  await new S3Client(access).send(new PutObjectCommand({ Bucket, Key: 'canary.html', Body }));
  await new SSMClient(access).send(
    new PutParameterCommand({ Name: '/canary', Value: of('parameters'), Type: 'String' }),
  );
  await new CloudWatchLogsClient(access).send(
    new PutLogEventsCommand({
      logGroupName: firstOf(world, 'AWS::Logs::LogGroup'),
      logStreamName: 'sandbox',
      logEvents: [
        {
          timestamp: sandbox.clock.now().getTime(),
          message: JSON.stringify({ _aws: { CloudWatchMetrics: [] }, secret: of('metrics') }),
        },
      ],
    }),
  );
}

async function ofDatabase(world: World, of: Of, watching: Watching): Promise<void> {
  await world.stage.asSuperuser(async (session) => {
    const hex = Buffer.from(of('PostgreSQL log')).toString('hex');
    await session.query(`SELECT '${hex}'`);
    // Constants of other statements are left out of it; those of utility statements are not.
    await session.query(`COMMENT ON DATABASE pharmacy IS '${of('pg_stat_statements')}'`);
    await session.query(`SELECT '${of('pg_stat_activity')}'`);
    // The last statement of a session stands there while it is idle.
    await watching.look();
  });
}

/** A process as a function's is, until it is stopped, with a value among its arguments and in its environment. */
async function ofProcess(
  { stage }: World,
  of: Of,
  watching: Watching,
): Promise<() => Promise<void>> {
  const wait = 'process.stdout.write("up"); process.stdin.resume()';
  const child = spawn(
    process.execPath,
    ['-e', wait, 'runner.mjs', Buffer.from(`:${of('process arguments')}`).toString('base64')],
    {
      env: {
        AWS_ENDPOINT_URL: stage.sandbox.url,
        AWS_LAMBDA_FUNCTION_NAME: 'canary',
        TMPDIR: stage.directory,
        JWT_SECRET: of('function environments'),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const stop = async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  };
  await once(child.stdout, 'data');
  await watching.look();
  return stop;
}
