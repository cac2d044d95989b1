import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { App, Stack } from 'aws-cdk-lib/core';
import type { RotationConfigInput } from '../../domain/config/rotation-config.ts';
import { defineRotation } from '../../domain/config/rotation-config.ts';
import { FunctionNetwork, type NetworkPlace } from '../../lib/function-network.ts';
import { RoomFunction } from '../../lib/room-function.ts';
import pharmacy from '../../rotation.config.ts';
import { endpointFindings, placedFunctions } from './reachable-services.ts';
import { withRooms } from './rooms.ts';
import { type Resource, synthesize } from './synthesized.ts';

type Networks = RotationConfigInput['networks'];

/** The example with both of its databases in network "main", the second one on a port of its own. */
function placed(networks: Networks, secrets: object = {}) {
  const { db, legacyDb } = pharmacy.secrets;
  return synthesize(
    defineRotation({
      ...pharmacy,
      networks,
      secrets: {
        ...pharmacy.secrets,
        db: { ...db, network: 'main' } as never,
        legacyDb: { ...legacyDb, host: 'legacy.example.com', network: 'main', port: 6432 } as never,
        ...secrets,
      },
    }),
  );
}

const elsewhere = {
  vpcId: 'vpc-0a1b2c3d',
  subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
  databaseSecurityGroupId: 'sg-0d1b2c3d',
};
const shared = { ...elsewhere, routeTableIds: ['rtb-0a1b2c3d'], vpcCidrs: ['10.0.0.0/16'] };
const prefixListIds = { dynamodb: 'pl-0a1b2c3d', s3: 'pl-0b1b2c3d' };

const made = placed({ main: { cidr: '10.42.0.0/24' } });
const inShared = placed({ main: shared });

const functionsGroup = (from: typeof made) =>
  from.idOf(from.one('AWS::EC2::SecurityGroup', /^NetworksmainFunctions/));
const endpointOf = (from: typeof made, service: string) =>
  from.one('AWS::EC2::VPCEndpoint', new RegExp(`Endpoint${service}`)).Properties;
const rolesOf = (from: typeof made, statement: { Condition: Record<string, unknown> }) =>
  (Object.values(statement.Condition)[0] as Record<string, { 'Fn::GetAtt': string[] }[]>)[
    'aws:PrincipalArn'
  ]?.map((role) => from.resources[role['Fn::GetAtt'][0] ?? '']?.Type);
/** Rules as "tcp from-to target", in order. */
const rules = (from: typeof made, direction: 'Ingress' | 'Egress', group: unknown) =>
  from
    .all(`AWS::EC2::SecurityGroup${direction}`)
    .filter(({ Properties }) => JSON.stringify(Properties.GroupId) === JSON.stringify(group))
    .map(({ Properties: { IpProtocol, FromPort, ToPort, ...rule } }) => {
      const target =
        rule.CidrIp ??
        rule.DestinationPrefixListId ??
        rule.DestinationSecurityGroupId ??
        rule.SourceSecurityGroupId;
      const name = typeof target === 'string' ? target : target['Fn::GetAtt'][0];
      return `${IpProtocol} ${FromPort}-${ToPort} ${name.replace(/[0-9A-F]{8}$/, '')}`;
    })
    .sort();
const idOfGroup = (id: string) => ({ 'Fn::GetAtt': [id, 'GroupId'] });

