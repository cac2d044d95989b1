import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  ListEntitiesForPolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  type Credentials as StsCredentials,
} from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Credentials } from '../../../sandbox/sandbox.ts';
import { account, allow, policy, startWorld, type World } from './world.ts';

const everyParameter = allow('ssm:GetParameter', '*');
const role = { RoleName: 'app' };
const roleArn = `arn:aws:iam::${account}:role/app`;

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const read = (keys: Credentials) =>
  world.parametersAs(keys).send(new GetParameterCommand({ Name: '/a' }));
const assume = async (keys: Credentials, more: object = {}): Promise<Credentials> => {
  const { Credentials: made } = await world
    .stsAs(keys)
    .send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test', ...more }));
  return keysOf(made);
};
const keysOf = (made: StsCredentials | undefined) => ({
  accessKeyId: made?.AccessKeyId ?? '',
  secretAccessKey: made?.SecretAccessKey ?? '',
  sessionToken: made?.SessionToken ?? '',
});
const revoke = (before: Date) =>
  JSON.stringify(
    policy({
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { DateLessThan: { 'aws:TokenIssueTime': before.toISOString() } },
    }),
  );

describe('inline policies of a role', () => {
  test('are put, read back and deleted', async () => {
    world.iam.putRole('app', [], []);
    const admin = world.administrator();
    const PolicyDocument = JSON.stringify(policy(everyParameter));
    await admin.send(new PutRolePolicyCommand({ ...role, PolicyName: 'Own', PolicyDocument }));
    const found = await admin.send(new GetRolePolicyCommand({ ...role, PolicyName: 'Own' }));
    expect(JSON.parse(decodeURIComponent(found.PolicyDocument ?? ''))).toEqual(
      policy(everyParameter),
    );
    await admin.send(new DeleteRolePolicyCommand({ ...role, PolicyName: 'Own' }));
    const again = () => admin.send(new DeleteRolePolicyCommand({ ...role, PolicyName: 'Own' }));
    await expect(again()).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role policy with name Own cannot be found.',
    });
  });

  test('of a role that is not there, or one that is no policy, are refused', async () => {
    const admin = world.administrator();
    const put = (RoleName: string, PolicyDocument: string) =>
      admin.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'Own', PolicyDocument }));
    await expect(put('nobody', '{}')).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    world.iam.putRole('app', [], []);
    await expect(put('app', 'no policy')).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
    });
    const withVariable = JSON.stringify(
      policy(allow('s3:GetObject', `arn:aws:s3:::${'$'}{aws:username}/*`)),
    );
    await expect(put('app', withVariable)).rejects.toMatchObject({
      name: 'NotSimulatedException',
    });
  });

  test('need the right to put them on that very role', async () => {
    world.iam.putRole('app', [], []);
    world.iam.putRole('other', [], []);
    const some = world.iamAs(world.user('some', allow('iam:PutRolePolicy', roleArn)));
    const put = (RoleName: string) =>
      some.send(
        new PutRolePolicyCommand({
          RoleName,
          PolicyName: 'Own',
          PolicyDocument: revoke(new Date()),
        }),
      );
    await put('app');
    await expect(put('other')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

test('who holds a managed policy is listed, page by page', async () => {
  const { arn: PolicyArn } = world.iam.createManagedPolicy('reader', policy(everyParameter));
  for (const name of ['a', 'b']) {
    world.iam.putRole(name, [], ['reader']);
  }
  world.iam.putUser('c', [], ['reader']);
  world.iam.putRole('without', [], []);
  const admin = world.administrator();
  const pages: string[][] = [];
  let Marker: string | undefined;
  do {
    const page = await admin.send(
      new ListEntitiesForPolicyCommand({ PolicyArn, MaxItems: 2, ...(Marker && { Marker }) }),
    );
    pages.push([
      ...(page.PolicyRoles ?? []).map(({ RoleName = '' }) => RoleName),
      ...(page.PolicyUsers ?? []).map(({ UserName = '' }) => UserName),
    ]);
    Marker = page.Marker;
  } while (Marker !== undefined);
  expect(pages).toEqual([['a', 'b'], ['c']]);
  const roles = new ListEntitiesForPolicyCommand({ PolicyArn, EntityFilter: 'Role' });
  expect(await admin.send(roles)).toMatchObject({ PolicyUsers: [], IsTruncated: false });
  const unknown = new ListEntitiesForPolicyCommand({ PolicyArn: `${PolicyArn}x` });
  await expect(admin.send(unknown)).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});

describe('a session', () => {
  const may = allow('sts:AssumeRole', roleArn);

  test('of a role has the rights of the role, and ends', async () => {
    world.iam.putRole('app', [policy(everyParameter)], []);
    const keys = await assume(world.user('person', may));
    expect(await world.stsAs(keys).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: `arn:aws:sts::${account}:assumed-role/app/test`,
    });
    await read(keys);
    await world.clock.advanceTo(new Date('2026-11-23T11:00:00Z'));
    await expect(read(keys)).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  });

  test('is not given to whom policies do not let assume it', async () => {
    world.iam.putRole('app', [policy(everyParameter)], []);
    await expect(assume(world.user('person'))).rejects.toMatchObject({ name: 'AccessDenied' });
    const keys = world.user('other', allow('sts:AssumeRole', '*'));
    const nothing = { RoleArn: `${roleArn}-that-is-not-there` };
    await expect(assume(keys, nothing)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('from before it was revoked is refused, a new one is not', async () => {
    world.iam.putRole('app', [policy(everyParameter)], []);
    const person = world.user('person', may);
    const before = await assume(person);
    await read(before);
    await world.clock.advanceTo(new Date('2026-11-23T10:05:00Z'));
    await world.administrator().send(
      new PutRolePolicyCommand({
        ...role,
        PolicyName: 'AWSRevokeOlderSessions',
        PolicyDocument: revoke(world.clock.now()),
      }),
    );
    await expect(read(before)).rejects.toThrow('explicit deny in an identity-based policy');
    await read(await assume(person));
  });

  test('with MFA satisfies a condition that asks for it; the key alone, and a session without, do not', async () => {
    const withMfa = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
    const keys = world.user('person', allow('ssm:GetParameter', '*', withMfa));
    const session = async (more: object) => {
      const { Credentials: made } = await world.stsAs(keys).send(new GetSessionTokenCommand(more));
      return keysOf(made);
    };
    const SerialNumber = `arn:aws:iam::${account}:mfa/person`;
    await read(await session({ SerialNumber, TokenCode: '123456' }));
    await expect(read(keys)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const without = await session({});
    await expect(read(without)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(session({ SerialNumber, TokenCode: '654321' })).rejects.toMatchObject({
      name: 'AccessDenied',
      message: 'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
    });
    const another = { SerialNumber: `${SerialNumber}-of-another`, TokenCode: '123456' };
    await expect(session(another)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('of a role whose trust asks for MFA needs the device of who assumes it, and says nothing of it afterwards', async () => {
    world.iam.createRole(
      'app',
      policy({
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: 'sts:AssumeRole',
        Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
      }),
    );
    world.iam.putRolePolicy('app', 'Read', policy(everyParameter));
    const keys = world.user('person', may);
    await expect(assume(keys)).rejects.toMatchObject({ name: 'AccessDenied' });
    const mfa = { SerialNumber: `arn:aws:iam::${account}:mfa/person`, TokenCode: '123456' };
    await read(await assume(keys, mfa));
    const stillWithMfa = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
    world.iam.putRolePolicy('app', 'Read', policy(allow('ssm:GetParameter', '*', stillWithMfa)));
    await expect(read(await assume(keys, mfa))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('of a user without MFA may call nothing of IAM', async () => {
    const keys = world.user('person', allow('iam:*', '*'));
    const { Credentials: made } = await world.stsAs(keys).send(new GetSessionTokenCommand({}));
    world.iam.putRole('app', [policy(everyParameter)], []);
    const get = new GetRolePolicyCommand({ ...role, PolicyName: 'policy-1' });
    await expect(world.iamAs(keysOf(made)).send(get)).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await world.iamAs(keys).send(get);
  });
});
