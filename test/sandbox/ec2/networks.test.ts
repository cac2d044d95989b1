import { beforeEach, describe, expect, test } from '@jest/globals';
import { covers } from '../../../sandbox/ec2/address-range.ts';
import { type Endpoint, Networks } from '../../../sandbox/ec2/networks.ts';
import { egressToEverywhere, type Rule } from '../../../sandbox/ec2/security-group.ts';

const placement = { subnetIds: ['subnet-a', 'subnet-b'], securityGroupIds: ['sg-functions'] };
const https = { protocol: 'tcp', fromPort: 443, toPort: 443 };
const kms: Endpoint = {
  vpcId: 'vpc-1',
  service: 'kms',
  type: 'Interface',
  privateDns: true,
  subnetIds: ['subnet-a'],
  groupIds: ['sg-endpoints'],
  routeTableIds: [],
};
const dynamodb: Endpoint = {
  ...kms,
  service: 'dynamodb',
  type: 'Gateway',
  routeTableIds: ['rtb-1'],
  groupIds: [],
};
const reached = { reaches: true };
const not = (why: string) => ({ reaches: false, why });

let networks: Networks;
const rule = (direction: 'ingress' | 'egress', groupId: string, id: string, one: Rule) =>
  networks.addRule(direction, groupId, id, one);

beforeEach(() => {
  networks = new Networks();
  networks.vpcs.set('vpc-1', { cidr: '10.42.0.0/24' });
  for (const [id, cidr] of [
    ['subnet-a', '10.42.0.0/26'],
    ['subnet-b', '10.42.0.64/26'],
  ] as const) {
    networks.subnets.set(id, { vpcId: 'vpc-1', cidr });
    networks.routing.set(id, 'rtb-1');
  }
  for (const id of ['sg-functions', 'sg-endpoints']) {
    networks.groups.set(id, { vpcId: 'vpc-1', ingress: new Map(), egress: new Map() });
  }
  rule('egress', 'sg-functions', 'out', { ...https, groupId: 'sg-endpoints' });
  rule('ingress', 'sg-endpoints', 'in', { ...https, groupId: 'sg-functions' });
  networks.endpoints.set('vpce-kms', kms);
});

describe('an interface endpoint', () => {
  test('is reached when both groups name each other on 443', () => {
    expect(networks.passage(placement, 'kms')).toEqual(reached);
  });

  test.each<[string, Rule]>([
    ['another port', { ...https, fromPort: 5432, toPort: 5432, groupId: 'sg-functions' }],
    ['another protocol', { ...https, protocol: 'udp', groupId: 'sg-functions' }],
    ['another group', { ...https, groupId: 'sg-other' }],
    ['a range with one of two subnets', { ...https, cidr: '10.42.0.0/26' }],
  ])('is not reached when it admits %s', (_, admitted) => {
    networks.removeRule('in');
    rule('ingress', 'sg-endpoints', 'other', admitted);
    expect(networks.passage(placement, 'kms')).toEqual(not('BlockedBySecurityGroup'));
  });

  test('is reached by ranges that hold both sides, and by every protocol', () => {
    networks.removeRule('in');
    networks.removeRule('out');
    rule('ingress', 'sg-endpoints', 'in', { ...https, cidr: '10.42.0.0/24' });
    rule('egress', 'sg-functions', 'out', egressToEverywhere);
    expect(networks.passage(placement, 'kms')).toEqual(reached);
  });

  test('is not reached when the function’s group lets nothing out', () => {
    networks.removeRule('out');
    expect(networks.passage(placement, 'kms')).toEqual(not('BlockedBySecurityGroup'));
  });

  test('is none without private DNS, and none of another service or VPC', () => {
    expect(networks.passage(placement, 'ssm')).toEqual(not('NoVpcEndpoint'));
    networks.endpoints.set('vpce-kms', { ...kms, privateDns: false });
    expect(networks.passage(placement, 'kms')).toEqual(not('NoVpcEndpoint'));
    networks.endpoints.set('vpce-kms', { ...kms, vpcId: 'vpc-2' });
    expect(networks.passage(placement, 'kms')).toEqual(not('NoVpcEndpoint'));
  });

  test('hands its policy to whoever passes', () => {
    const policy = { Statement: { Effect: 'Allow', Principal: '*', Action: '*' } } as const;
    networks.endpoints.set('vpce-kms', { ...kms, policy });
    expect(networks.passage(placement, 'kms')).toEqual({ reaches: true, policy });
  });
});

describe('a gateway endpoint', () => {
  beforeEach(() => {
    networks.endpoints.set('vpce-table', dynamodb);
  });

  test('needs a way out to its prefix list, or to everywhere', () => {
    expect(networks.passage(placement, 'dynamodb')).toEqual(not('BlockedBySecurityGroup'));
    rule('egress', 'sg-functions', 'list', { ...https, prefixListId: 'pl-1' });
    expect(networks.passage(placement, 'dynamodb')).toEqual(reached);
    networks.removeRule('list');
    rule('egress', 'sg-functions', 'all', { ...https, cidr: '0.0.0.0/0' });
    expect(networks.passage(placement, 'dynamodb')).toEqual(reached);
  });

  test('must be in the route table of every subnet', () => {
    rule('egress', 'sg-functions', 'all', egressToEverywhere);
    networks.routing.set('subnet-b', 'rtb-2');
    expect(networks.passage(placement, 'dynamodb')).toEqual(not('NotInRouteTable'));
  });
});

test('NAT leads to every service, if the group lets the call out', () => {
  networks.waysOut.set('route-1', 'rtb-1');
  expect(networks.passage(placement, 'ssm')).toEqual(not('BlockedBySecurityGroup'));
  rule('egress', 'sg-functions', 'all', egressToEverywhere);
  expect(networks.passage(placement, 'ssm')).toEqual(reached);
});

describe('a VPC outside of the template', () => {
  const outside = { subnetIds: ['subnet-x'], securityGroupIds: ['sg-functions'] };
  beforeEach(() => {
    networks.groups.set('sg-functions', {
      vpcId: 'vpc-x',
      ingress: new Map(),
      egress: new Map([['out', { ...https, groupId: 'sg-endpoints' }]]),
    });
  });

  test('may have every endpoint: nothing is known of it', () => {
    expect(networks.knowledgeOf(outside)).toBe('nothing');
    expect(networks.passage(outside, 'ssm')).toEqual(reached);
  });

  test('has the endpoints that the template makes there, and no other', () => {
    networks.endpoints.set('vpce-x', { ...kms, vpcId: 'vpc-x', subnetIds: ['subnet-x'] });
    expect(networks.knowledgeOf(outside)).toBe('endpoints');
    expect(networks.passage(outside, 'kms')).toEqual(reached);
    expect(networks.passage(outside, 'dynamodb')).toEqual(not('NoVpcEndpoint'));
    networks.removeRule('in');
    expect(networks.passage(outside, 'kms')).toEqual(not('BlockedBySecurityGroup'));
  });
});

test.each([
  ['10.0.0.0/8', '10.42.0.0/24', true],
  ['10.42.0.0/24', '10.42.0.0/24', true],
  ['10.42.0.0/26', '10.42.0.0/24', false],
  ['10.43.0.0/16', '10.42.0.0/24', false],
  ['0.0.0.0/0', '192.168.0.1', true],
])('%s covers %s: %s', (outer, inner, expected) => {
  expect(covers(outer, inner)).toBe(expected);
});