describe('every function inside a VPC', () => {
  test.each([
    ['in a VPC of its own', made],
    ['in a VPC of others', inShared],
  ])('has an endpoint for each service its policies let it call, and no other: %s', (_, stack) => {
    expect(endpointFindings(stack.resources)).toEqual([]);
    expect(placedFunctions(stack.resources).map(({ services }) => services.join(' '))).toEqual(
      expect.arrayContaining(['dynamodb kms secretsmanager', 'dynamodb kms s3 secretsmanager']),
    );
  });

  test('is missed when an endpoint is taken away, and told when there is one for nobody', () => {
    const without = (service: string) =>
      Object.fromEntries(
        Object.entries(made.resources).filter(([id]) => !id.includes(`Endpoint${service}`)),
      );
    expect(endpointFindings(without('kms'))).toContain(
      'quarterturn-pharmacy-prod-db calls kms, which has no endpoint in its network',
    );
    const { VpcId } = endpointOf(made, 'kms');
    const Properties = { VpcId, ServiceName: 'com.amazonaws.eu-west-1.sqs' };
    const one: Resource = { Type: 'AWS::EC2::VPCEndpoint', Properties };
    expect(endpointFindings({ ...made.resources, One: one })).toEqual([
      'the endpoint of sqs is called by no function of its network',
    ]);
  });

  test('opens a PostgreSQL connection; every other function is outside', () => {
    expect(placedFunctions(made.resources).map(({ functionName }) => functionName)).toEqual(
      expect.arrayContaining(
        ['db', 'legacyDb', 'pii', 'operator-main', 'drill-pii'].map(
          (part) => `quarterturn-pharmacy-prod-${part}`,
        ),
      ),
    );
    const outside = made.all('AWS::Lambda::Function').filter((one) => !one.Properties.VpcConfig);
    expect(outside.map(({ Properties }) => Properties.FunctionName)).toEqual(
      expect.arrayContaining(
        ['jwt', 'cadence', 'starter', 'after-rotation'].map(
          (part) => `quarterturn-pharmacy-prod-${part}`,
        ),
      ),
    );
    for (const { Properties } of outside) {
      expect(Properties.Environment?.Variables.NETWORK).toBeUndefined();
    }
  });

  test('waits for endpoints and rules, because Secrets Manager tries it at once', () => {
    const { DependsOn = [] } = made.one('AWS::Lambda::Function', /^SecretdbRotation/);
    const needed = [
      ...['AWS::EC2::VPCEndpoint', 'AWS::EC2::SecurityGroupEgress'],
      'AWS::EC2::SecurityGroupIngress',
    ].flatMap((type) => made.all(type));
    expect(DependsOn).toEqual(expect.arrayContaining(needed.map((one) => made.idOf(one))));
  });

  test('knows its network by name, VPC and security group', () => {
    const { Variables } = inShared.one('AWS::Lambda::Function', /^SecretdbRotation/).Properties
      .Environment;
    expect(Variables.NETWORK).toEqual({
      'Fn::Join': [
        '',
        ['main (vpc-0a1b2c3d, ', { 'Fn::GetAtt': [functionsGroup(inShared), 'GroupId'] }, ')'],
      ],
    });
  });
});

describe('a VPC of its own', () => {
  test('has isolated subnets in quarters of its range, one route table, no way to the internet', () => {
    expect(made.all('AWS::EC2::Subnet').map(({ Properties }) => Properties.CidrBlock)).toEqual([
      '10.42.0.0/26',
      '10.42.0.64/26',
    ]);
    expect(made.all('AWS::EC2::RouteTable')).toHaveLength(1);
    expect(made.text).not.toMatch(/NatGateway|InternetGateway|AWS::EC2::Route"/);
  });

  test('a third zone adds a subnet and moves none', () => {
    const three = placed({ main: { cidr: '10.42.0.0/24', availabilityZones: 3 } });
    const subnets = (from: typeof made) =>
      from.all('AWS::EC2::Subnet').map((one) => [from.idOf(one), one.Properties]);
    expect(subnets(three)).toHaveLength(3);
    expect(subnets(three).slice(0, 2)).toEqual(subnets(made));
  });

  test('is synthesized without asking the account for anything', () => {
    expect(made.one('AWS::EC2::Subnet', /Subnet1/).Properties.AvailabilityZone).toEqual({
      'Fn::Select': [0, { 'Fn::GetAZs': '' }],
    });
  });

  test('records every flow, for a year, encrypted, and keeps the record', () => {
    const logs = made.one('AWS::Logs::LogGroup', /FlowLogs/);
    expect(logs).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        RetentionInDays: 365,
        KmsKeyId: { 'Fn::GetAtt': [expect.stringMatching(/^KeysMessages/), 'Arn'] },
      },
    });
    expect(made.one('AWS::EC2::FlowLog').Properties).toMatchObject({
      TrafficType: 'ALL',
      LogGroupName: { Ref: made.idOf(logs) },
    });
  });

  test('tells subnets and security group for the databases', () => {
    expect(Object.keys(made.template.Outputs)).toEqual(
      expect.arrayContaining([
        'NetworkVpcmain',
        'NetworkSubnetsmain',
        'NetworkDatabasesmain',
        'NetworkFunctionsmain',
      ]),
    );
  });
});

