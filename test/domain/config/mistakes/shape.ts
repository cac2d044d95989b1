/** Values of the wrong kind, and names that are none. */
import { type Mistake, one } from './document.ts';

export const shape: readonly Mistake[] = [
  ['null', () => null, one(/^the configuration: found null; expected a value of type object$/)],
  [
    'a list',
    (c) => [c],
    one(/^the configuration: found a list of 1; expected a value of type object$/),
  ],
  [
    'a text',
    () => 'prod',
    one(/^the configuration: found "prod"; expected a value of type object$/),
  ],
  [
    'a function',
    () => () => 1,
    one(/^the configuration: found a function; expected a value of type object$/),
  ],
  [
    'nothing in it',
    () => ({}),
    [
      /^name: found nothing/,
      /^environment: found nothing/,
      /^region: found nothing/,
      /^secrets: found nothing/,
    ],
  ],
  [
    'a name in capitals',
    (c) => {
      c.name = 'Shop';
    },
    one(/^name: found "Shop"; expected lower case/),
  ],
  [
    'a name that is too long',
    (c) => {
      c.name = 'a-shop-with-a-long-name';
    },
    one(/^name: found "a-shop-.*2 to 16$/),
  ],
  [
    'a name of two words',
    (c) => {
      c.name = 'my shop';
    },
    one(/^name: found a string of 7 characters; expected lower case/),
  ],
  [
    'an environment with a hyphen',
    (c) => {
      c.environment = 'prod-eu';
    },
    one(/^environment: found "prod-eu"; expected lower case and digits/),
  ],
  [
    'an Availability Zone for a region',
    (c) => {
      c.region = 'eu-west-1a';
    },
    one(/^region: found "eu-west-1a"; expected an AWS region such as "eu-west-1"$/),
  ],
  [
    'an account as a number',
    (c) => {
      c.account = 123456789012;
    },
    one(/^account: found 123456789012; expected a value of type string$/),
  ],
  [
    'an account of 11 digits',
    (c) => {
      c.account = '12345678901';
    },
    one(/^account: found "12345678901"; expected an AWS account id of 12 digits$/),
  ],
  [
    'a user where a role is expected',
    (c) => {
      c.breakGlassRoleArn = 'arn:aws:iam::123456789012:user/root';
    },
    one(/^breakGlassRoleArn: found "arn:.*; expected the ARN of an IAM role$/),
  ],
  [
    'a network that is not there',
    (c) => {
      c.secrets.db.network = 'other';
      c.networks = {};
    },
    one(
      /^secrets\.db\.network: found "other"; expected a network of this configuration \(there is none\)$/,
    ),
  ],
  [
    'a network nobody uses',
    (c) => {
      c.networks.spare = { cidr: '10.43.0.0/24' };
    },
    one(/^networks\.spare: found a network no secret uses/),
  ],
  [
    'a range that is none',
    (c) => {
      c.networks.vpc.cidr = '10.42.0.0';
    },
    one(/^networks\.vpc\.cidr: found "10\.42\.0\.0"; expected an IPv4 range/),
  ],
  [
    'one Availability Zone',
    (c) => {
      c.networks.vpc.availabilityZones = 1;
    },
    one(/^networks\.vpc\.availabilityZones: found 1; expected at least 2$/),
  ],
  [
    'a VPC without its subnets',
    (c) => {
      c.networks.vpc = {
        vpcId: 'vpc-0123456789abcdef0',
        databaseSecurityGroupId: 'sg-0123456789abcdef0',
      };
    },
    one(/^networks\.vpc\.subnetIds: found nothing/),
  ],
  [
    'a name for a VPC id',
    (c) => {
      c.networks.vpc = {
        vpcId: 'main',
        subnetIds: ['subnet-0123456789abcdef0'],
        databaseSecurityGroupId: 'sg-0123456789abcdef0',
        endpoints: 'existing',
      };
    },
    one(/^networks\.vpc\.vpcId: found "main"; expected the id of a VPC/),
  ],
  [
    'no retention',
    (c) => {
      c.escrow.retentionDays = 0;
    },
    one(/^escrow\.retentionDays: found 0; expected at least 1$/),
  ],
  [
    'a mode in capitals',
    (c) => {
      c.escrow.mode = 'GOVERNANCE';
    },
    one(
      /^escrow\.mode: found "GOVERNANCE"; expected "governance", "compliance" \(did you mean "governance"\?\)$/,
    ),
  ],
  [
    'a reader of escrow that is no role',
    (c) => {
      c.escrow.readerRoleArns = ['auditor'];
    },
    one(/^escrow\.readerRoleArns\.0: found "auditor"; expected the ARN of an IAM role$/),
  ],
  [
    'a reader of escrow twice',
    (c) => {
      const arn = 'arn:aws:iam::123456789012:role/auditor';
      c.escrow.readerRoleArns = [arn, arn];
    },
    one(/^escrow\.readerRoleArns\.1: found "arn:.*" again/),
  ],
  [
    'an address that is none',
    (c) => {
      c.contacts.onCall = ['ops'];
    },
    one(/^contacts\.onCall\.0: found "ops"; expected an e-mail address$/),
  ],
  [
    'an address twice',
    (c) => {
      c.contacts.onCall = ['ops@example.com', 'OPS@example.com'];
    },
    one(/^contacts\.onCall\.1: found a string of 15 characters again/),
  ],
  [
    'an address instead of a list',
    (c) => {
      c.contacts.onCall = 'ops@example.com';
    },
    one(/^contacts\.onCall: found a string of 15 characters; expected a value of type array$/),
  ],
  [
    'seven years',
    (c) => {
      c.auditYears = 7;
    },
    one(/^auditYears: found 7; expected 1, 2, 3, 5, 10$/),
  ],
];
