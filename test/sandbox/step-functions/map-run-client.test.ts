/** A distributed Map of a template, through the real clients, with functions in processes of their own. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  ResourceNotFound,
  SFNClient,
  StartExecutionCommand,
  UpdateMapRunCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { functionResources, makeAssembly } from '../assembly.ts';

const CODE = `
export const handler = async ({ from, to }) => {
  if (from > to) throw Object.assign(new Error('empty'), { name: 'EmptyRangeError' });
  return { rows: to - from, process: process.pid };
};`;
const prefix = 'arn:aws:states:eu-central-1:000000000000';
const start = new Date('2031-05-17T17:00:00Z');

const retryOfLambda = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.TooManyRequestsException',
    'Lambda.SdkClientException',
  ],
  IntervalSeconds: 20,
  MaxAttempts: 6,
  BackoffRate: 2,
};
const definition = JSON.stringify({
  StartAt: 'Ranges',
  States: {
    Ranges: {
      Type: 'Map',
      Label: 'ranges',
      MaxConcurrency: 2,
      ToleratedFailureCount: 1,
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSONL' },
        Parameters: { 'Bucket.$': '$.bucket', 'Key.$': '$.key' },
      },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Rewrite',
        States: {
          Rewrite: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Parameters: { FunctionName: `\${Worker}`, 'Payload.$': '$' },
            OutputPath: '$.Payload',
            TimeoutSeconds: 900,
            Retry: [retryOfLambda],
            End: true,
          },
        },
      },
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { 'Bucket.$': '$.bucket', Prefix: 'results' },
      },
      End: true,
    },
  },
});

const allow = (Action: string | string[], Resource: unknown) => ({
  Effect: 'Allow',
  Action,
  Resource,
});
const machine = (name: string, statements: readonly object[]) => ({
  [`${name}Role`]: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Statement: [
          { ...allow('sts:AssumeRole', undefined), Principal: { Service: 'states.amazonaws.com' } },
        ],
      },
      Policies: [{ PolicyName: 'Own', PolicyDocument: { Statement: statements } }],
    },
  },
  [name]: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: name,
      RoleArn: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
      DefinitionString: definition,
      DefinitionSubstitutions: { Worker: { 'Fn::GetAtt': ['Worker', 'Arn'] } },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    },
  },
});
const objects = (action: string) => allow(action, { 'Fn::Sub': `\${Bucket.Arn}/*` });
const children = (name: string) => [
  allow('states:StartExecution', `${prefix}:stateMachine:${name}`),
  allow('states:RedriveExecution', `${prefix}:execution:${name}/ranges:*`),
];
const invoke = allow('lambda:InvokeFunction', { 'Fn::GetAtt': ['Worker', 'Arn'] });

let sandbox: Sandbox;
let removeAssembly: () => void;
let sfn: SFNClient;
let s3: S3Client;

beforeAll(async () => {
  const { folder, remove } = makeAssembly(
    {
      Resources: {
        Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'ranges' } },
        ...functionResources('Worker'),
        ...machine('whole', [
          invoke,
          objects('s3:GetObject'),
          objects('s3:PutObject'),
          ...children('whole'),
        ]),
        ...machine('blind', [invoke, objects('s3:PutObject'), ...children('blind')]),
        ...machine('mute', [invoke, objects('s3:GetObject'), ...children('mute')]),
        ...machine('alone', [invoke, objects('s3:GetObject'), objects('s3:PutObject')]),
      },
    },
    CODE,
  );
  removeAssembly = remove;
  sandbox = await startSandbox({ assembly: folder, clock: { start, mode: 'manual' } });
  const actions = [
    ...['StartExecution', 'RedriveExecution', 'DescribeExecution', 'GetExecutionHistory'],
    ...['ListExecutions', 'ListMapRuns', 'DescribeMapRun', 'UpdateMapRun'],
  ].map((name) => `states:${name}`);
  const settings = {
    endpoint: sandbox.url,
    region: sandbox.region,
    maxAttempts: 1,
    credentials: sandbox.createPrincipal('operator', {
      policies: [
        {
          Statement: [
            {
              Effect: 'Allow',
              Action: [...actions, 's3:PutObject', 's3:GetObject'],
              Resource: '*',
            },
          ],
        },
      ],
    }),
  };
  sfn = new SFNClient(settings);
  s3 = new S3Client({ ...settings, forcePathStyle: true });
});
afterAll(async () => {
  sfn?.destroy();
  s3?.destroy();
  await sandbox?.stop();
  removeAssembly?.();
});

const range = (from: number, to: number) => JSON.stringify({ from, to });
async function run(name: string, lines: readonly string[]) {
  const put = { Bucket: 'ranges', Key: `${name}.jsonl`, Body: lines.join('\n') };
  await s3.send(new PutObjectCommand(put));
  const input = JSON.stringify({ bucket: 'ranges', key: put.Key });
  const stateMachineArn = `${prefix}:stateMachine:${name}`;
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input }));
  await sandbox.clock.settle();
  return { executionArn, ended: await sfn.send(new DescribeExecutionCommand({ executionArn })) };
}
async function mapRunOf(executionArn: string | undefined) {
  const { mapRuns = [] } = await sfn.send(new ListMapRunsCommand({ executionArn }));
  return sfn.send(new DescribeMapRunCommand({ mapRunArn: mapRuns[0]?.mapRunArn }));
}
async function json(Key: string | undefined) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'ranges', Key }));
  return JSON.parse((await Body?.transformToString()) ?? '');
}

test('runs a child per line of the object, tries again what was throttled or lost, and writes the results', async () => {
  const once = { service: 'lambda', operation: 'Invoke', times: 1 } as const;
  const error = { code: 'TooManyRequestsException' };
  const throttled = sandbox.injectFault({ ...once, match: { from: 0 }, when: 'before', error });
  const lost = sandbox.injectFault({ ...once, match: { from: 10 }, when: 'after' });
  const { executionArn, ended } = await run('whole', [range(0, 10), range(10, 30), range(5, 0)]);
  expect(ended).toMatchObject({
    status: 'SUCCEEDED',
    stopDate: new Date(start.getTime() + 20_000),
  });
  expect([throttled.fired(), lost.fired()]).toEqual([1, 1]);

  const mapRun = await mapRunOf(executionArn);
  expect(mapRun).toMatchObject({
    ...{ status: 'SUCCEEDED', maxConcurrency: 2, toleratedFailureCount: 1, redriveCount: 0 },
    executionCounts: {
      succeeded: 2,
      failed: 1,
      total: 3,
      pending: 0,
      running: 0,
      resultsWritten: 3,
    },
  });
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ mapRunArn: mapRun.mapRunArn }),
  );
  expect(executions).toMatchObject(
    [1, 2, 3].map(() => ({ mapRunArn: mapRun.mapRunArn, itemCount: 1 })),
  );
  const child = executions.find(({ status }) => status === 'FAILED')?.executionArn;
  expect(await sfn.send(new DescribeExecutionCommand({ executionArn: child }))).toMatchObject({
    error: 'EmptyRangeError',
    stateMachineArn: `${prefix}:stateMachine:whole/ranges`,
    mapRunArn: mapRun.mapRunArn,
  });
  const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events?.find(({ type }) => type === 'MapRunStarted')?.mapRunStartedEventDetails).toEqual({
    mapRunArn: mapRun.mapRunArn,
  });

  const { MapRunArn, ResultWriterDetails } = JSON.parse(ended.output ?? '');
  expect(MapRunArn).toBe(mapRun.mapRunArn);
  const { ResultFiles } = await json(ResultWriterDetails.Key);
  const succeeded = await json(ResultFiles.SUCCEEDED[0].Key);
  const outputs = succeeded.map(({ Output }: { Output: string }) => JSON.parse(Output));
  expect(outputs).toMatchObject([{ rows: 10 }, { rows: 20 }]);
  expect(outputs[0].process).not.toBe(process.pid);
  const gotten = sandbox.requests().filter(({ principal = '' }) => principal.includes('wholeRole'));
  expect(gotten.map(({ service, operation }) => `${service}:${operation}`)).toEqual(
    expect.arrayContaining(['s3:GetObject', 'lambda:Invoke', 's3:PutObject']),
  );
});

test('a run that failed over its tolerance is redriven with what was mended, and only that', async () => {
  const broken = sandbox.injectFault({
    ...{ service: 'lambda', operation: 'Invoke', match: { to: 7 }, when: 'before' },
    error: { code: 'ResourceConflictException' },
  });
  const { executionArn, ended } = await run('whole', [
    range(1, 2),
    range(3, 7),
    range(4, 7),
    range(5, 6),
  ]);
  expect(ended).toMatchObject({
    status: 'FAILED',
    error: 'States.ExceedToleratedFailureThreshold',
  });
  broken.remove();
  const before = await mapRunOf(executionArn);
  await sfn.send(new RedriveExecutionCommand({ executionArn }));
  await sandbox.clock.settle();
  expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
    status: 'SUCCEEDED',
    redriveCount: 1,
  });
  expect(await mapRunOf(executionArn)).toMatchObject({
    ...{ mapRunArn: before.mapRunArn, status: 'SUCCEEDED', redriveCount: 1 },
    executionCounts: { succeeded: 4, failed: 0, aborted: 0, total: 4 },
  });
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ mapRunArn: before.mapRunArn, redriveFilter: 'NOT_REDRIVEN' }),
  );
  expect(executions.length).toBe(
    4 - (before.executionCounts?.failed ?? 0) - (before.executionCounts?.aborted ?? 0),
  );
});

test.each([
  ['blind', 'States.ItemReaderFailed', 's3://ranges/blind.jsonl'],
  ['mute', 'States.ResultWriterFailed', 's3://ranges/results/'],
  ['alone', 'States.Permissions', 'states:StartExecution'],
])('a role without a right it needs fails the machine %s with %s', async (name, error, named) => {
  const { ended } = await run(name, [range(1, 2)]);
  expect(ended).toMatchObject({ status: 'FAILED', error, cause: expect.stringContaining(named) });
  expect(ended.cause).toContain('not authorized to perform');
});

test('a Map Run that is not there is ResourceNotFound', async () => {
  const mapRunArn = `${prefix}:mapRun:whole/ranges:none`;
  const update = new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 1 });
  await expect(sfn.send(update)).rejects.toBeInstanceOf(ResourceNotFound);
});