describe('security groups', () => {
  test('databases admit the functions on exactly their ports, and nobody else', () => {
    const group = made.idOf(made.one('AWS::EC2::SecurityGroup', /Databases/));
    const expected = ['tcp 5432-5432 NetworksmainFunctions', 'tcp 6432-6432 NetworksmainFunctions'];
    expect(rules(made, 'Ingress', idOfGroup(group))).toEqual(expected);
    expect(rules(inShared, 'Ingress', 'sg-0d1b2c3d')).toEqual(expected);
  });

  test('poolers are reached on their ports, too, in the same group', () => {
    const { legacyDb } = pharmacy.secrets;
    const behind = placed(
      { main: shared },
      {
        legacyDb: {
          ...legacyDb,
          network: 'main',
          connection: 'rdsProxy',
          endpoints: [
            { host: 'a.example.com', port: 5432 },
            { host: 'b.example.com', port: 7432 },
          ],
        },
      },
    );
    const expected = ['tcp 5432-5432 NetworksmainFunctions', 'tcp 7432-7432 NetworksmainFunctions'];
    expect(rules(behind, 'Ingress', 'sg-0d1b2c3d')).toEqual(expected);
    expect(rules(behind, 'Egress', idOfGroup(functionsGroup(behind)))).toEqual(
      expect.arrayContaining(['tcp 5432-5432 sg-0d1b2c3d', 'tcp 7432-7432 sg-0d1b2c3d']),
    );
  });

  test('functions admit nobody', () => {
    const id = functionsGroup(made);
    expect(rules(made, 'Ingress', idOfGroup(id))).toEqual([]);
    expect(made.resources[id]?.Properties.SecurityGroupIngress).toBeUndefined();
  });

  test('functions leave for databases and endpoints, with prefix lists for nothing else', () => {
    const exact = placed({ main: { cidr: '10.42.0.0/24', prefixListIds } });
    expect(rules(exact, 'Egress', idOfGroup(functionsGroup(exact)))).toEqual([
      'tcp 443-443 NetworksmainEndpoints',
      'tcp 443-443 pl-0a1b2c3d',
      'tcp 443-443 pl-0b1b2c3d',
      'tcp 5432-5432 NetworksmainVpcDatabases',
      'tcp 6432-6432 NetworksmainVpcDatabases',
    ]);
    expect(exact.text).not.toContain('0.0.0.0/0');
  });

  test('without prefix lists 443 is open to every address, and the rule says why', () => {
    const open = made.all('AWS::EC2::SecurityGroupEgress').filter((rule) => rule.Properties.CidrIp);
    expect(open.map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({
        CidrIp: '0.0.0.0/0',
        FromPort: 443,
        Description: 'Gateway endpoints: prefix lists not given',
      }),
    ]);
  });

  test('no group keeps the rule that lets everything out', () => {
    for (const stack of [made, inShared]) {
      for (const { Properties } of stack.all('AWS::EC2::SecurityGroup')) {
        expect(Properties.SecurityGroupEgress).toEqual([
          expect.objectContaining({ CidrIp: '255.255.255.255/32', IpProtocol: 'icmp' }),
        ]);
      }
    }
  });

  test('endpoints admit the functions, in a VPC of others everybody in it', () => {
    const admitted = (from: typeof made) =>
      rules(
        from,
        'Ingress',
        idOfGroup(from.idOf(from.one('AWS::EC2::SecurityGroup', /^NetworksmainEndpoints/))),
      );
    expect(admitted(made)).toEqual(['tcp 443-443 NetworksmainFunctions']);
    expect(admitted(inShared)).toEqual([
      'tcp 443-443 10.0.0.0/16',
      'tcp 443-443 NetworksmainFunctions',
    ]);
  });
});

describe('endpoint policies', () => {
  test('in a VPC of its own let its functions pass, to its table and buckets, and nobody else', () => {
    const [statement, ...others] = endpointOf(made, 'dynamodb').PolicyDocument.Statement;
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Sid: 'OwnFunctions',
      Principal: '*',
      Action: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      Resource: [{ 'Fn::GetAtt': [made.idOf(made.one('AWS::DynamoDB::Table')), 'Arn'] }],
    });
    const roles = rolesOf(made, statement) ?? [];
    expect(roles.length).toBeGreaterThanOrEqual(3);
    expect(new Set(roles)).toEqual(new Set(['AWS::IAM::Role']));
    const bucket = made.idOf(made.one('AWS::S3::Bucket', /^Escrow/));
    for (const resource of endpointOf(made, 's3').PolicyDocument.Statement[0].Resource) {
      expect(JSON.stringify(resource)).toContain(bucket);
    }
    expect(endpointOf(made, 'kms').PolicyDocument.Statement[0].Action).toEqual([
      'kms:GenerateRandom',
    ]);
  });

  test('in a VPC of others leave everything to everybody but the functions', () => {
    for (const service of ['dynamodb', 'kms', 's3', 'secretsmanager']) {
      const [own, others] = endpointOf(inShared, service).PolicyDocument.Statement;
      const { 'aws:PrincipalArn': roles } = own.Condition.StringEquals;
      expect(others).toEqual({
        Sid: 'OthersAsBefore',
        Effect: 'Allow',
        Principal: '*',
        Action: '*',
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalArn': roles } },
      });
    }
  });

  test('interface endpoints answer by the service’s own name, gateway endpoints by route table', () => {
    expect(endpointOf(inShared, 'kms')).toMatchObject({
      VpcEndpointType: 'Interface',
      PrivateDnsEnabled: true,
      SubnetIds: elsewhere.subnetIds,
    });
    expect(endpointOf(inShared, 'dynamodb')).toMatchObject({
      VpcEndpointType: 'Gateway',
      RouteTableIds: ['rtb-0a1b2c3d'],
    });
  });
});

