/** The functions that ask consumers whether they are well: where they stand, what they are told, what they may. */
import { expect, test } from '@jest/globals';
import { App, Stack, Token } from 'aws-cdk-lib/core';
import { defineRotation } from '../../domain/config/rotation-config.ts';
import { deferTokens } from '../../lib/placeholders.ts';
import pharmacy from '../../rotation.config.ts';
import { endpointFindings } from './reachable-services.ts';
import { withRooms } from './rooms.ts';
import { synthesize } from './synthesized.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const credentials = 'https://api.example.com/api/credentials/health';
const inside = { network: 'main', privateAddresses: 'allowed' };
const stack = synthesize(
  defineRotation({
    ...pharmacy,
    networks: {
      main: {
        vpcId: 'vpc-0a1b2c3d',
        subnetIds: ['subnet-0a1b2c3d'],
        databaseSecurityGroupId: 'sg-0a1b2c3d',
        endpoints: 'existing',
        vpcCidrs: ['10.0.0.0/16'],
        prefixListIds: { dynamodb: 'pl-0a1b2c3d', s3: 'pl-0b1b2c3d' },
      },
    },
    secrets: {
      ...pharmacy.secrets,
      probeToken: { kind: 'userManaged', purpose: 'Shows the detail of health.' },
    },
    consumers: [
      { name: 'site', reads: ['jwt'], health: { credentials } },
      {
        name: 'api',
        reads: ['jwt'],
        health: {
          credentials: 'https://api.internal/health',
          bearer: 'probeToken',
          probes: [{ name: 'Ready', url: 'https://api.internal:8443/ready' }],
          ca: { pem },
          ...inside,
        },
      },
      {
        name: 'jobs',
        reads: ['jwt'],
        health: { credentials: 'https://jobs.internal/', ...inside },
      },
      { name: 'mute', reads: ['jwt'] },
    ],
  } as never),
);
const settings = (name: string) =>
  JSON.parse(stack.assets[`quarterturn-pharmacy-prod-${name}`]?.('consumers.json') ?? '');
const sids = (id: RegExp) =>
  stack
    .statements(id)
    .map(({ Sid }) => Sid)
    .filter((sid) => !/^(Log|Trace)/.test(sid));

test('each knows the consumers of its network, and those alone', () => {
  expect(settings('ask-health')).toEqual([
    { name: 'site', credentials, probes: [], privateAddresses: 'refused' },
  ]);
  expect(settings('health-main')).toEqual([
    {
      name: 'api',
      credentials: 'https://api.internal/health',
      bearer: { secretArn: '$DEFERRED_1' },
      probes: [
        { name: 'Ready', method: 'GET', url: 'https://api.internal:8443/ready', expect: [200] },
      ],
      privateAddresses: 'allowed',
      ca: 'ca-api.pem',
    },
    expect.objectContaining({ name: 'jobs' }),
  ]);
  expect(stack.assets['quarterturn-pharmacy-prod-health-main']?.('ca-api.pem')).toBe(pem);
});

test('each stands where its consumers are', () => {
  const [outside, within] = [/^HealthFunction/, /^HealthInmain/].map(
    (id) => stack.one('AWS::Lambda::Function', id).Properties,
  );
  expect(outside.VpcConfig).toBeUndefined();
  expect(within.VpcConfig.SubnetIds).toEqual(['subnet-0a1b2c3d']);
  expect(endpointFindings(stack.resources).filter((text) => text.includes('endpoint of'))).toEqual(
    [],
  );
});

test('it may read the bearers of its own consumers at AWSCURRENT, and nothing else', () => {
  const secret = stack.idOf(stack.one('AWS::SecretsManager::Secret', /^SecretprobeToken/));
  const role = /^HealthInmainPolicy/;
  expect(sids(role)).toEqual(['NetworkInterfaces', 'ReadBearers', 'UseKeyOfBearers']);
  expect(stack.statement(role, 'ReadBearers')).toEqual({
    Sid: 'ReadBearers',
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: { Ref: secret },
    Condition: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] } },
  });
  expect(stack.statement(role, 'UseKeyOfBearers')).toMatchObject({
    Action: 'kms:Decrypt',
    Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': [{ Ref: secret }] } },
  });
  expect(sids(/^HealthFunctionPolicy/)).toEqual([]);
});

test('the functions are let out to the ports that are asked, and no rule stands twice', () => {
  const rules = stack
    .all('AWS::EC2::SecurityGroupEgress')
    .map(({ Properties: { CidrIp, DestinationPrefixListId, FromPort, ToPort } }) =>
      [CidrIp ?? DestinationPrefixListId, FromPort, ToPort].join(' '),
    );
  expect(rules.sort()).toEqual(['10.0.0.0/16 443 443', '10.0.0.0/16 8443 8443']);
});

test('a host that is known at deployment only is looked at with scheme, port and path', () => {
  const host = Token.asString({ 'Fn::GetAtt': ['LoadBalancer', 'DNSName'] });
  const url = `https://${host}:8443/health`;
  const words = {
    consumers: [{ name: 'api', health: { credentials: url, probes: [{ url: host }] } }],
  };
  const known = { region: 'eu-west-1', account: '111122223333' };
  const { document, restore, problems } = withRooms((_rooms, outdir) =>
    deferTokens(new Stack(new App({ outdir })), words, known),
  );
  expect(problems).toEqual([]);
  expect(document).toEqual({
    consumers: [
      {
        name: 'api',
        health: {
          credentials: 'https://deferred-1.example.com:8443/health',
          // No URL: refused by the rules.
          probes: [{ url: 'deferred-2.example.com' }],
        },
      },
    ],
  });
  expect(restore(document)).toEqual(words);
});
