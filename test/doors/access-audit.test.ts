/** The doors of the access audit on the wire, each with the statements of its role and nothing more. */
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cloudTrail, type LookupRequest, sightingOf } from '../../doors/cloud-trail.ts';
import { functionRoles } from '../../doors/function-roles.ts';
import { policyHolders } from '../../doors/policy-holders.ts';
import { type Account, START, startAccount } from '../sandbox/account.ts';

const allow = (Action: string, Resource: string) =>
  ({ Effect: 'Allow', Action, Resource }) as never;
const policyArn = 'arn:aws:iam::000000000000:policy/quarterturn-pharmacy-prod-reader-api';

let account: Account;
const opened: { destroy(): void }[] = [];
const open = <Client extends { destroy(): void }>(made: Client): Client => {
  opened.push(made);
  return made;
};
let history: ReturnType<typeof cloudTrail>;
let settings: ReturnType<Account['clientOf']>;

beforeAll(async () => {
  account = await startAccount();
  settings = account.clientOf(
    'audit',
    allow('cloudtrail:LookupEvents', '*'),
    allow('iam:ListEntitiesForPolicy', policyArn),
    allow(
      'lambda:GetFunctionConfiguration',
      'arn:aws:lambda:eu-west-1:000000000000:function:quarterturn-pharmacy-prod-*',
    ),
  );
  history = cloudTrail((region) => open(new CloudTrailClient({ ...settings, region })));
  const { cloudtrail } = account.services;
  cloudtrail.throttle('off');
  const read = (index: number, awsRegion = 'eu-west-1') => ({
    ...{ eventName: 'GetSecretValue', eventSource: 'secretsmanager.amazonaws.com', awsRegion },
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::000000000000:user/alice' },
    requestParameters: { secretId: 'pharmacy/prod/jwt' },
    eventTime: new Date(START.getTime() - index * 60_000).toISOString(),
  });
  cloudtrail.recordEvents([
    ...Array.from({ length: 60 }, (_, index) => read(index + 1)),
    read(7, 'eu-central-1'),
  ] as never);
});
afterAll(async () => {
  for (const one of opened) one.destroy();
  await account?.stop();
});

const reads: LookupRequest = {
  region: 'eu-west-1',
  attribute: { key: 'EventName', value: 'GetSecretValue' },
  from: new Date(START.getTime() - 3 * 60 * 60_000),
  to: START,
};

describe('event history', () => {
  test('comes newest first, fifty at a time, with a token while there is more', async () => {
    const first = await history.lookup(reads);
    if (typeof first === 'string') throw new Error(first);
    expect(first).toMatchObject({ records: 50, oldest: new Date('2026-05-17T16:10:00Z') });
    expect(first.sightings[0]).toMatchObject({
      ...{ kind: 'read', secrets: ['pharmacy/prod/jwt'], firstAt: '2026-05-17T16:59:00Z' },
      identity: { type: 'IAMUser', arn: 'arn:aws:iam::000000000000:user/alice' },
    });
    const second = await history.lookup({ ...reads, token: first.token });
    expect(second).toMatchObject({ records: 10, oldest: new Date('2026-05-17T16:00:00Z') });
    expect(second).not.toHaveProperty('token');
  });

  test('is each region’s own', async () => {
    expect(await history.lookup({ ...reads, region: 'eu-central-1' })).toMatchObject({
      records: 1,
    });
    expect(await history.lookup({ ...reads, region: 'us-east-1' })).toEqual({
      records: 0,
      sightings: [],
    });
  });

  test('of a token that is not its own is over, and too many requests are no error', async () => {
    expect(await history.lookup({ ...reads, token: 'of-somebody-else' })).toBe('ended');
    account.services.cloudtrail.throttle('machine');
    const answers = await Promise.all(Array.from({ length: 5 }, () => history.lookup(reads)));
    account.services.cloudtrail.throttle('off');
    expect(answers).toContain('throttled');
  });
});

test('a record that is none, and one that reads no secret, are no sighting', () => {
  expect(sightingOf('{')).toBeUndefined();
  expect(sightingOf('null')).toBeUndefined();
  const described = {
    ...{ eventSource: 'secretsmanager.amazonaws.com', eventName: 'DescribeSecret' },
    ...{ eventTime: '2026-05-17T10:00:00Z', awsRegion: 'eu-west-1' },
  };
  expect(sightingOf(JSON.stringify(described))).toBeUndefined();
  // Members of another shape are left out, and what is known of it stays.
  expect(
    sightingOf(
      JSON.stringify({
        ...{ ...described, eventName: 'GetSecretValue', userIdentity: 'root', errorCode: 7 },
        requestParameters: { secretId: { of: 'another shape' } },
      }),
    ),
  ).toMatchObject({ identity: { type: 'Unknown' }, refused: false, secrets: [] });
});

test('who holds a policy is told by name: roles and users', async () => {
  const { iam } = account.services;
  const { arn } = iam.createManagedPolicy('quarterturn-pharmacy-prod-reader-api', {
    Statement: [allow('secretsmanager:GetSecretValue', '*')],
  });
  expect(arn).toBe(policyArn);
  iam.putRole('api', [], [arn]);
  iam.putUser('bob', [], [arn]);
  const policies = policyHolders(open(new IAMClient(settings)));
  expect(await policies.holdersOf(arn)).toEqual({ roles: ['api'], users: ['bob'], groups: [] });
  await expect(policies.holdersOf(arn.replace('api', 'other'))).rejects.toMatchObject({
    code: 'ERR_ROTATION_AWS_CALL',
    awsCode: expect.stringMatching(/AccessDenied/),
  });
});

test('which role a function runs as is told of this deployment’s functions; of one that is not there, nothing', async () => {
  const { existing } = account.services.lambda;
  existing.put({ name: 'quarterturn-pharmacy-prod-jwt', description: 'Rotates' });
  existing.put({ name: 'another', description: 'Somebody else’s' });
  const functions = functionRoles({
    client: open(new CloudTrailClient(settings)) as never,
    environment: { AWS_ENDPOINT_URL: account.url },
  });
  expect(await functions.roleOf('quarterturn-pharmacy-prod-jwt')).toBe(
    'arn:aws:iam::000000000000:role/quarterturn-pharmacy-prod-jwt',
  );
  expect(await functions.roleOf('quarterturn-pharmacy-prod-none')).toBeUndefined();
  await expect(functions.roleOf('another')).rejects.toMatchObject({
    code: 'ERR_ROTATION_AWS_CALL',
  });
});
