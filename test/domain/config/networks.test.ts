import { describe, expect, test } from '@jest/globals';
import { InvalidConfigError, parseRotationConfig } from '../../../domain/config/rotation-config.ts';
import pharmacy from '../../../rotation.config.ts';

const elsewhere = {
  vpcId: 'vpc-0a1b2c3d',
  subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
  databaseSecurityGroupId: 'sg-0a1b2c3d',
  routeTableIds: ['rtb-0a1b2c3d'],
  vpcCidrs: ['10.0.0.0/16'],
};
const existing = {
  vpcId: 'vpc-0a1b2c3d',
  subnetIds: ['subnet-0a1b2c3d'],
  databaseSecurityGroupId: 'sg-0a1b2c3d',
  endpoints: 'existing',
};
const prefixListIds = { dynamodb: 'pl-0a1b2c3d' };

/** The problems of the example with these networks, each used by a database; the first by "db". */
function problemsOf(networks: Record<string, object>, uses = Object.keys(networks)) {
  const databases = uses.map((network, index) => {
    const key = index === 0 ? 'db' : `db${index}`;
    const roles = [`role_${index}_a`, `role_${index}_b`];
    const own = { network, port: 5432 + index, roles, identity: `role_${index}` };
    return [key, { ...pharmacy.secrets.db, ...own }];
  });
  const secrets = { ...pharmacy.secrets, ...Object.fromEntries(databases) };
  try {
    parseRotationConfig({ ...pharmacy, networks, secrets });
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfigError);
    return (error as InvalidConfigError).problems;
  }
  return [];
}

describe('a configuration with networks is accepted', () => {
  test.each([
    ['a new one', { main: { cidr: '10.42.0.0/24' } }],
    ['a new one in three zones', { main: { cidr: '172.31.0.0/16', availabilityZones: 3 } }],
    ['a VPC whose endpoints are made', { main: elsewhere }],
    ['a VPC that has them', { main: existing }],
    [
      'one with ranges and prefix lists',
      { main: { ...existing, vpcCidrs: ['10.0.0.0/16'], prefixListIds } },
    ],
    ['two in one VPC, of which one makes the endpoints', { main: elsewhere, other: existing }],
    ['long ids', { main: { ...existing, vpcId: 'vpc-0a1b2c3d4e5f60718' } }],
  ])('%s', (_, networks) => {
    expect(problemsOf(networks)).toEqual([]);
  });

  test('with two databases of one network on different ports', () => {
    expect(problemsOf({ main: { cidr: '10.42.0.0/24' } }, ['main', 'main'])).toEqual([]);
  });
});

describe('a mistake in a network is told with its path, what was found and what is expected', () => {
  const range = 'four numbers from 0 to 255 and a prefix, such as "10.42.0.0/24"';
  test.each<[string, Record<string, object>, string[]]>([
    [
      'an octet above 255',
      { main: { cidr: '10.300.0.0/24' } },
      [`networks.main.cidr: found "10.300.0.0/24"; expected ${range}`],
    ],
    [
      'a range with host bits',
      { main: { cidr: '10.42.0.9/24' } },
      [
        'networks.main.cidr: found "10.42.0.9/24"; expected "10.42.0.0/24": the address has bits set behind its prefix',
      ],
    ],
    [
      'a range of the internet',
      { main: { cidr: '8.8.8.0/24' } },
      [
        'networks.main.cidr: found "8.8.8.0/24"; expected a private range: within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10',
      ],
    ],
    [
      'a range too small for four subnets',
      { main: { cidr: '10.42.0.0/27' } },
      [
        'networks.main.cidr: found "10.42.0.0/27"; expected an IPv4 range of /16 to /26 such as "10.42.0.0/24"',
      ],
    ],
    [
      'a subnet twice',
      { main: { ...elsewhere, subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3d'] } },
      ['networks.main.subnetIds.1: found "subnet-0a1b2c3d" again; expected every subnet once'],
    ],
    [
      'a route table twice',
      { main: { ...elsewhere, routeTableIds: ['rtb-0a1b2c3d', 'rtb-0a1b2c3d'] } },
      [
        'networks.main.routeTableIds.1: found "rtb-0a1b2c3d" again; expected every route table once',
      ],
    ],
    [
      'a range of the VPC with host bits',
      { main: { ...elsewhere, vpcCidrs: ['10.0.0.1/16'] } },
      [
        'networks.main.vpcCidrs.0: found "10.0.0.1/16"; expected "10.0.0.0/16": the address has bits set behind its prefix',
      ],
    ],
    [
      'endpoints to make without route tables and ranges',
      { main: { ...existing, endpoints: 'create' } },
      [
        'networks.main.routeTableIds: found nothing; expected the route tables of its subnets, where the gateway endpoints are entered, or endpoints: "existing"',
        'networks.main.vpcCidrs: found nothing; expected the IPv4 ranges of the VPC, which the made endpoints admit: with private DNS they are everybody\'s in it; or endpoints: "existing"',
      ],
    ],
    [
      'route tables where nothing is entered',
      { main: { ...existing, routeTableIds: ['rtb-0a1b2c3d'] } },
      [
        'networks.main.routeTableIds: found route tables with endpoints "existing"; nothing is entered there. Remove them, or expected endpoints: "create"',
      ],
    ],
    [
      'half of what exact egress needs',
      { main: { ...existing, prefixListIds } },
      [
        'networks.main.vpcCidrs: found nothing beside prefixListIds; with endpoints "existing" expected both, for exact egress rules, or neither, for port 443 to every address',
      ],
    ],
    [
      'the endpoints of one VPC made twice',
      { main: elsewhere, other: elsewhere },
      [
        'networks.other.vpcId: found "vpc-0a1b2c3d", for which networks.main makes the endpoints; expected endpoints: "existing" in all but one network of a VPC, or another VPC',
      ],
    ],
  ])('%s', (_, networks, expected) => {
    expect(problemsOf(networks)).toEqual(expected);
  });

  test.each([
    ['vpcId', 'vpc-12345'],
    ['vpcId', 'subnet-0a1b2c3d'],
    ['databaseSecurityGroupId', 'default'],
  ])('%s %j is no id', (field, value) => {
    const problems = problemsOf({ main: { ...elsewhere, [field]: value } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      new RegExp(`^networks\\.main\\.${field}: found "${value}"; expected the id of a `),
    );
  });

  test('a network that is not there, and one that nobody uses', () => {
    expect(problemsOf({ main: { cidr: '10.42.0.0/24' } }, ['mian'])).toEqual([
      expect.stringContaining('secrets.db.network: found "mian"; expected'),
      expect.stringContaining('networks.main: found a network no secret uses; expected'),
    ]);
  });
});
