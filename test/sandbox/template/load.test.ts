import { afterEach, describe, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { functionResources, makeAssembly } from '../assembly.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function load(template: Record<string, unknown>, stackName?: string): Promise<Sandbox> {
  const { folder, remove } = makeAssembly(template);
  cleanups.push(remove);
  const clock = { start: new Date('2026-05-17T17:00:00Z'), mode: 'manual' as const };
  const sandbox = await startSandbox({ assembly: folder, ...(stackName && { stackName }), clock });
  cleanups.push(() => sandbox.stop());
  return sandbox;
}

const parameter = (Name: unknown, Value: unknown, rest: object = {}) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name, Type: 'String', Value },
  ...rest,
});
const output = (Value: unknown) => ({ Value });

describe('intrinsics', () => {
  test('are resolved in the order the resources need each other', async () => {
    const sandbox = await load({
      Parameters: { Stage: { Type: 'String', Default: 'dev' } },
      Mappings: { Sizes: { dev: { Cpu: '256' } } },
      Conditions: {
        IsDev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
        IsProd: { 'Fn::Not': [{ Condition: 'IsDev' }] },
      },
      Resources: {
        Last: parameter('/last', { 'Fn::GetAtt': 'First.Value' }),
        First: parameter('/first', 'one'),
        Prod: parameter('/prod', 'x', { Condition: 'IsProd' }),
      },
      Outputs: {
        Value: output({ 'Fn::GetAtt': ['Last', 'Value'] }),
        Sub: output({ 'Fn::Sub': [`\${Own}-\${Last}-\${!Kept}`, { Own: { Ref: 'Stage' } }] }),
        Join: output({ 'Fn::Join': ['/', ['a', { Ref: 'AWS::Partition' }]] }),
        Select: output({ 'Fn::Select': ['1', { 'Fn::Split': [',', 'x,y,z'] }] }),
        If: output({ 'Fn::If': ['IsProd', 'p', { 'Fn::FindInMap': ['Sizes', 'dev', 'Cpu'] }] }),
        Pseudo: output({ 'Fn::Sub': `\${AWS::AccountId} \${AWS::Region} \${AWS::URLSuffix}` }),
        Literal: output('arn:aws:iam::123456789012:root'),
      },
    });
    expect(sandbox.outputs).toEqual({
      Value: 'one',
      Sub: `dev-/last-\${Kept}`,
      Join: 'a/aws',
      Select: 'y',
      If: '256',
      Pseudo: '000000000000 eu-central-1 amazonaws.com',
      Literal: 'arn:aws:iam::000000000000:root',
    });
    expect([...sandbox.resources.keys()].sort()).toEqual(['First', 'Last']);
  });
});

