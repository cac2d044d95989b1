import { afterEach, describe, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { functionResources, makeAssembly } from '../assembly.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function load(Resources: object): Promise<Sandbox> {
  const { folder, remove } = makeAssembly({ Resources });
  closing.push(remove);
  const clock = { start: new Date('2026-01-05T03:00:00Z'), mode: 'manual' } as const;
  const sandbox = await startSandbox({ assembly: folder, clock });
  closing.push(() => sandbox.stop());
  return sandbox;
}

const ec2 = (Type: string, Properties: object) => ({ Type: `AWS::EC2::${Type}`, Properties });
const ref = (name: string) => ({ Ref: name });
const vpc = {
  Vpc: ec2('VPC', { CidrBlock: '10.42.0.0/24' }),
  Subnet: ec2('Subnet', {
    VpcId: ref('Vpc'),
    CidrBlock: '10.42.0.0/26',
    AvailabilityZone: { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] },
  }),
  Group: ec2('SecurityGroup', { VpcId: ref('Vpc'), GroupDescription: 'x' }),
};
const endpoint = (properties: object) =>
  ec2('VPCEndpoint', {
    VpcId: ref('Vpc'),
    ServiceName: { 'Fn::Sub': `com.amazonaws.\${AWS::Region}.kms` },
    VpcEndpointType: 'Interface',
    PrivateDnsEnabled: true,
    ...properties,
  });
const interfaces = {
  Effect: 'Allow',
  Action: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DeleteNetworkInterface',
  ],
  Resource: '*',
};
const VpcConfig = {
  SubnetIds: [ref('Subnet')],
  SecurityGroupIds: [{ 'Fn::GetAtt': ['Group', 'GroupId'] }],
};

test('ids look like those of EC2, and zones like those of the region', async () => {
  const { resources, region } = await load({ ...vpc, Endpoint: endpoint({}) });
  expect(resources.get('Vpc')?.physicalId).toMatch(/^vpc-[0-9a-f]{17}$/);
  expect(resources.get('Group')?.attributes.GroupId).toMatch(/^sg-[0-9a-f]{17}$/);
  expect(resources.get('Subnet')?.attributes.AvailabilityZone).toBe(`${region}b`);
  expect(resources.get('Endpoint')?.physicalId).toMatch(/^vpce-[0-9a-f]{17}$/);
});

describe('a function in a VPC', () => {
  test('is refused when its role may not make interfaces, as Lambda refuses it', async () => {
    const stack = { ...vpc, ...functionResources('F', { VpcConfig }) };
    await expect(load(stack)).rejects.toThrow(
      'The provided execution role does not have permissions to call CreateNetworkInterface on EC2',
    );
  });

  test('outside of the stack is listed: every service answers it here', async () => {
    const elsewhere = { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] };
    const { notSimulated } = await load(
      functionResources('F', { VpcConfig: elsewhere }, [interfaces]),
    );
    expect(notSimulated).toEqual([
      'F (AWS::Lambda::Function): property VpcConfig: its VPC is not of this stack, every service answers',
      'F (AWS::Lambda::Function): property VpcConfig: connections to databases, which every process here can open',
    ]);
  });
});

describe('as EC2 refuses it', () => {
  test('a second endpoint with private DNS for one service', async () => {
    await expect(load({ ...vpc, A: endpoint({}), B: endpoint({}) })).rejects.toThrow(
      /conflicting DNS domain for kms in the VPC vpc-/,
    );
  });

  test('a principal in the policy of a gateway endpoint', async () => {
    const PolicyDocument = {
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: '*', Resource: '*' }],
    };
    const gateway = endpoint({
      VpcEndpointType: 'Gateway',
      ServiceName: 'com.amazonaws.eu-west-1.dynamodb',
      PolicyDocument,
    });
    await expect(load({ ...vpc, Gateway: gateway })).rejects.toThrow(/names a principal/);
  });
});

test('a flow log needs a role that the service may assume, and records nothing here', async () => {
  const trust = (Service: string) => ({
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
      },
    },
  });
  const log = ec2('FlowLog', {
    ResourceId: ref('Vpc'),
    ResourceType: 'VPC',
    DeliverLogsPermissionArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
  });
  const { notSimulated } = await load({
    ...vpc,
    Role: trust('vpc-flow-logs.amazonaws.com'),
    Log: log,
  });
  expect(notSimulated).toEqual(['Log (AWS::EC2::FlowLog): no flow is recorded']);
  await expect(load({ ...vpc, Role: trust('lambda.amazonaws.com'), Log: log })).rejects.toThrow(
    /may not assume/,
  );
});
