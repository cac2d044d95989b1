import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { functionResources, makeAssembly } from './assembly.ts';

const CODE = `
console.log('loaded');
export const handler = async (event, context) => {
  console.log('asked ' + event.ask);
  if (event.ask === 'environment') return process.env;
  if (event.ask === 'date') return { now: new Date().toISOString(), at: Date.now(), cwd: process.cwd() };
  if (event.ask === 'hang') { setInterval(() => {}, 1000); await new Promise(() => {}); }
  if (event.ask === 'throw') throw new TypeError('as asked');
  if (event.ask === 'exit') process.exit(7);
  return { ...event, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() };
};`;

const START = new Date('2031-05-17T17:00:00Z');

describe('a sandbox with one function', () => {
  let sandbox: Sandbox;
  let remove: () => void;

  beforeAll(async () => {
    const assembly = makeAssembly(
      {
        Resources: {
          ...functionResources('Echo', {
            Timeout: 1,
            Environment: { Variables: { TOPIC: { Ref: 'Topic' }, NOT: { Ref: 'Nat' } } },
          }),
          Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news', FifoTopic: true } },
          Setting: {
            Type: 'AWS::SSM::Parameter',
            Properties: { Name: '/a/b', Type: 'String', Value: { 'Fn::Sub': `\${Echo.Arn}!` } },
          },
          Nat: { Type: 'AWS::EC2::NatGateway', Properties: { SubnetId: 'subnet-1' } },
        },
        Outputs: { Function: { Value: { Ref: 'Echo' } } },
      },
      CODE,
    );
    remove = assembly.remove;
    process.env.PGPASSWORD = 'not for functions';
    sandbox = await startSandbox({
      assembly: assembly.folder,
      clock: { start: START, mode: 'manual' },
    });
  });

  afterAll(async () => {
    delete process.env.PGPASSWORD;
    await sandbox?.stop();
    remove?.();
  });

  const allow = (...actions: string[]) => ({
    policies: [{ Statement: [{ Effect: 'Allow' as const, Action: actions, Resource: '*' }] }],
  });
  const settings = (actions: string[], name = 'tester') => ({
    endpoint: sandbox.url,
    region: sandbox.region,
    credentials: sandbox.createPrincipal(name, allow(...actions)),
    maxAttempts: 1,
  });
  const ask = async (event: object) => {
    const client = new LambdaClient(settings(['lambda:InvokeFunction']));
    const answer = await client.send(
      new InvokeCommand({ FunctionName: 'Echo', Payload: JSON.stringify(event) }),
    );
    const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8'));
    return { error: answer.FunctionError, payload };
  };

  test('answers sts get-caller-identity with the principal that signed', async () => {
    const identity = await new STSClient(settings([])).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe('arn:aws:iam::000000000000:user/tester');
    expect(identity.Account).toBe('000000000000');
  });

  test('resolves intrinsics into the account and region of the sandbox', async () => {
    const ssm = new SSMClient(settings(['ssm:*']));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/a/b' }));
    expect(Parameter?.Value).toBe('arn:aws:lambda:eu-central-1:000000000000:function:Echo!');
    expect(sandbox.outputs).toEqual({ Function: 'Echo' });
  });

  test('lists what it does not simulate', () => {
    expect(sandbox.notSimulated).toEqual(
      expect.arrayContaining([
        'Nat (AWS::EC2::NatGateway)',
        'Topic (AWS::SNS::Topic): property FifoTopic',
      ]),
    );
    expect(sandbox.notSimulated).toHaveLength(2);
  });

  test('refuses what no policy allows, in the words of AWS', async () => {
    const ssm = new SSMClient(settings(['ssm:GetParameter'], 'reader'));
    await expect(
      ssm.send(new PutParameterCommand({ Name: '/a/b', Value: 'x', Type: 'String' })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:iam::000000000000:user/reader is not authorized to perform: ssm:PutParameter on resource: arn:aws:ssm:eu-central-1:000000000000:parameter/a/b because no identity-based policy allows the ssm:PutParameter action',
    });
  });

  test('gives a function a built-up environment and nothing of its own', async () => {
    const { payload } = await ask({ ask: 'environment' });
    expect(Object.keys(payload).sort()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_CONFIG_FILE',
      'AWS_DEFAULT_REGION',
      'AWS_EC2_METADATA_DISABLED',
      'AWS_ENDPOINT_URL',
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'AWS_REGION',
      'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_SHARED_CREDENTIALS_FILE',
      'HOME',
      'LAMBDA_TASK_ROOT',
      'NOT',
      'PATH',
      'TMPDIR',
      'TOPIC',
      'TZ',
      '_HANDLER',
    ]);
    expect(payload.TOPIC).toBe('arn:aws:sns:eu-central-1:000000000000:news');
    expect(payload.LAMBDA_TASK_ROOT).not.toContain(process.cwd());
  });

  test('runs functions by its own clock', async () => {
    const { payload } = await ask({ ask: 'date' });
    expect(payload.now.slice(0, 15)).toBe('2031-05-17T17:0');
    await sandbox.clock.advanceTo(new Date('2031-08-01T00:00:00Z'));
    const later = await ask({ ask: 'date' });
    expect(new Date(later.payload.at).toISOString().slice(0, 15)).toBe('2031-08-01T00:0');
  });

  test('answers errors, exits and timeouts as Lambda does', async () => {
    const thrown = await ask({ ask: 'throw' });
    expect(thrown).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'TypeError', errorMessage: 'as asked' },
    });
    expect((await ask({ ask: 'exit' })).payload.errorMessage).toMatch(
      /Runtime exited with error: exit status 7$/,
    );
    expect((await ask({ ask: 'hang' })).payload.errorMessage).toMatch(
      /^\S+ \S+ Task timed out after 1\.00 seconds$/,
    );
    expect((await ask({ ask: 'echo' })).payload.ask).toBe('echo');
  });

  test('has every line a function printed when its answer comes', async () => {
    await ask({ ask: 'for lines' });
    expect(sandbox.logs('Echo').at(-1)).toBe('asked for lines');
  });

  test('is as after its start when it is reset; an access key stays good', async () => {
    const { url } = sandbox;
    const client = new SSMClient(settings(['ssm:GetParameter', 'ssm:PutParameter'], 'keeper'));
    const read = async () =>
      (await client.send(new GetParameterCommand({ Name: '/a/b' }))).Parameter?.Value;
    const before = await read();
    await client.send(new PutParameterCommand({ Name: '/a/b', Value: 'changed', Overwrite: true }));
    sandbox.injectFault({ service: 'ssm', operation: 'GetParameter', when: 'before' });
    await sandbox.clock.advanceTo(new Date('2031-12-01T00:00:00Z'));

    await sandbox.reset();

    expect(sandbox.url).toBe(url);
    expect(sandbox.clock.now()).toEqual(START);
    expect(sandbox.requests()).toEqual([]);
    expect(await read()).toBe(before);
    expect((await ask({ ask: 'echo' })).payload.ask).toBe('echo');
  });
});