describe('a stack is not loaded, and nothing is left running, when', () => {
  test('resources depend on each other in a circle', async () => {
    const template = {
      Resources: {
        A: parameter('/a', { Ref: 'B' }),
        B: parameter('/b', 'x', { DependsOn: ['A'] }),
      },
    };
    await expect(load(template)).rejects.toMatchObject({
      name: 'SandboxLoadError',
      message: expect.stringContaining('A → B → A'),
    });
  });

  test('an intrinsic function is not simulated', async () => {
    const template = { Resources: { A: parameter('/a', { 'Fn::ImportValue': 'x' }) } };
    await expect(load(template)).rejects.toThrow(/^A .* does not simulate Fn::ImportValue/);
  });

  test('a policy uses a condition operator that is not simulated', async () => {
    const statement = {
      Effect: 'Allow',
      Action: 'kms:*',
      Resource: '*',
      Condition: { BinaryEquals: { 'aws:SourceArn': 'eA==' } },
    };
    const template = { Resources: functionResources('F', {}, [statement]) };
    await expect(load(template)).rejects.toThrow(
      /^FRole .* condition operator BinaryEquals is not simulated/,
    );
  });

  test('a function has a property that Lambda would refuse', async () => {
    const Environment = { Variables: { AWS_REGION: 'x' } };
    const template = { Resources: functionResources('F', { Environment }) };
    await expect(load(template)).rejects.toThrow(/^F .* Reserved keys .* AWS_REGION/);
  });

  test.each([
    ['{', 'is not JSON'],
    ['{}', 'has no list of widgets'],
    [{ widgets: [{ type: 'graph' }] }, 'of type graph'],
    [{ widgets: [{ type: 'text', properties: {} }] }, 'no markdown in widgets[0]'],
    [{ widgets: [{ type: 'text', width: 25, properties: { markdown: 'x' } }] }, '24 columns'],
    [{ widgets: [{ type: 'metric', properties: { metrics: [], region: 'x' } }] }, '0 metrics'],
    [{ widgets: [{ type: 'metric', properties: { metrics: [['a', 'b']] } }] }, 'and a region'],
  ])('a dashboard has a body that CloudWatch would refuse: %j', async (body, why) => {
    const DashboardBody = typeof body === 'string' ? body : JSON.stringify(body);
    const Properties = { DashboardName: 'd', DashboardBody };
    const template = { Resources: { D: { Type: 'AWS::CloudWatch::Dashboard', Properties } } };
    await expect(load(template)).rejects.toMatchObject({
      name: 'SandboxLoadError',
      message: expect.stringContaining(why),
    });
  });

  test('the assembly has no stack of that name', async () => {
    await expect(load({ Resources: {} }, 'Other')).rejects.toThrow(
      /holds the stacks Tiny, wanted Other/,
    );
  });
});

test('properties that nothing acts on are listed', async () => {
  const resources = functionResources('F', { SnapStart: {}, Layers: [] });
  const sandbox = await load({ Resources: { ...resources, M: { Type: 'AWS::CDK::Metadata' } } });
  expect(sandbox.notSimulated).toEqual([
    'F (AWS::Lambda::Function): property SnapStart',
    'F (AWS::Lambda::Function): property Layers',
  ]);
});

test('a secret, its key, its policy and its rotation are made', async () => {
  const root = { AWS: { 'Fn::Sub': `arn:aws:iam::\${AWS::AccountId}:root` } };
  const sandbox = await load({
    Resources: {
      ...functionResources('Rotator'),
      Key: {
        Type: 'AWS::KMS::Key',
        Properties: {
          KeyPolicy: {
            Statement: [{ Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' }],
          },
        },
      },
      Secret: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: { Name: 's', SecretString: '{}', KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
      },
      May: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: { 'Fn::GetAtt': ['Rotator', 'Arn'] },
          Principal: 'secretsmanager.amazonaws.com',
          SourceAccount: { Ref: 'AWS::AccountId' },
        },
      },
      Schedule: {
        Type: 'AWS::SecretsManager::RotationSchedule',
        DependsOn: 'May',
        Properties: {
          SecretId: { Ref: 'Secret' },
          RotationLambdaARN: { 'Fn::GetAtt': ['Rotator', 'Arn'] },
          RotationRules: { AutomaticallyAfterDays: 30 },
          RotateImmediatelyOnUpdate: false,
        },
      },
      Closed: {
        Type: 'AWS::SecretsManager::ResourcePolicy',
        Properties: {
          SecretId: { Ref: 'Secret' },
          ResourcePolicy: {
            Statement: [
              { Effect: 'Deny', Principal: '*', Action: 'secretsmanager:Put*', Resource: '*' },
            ],
          },
        },
      },
    },
  });
  await sandbox.clock.settle();
  const steps = sandbox
    .requests()
    .filter(({ operation }) => operation === 'Invoke')
    .map(({ input }) => (input as { Payload: { Step: string } }).Payload.Step);
  expect(steps).toEqual(['testSecret']);
  expect(sandbox.resources.get('Secret')?.physicalId).toMatch(
    /^arn:aws:secretsmanager:eu-central-1:000000000000:secret:s-\w{6}$/,
  );
  expect(sandbox.notSimulated).toEqual([]);
});