describe('a VPC that has its endpoints', () => {
  test('gets none, and 443 leads wherever its routes lead', () => {
    const existing = placed({ main: { ...elsewhere, endpoints: 'existing' } });
    expect(existing.all('AWS::EC2::VPCEndpoint')).toEqual([]);
    expect(rules(existing, 'Egress', idOfGroup(functionsGroup(existing)))).toEqual([
      'tcp 443-443 0.0.0.0/0',
      'tcp 5432-5432 sg-0d1b2c3d',
      'tcp 6432-6432 sg-0d1b2c3d',
    ]);
  });

  test('with its ranges and prefix lists the rules are exact', () => {
    const existing = placed({
      main: { ...elsewhere, endpoints: 'existing', vpcCidrs: ['10.0.0.0/16'], prefixListIds },
    });
    expect(rules(existing, 'Egress', idOfGroup(functionsGroup(existing)))).toEqual([
      'tcp 443-443 10.0.0.0/16',
      'tcp 443-443 pl-0a1b2c3d',
      'tcp 443-443 pl-0b1b2c3d',
      'tcp 5432-5432 sg-0d1b2c3d',
      'tcp 6432-6432 sg-0d1b2c3d',
    ]);
  });
});

describe('what a network refuses', () => {
  test('a prefix list that a function needs and that is not given', () => {
    const given = { dynamodb: 'pl-0a1b2c3d' };
    expect(() => placed({ main: { cidr: '10.42.0.0/24', prefixListIds: given } })).toThrow(
      /networks\.main\.prefixListIds\.s3: found nothing; expected the id of the prefix list of s3/,
    );
  });

  const room = (place: Partial<NetworkPlace>, functions: number, action: string) =>
    withRooms((lambdasDirectory, directory) => {
      const stack = new Stack(new App({ outdir: join(directory, 'cdk.out') }), 'Stack');
      const network = new FunctionNetwork(stack, 'Network', {
        name: 'main',
        place: { ...elsewhere, endpoints: 'create', routeTableIds: ['rtb-0a1b2c3d'], ...place },
        databasePorts: [],
      });
      for (let index = 0; index < functions; index++) {
        new RoomFunction(stack, `Room${index}`, {
          functionName: `room-${index}`,
          description: 'A room',
          room: 'database',
          deployment: { lambdasDirectory, keys: { messages: undefined } } as never,
          environment: {},
          network,
        }).allow(new PolicyStatement({ actions: [action], resources: ['arn:aws:x:::y'] }));
      }
    });

  test('a function that may call a service without an endpoint', () => {
    expect(() => room({}, 1, 'events:PutEvents')).toThrow(
      expect.objectContaining({
        code: 'ERR_ROTATION_UNREACHABLE_SERVICE',
        message: expect.stringContaining(
          'room-0 stands in network "main" and is allowed events; expected calls of dynamodb, kms, s3, secretsmanager only',
        ),
      }),
    );
  });

  test('more functions than the policy of an endpoint can name', () => {
    expect(() => room({ vpcCidrs: ['10.0.0.0/16'] }, 91, 'dynamodb:GetItem')).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_ENDPOINT_POLICY_TOO_LARGE' }),
    );
  });
});

describe('docs/network.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/network.md'), 'utf8');

  test('its matrix is that of the template', () => {
    const rows = placedFunctions(made.resources)
      .filter(({ functionName }) => !functionName.endsWith('legacyDb'))
      .map(({ functionName, services }) => {
        const part = functionName.replace('quarterturn-pharmacy-prod-', '');
        const has = (service: string) => (services.includes(service) ? '443' : '–');
        const columns = ['secretsmanager', 'kms', 'dynamodb', 's3'].map(has);
        return `| \`${part.replace('pii', '<encryption>').replace('main', '<network>').replace(/^db$/, '<database>')}\` | ${columns.join(' | ')} | the database's |`;
      })
      .sort();
    const inPage = page
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.endsWith("| the database's |"))
      .sort();
    expect(inPage).toEqual(rows);
  });

  test('its costs follow from the endpoints of the template', () => {
    const interfaces = made
      .all('AWS::EC2::VPCEndpoint')
      .filter(({ Properties }) => Properties.VpcEndpointType === 'Interface');
    const zones = made.all('AWS::EC2::Subnet').length;
    const hours = 730;
    const cost = (price: number) => (interfaces.length * zones * hours * price).toFixed(2);
    expect(page).toContain(`| us-east-1 | 0.010 | ${cost(0.01)} |`);
  });
});
