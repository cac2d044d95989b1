import type { IAMClient, SimulatePolicyResponse } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type PermissionsSimulationDoor,
  permissionsSimulation,
} from '../../doors/permissions-simulation.ts';
import { account, allow, policy, startWorld, type World } from '../sandbox/iam/world.ts';

const secret = (name: string) =>
  `arn:aws:secretsmanager:eu-west-1:${account}:secret:${name}-AbCdEf`;
const read = 'secretsmanager:GetSecretValue';
const describeSecret = 'secretsmanager:DescribeSecret';
const roleArn = `arn:aws:iam::${account}:role/app`;
const userArn = `arn:aws:iam::${account}:user/person`;

let world: World;
let door: PermissionsSimulationDoor;
beforeEach(async () => {
  world = await startWorld();
  door = permissionsSimulation(world.administrator());
});
afterEach(() => world.stop());

test('every action is answered for every resource: allowed, denied, or not allowed by anything', async () => {
  const own = policy(allow([read, describeSecret], [secret('a'), secret('b')]), {
    Effect: 'Deny',
    Action: read,
    Resource: secret('b'),
  });
  world.iam.putRole('app', [own], []);
  const rights = await door.simulate({
    principal: roleArn,
    actions: [read, describeSecret],
    resources: [secret('a'), secret('b'), secret('c')],
  });
  expect(
    rights.map(({ action, resource, decision, policies }) => [
      action,
      resource,
      decision,
      policies,
    ]),
  ).toEqual([
    [read, secret('a'), 'allowed', ['policy-1']],
    [read, secret('b'), 'explicitDeny', ['policy-1']],
    [read, secret('c'), 'implicitDeny', []],
    [describeSecret, secret('a'), 'allowed', ['policy-1']],
    [describeSecret, secret('b'), 'allowed', ['policy-1']],
    [describeSecret, secret('c'), 'implicitDeny', []],
  ]);
});

test('managed policies count, and what a condition asks for is told where the question does not say it', async () => {
  const viaSecretsManager = {
    StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
  };
  world.iam.createManagedPolicy('reader', policy(allow('kms:Decrypt', '*', viaSecretsManager)));
  world.iam.putRole('app', [], ['reader']);
  const question = {
    principal: roleArn,
    actions: ['kms:Decrypt'],
    resources: ['arn:aws:kms:eu-west-1:000000000000:key/1'],
  };
  expect(await door.simulate(question)).toMatchObject([
    { decision: 'implicitDeny', missingContext: ['kms:ViaService'] },
  ]);
  const context = { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' };
  expect(await door.simulate({ ...question, context })).toMatchObject([
    { decision: 'allowed', missingContext: [], policies: ['reader'] },
  ]);
});

test('a resource policy that is passed in counts for a user', async () => {
  world.user('person');
  const question = { principal: userArn, actions: [read], resources: [secret('a')] };
  const granted = policy({ ...allow(read, '*'), Principal: { AWS: userArn } });
  const denied = policy({ Effect: 'Deny', Action: read, Resource: '*', Principal: '*' });
  const decisions = [];
  for (const resourcePolicy of [undefined, granted, denied]) {
    const passed = resourcePolicy && { resourcePolicy: JSON.stringify(resourcePolicy) };
    const [right] = await door.simulate({ ...question, ...passed });
    decisions.push(right?.decision);
  }
  expect(decisions).toEqual(['implicitDeny', 'allowed', 'explicitDeny']);
});

test('actions without a resource are asked of all', async () => {
  world.iam.putRole('app', [policy(allow('cloudtrail:LookupEvents', '*'))], []);
  const question = {
    principal: roleArn,
    actions: ['cloudtrail:LookupEvents', 'athena:StartQueryExecution'],
    resources: ['*'],
  };
  expect(await door.simulate(question)).toMatchObject([
    { resource: '*', decision: 'allowed' },
    { resource: '*', decision: 'implicitDeny' },
  ]);
});

test('a question of hundreds of rights takes several calls, and of thousands is refused before any', async () => {
  world.iam.putRole('app', [policy(allow(read, '*'))], []);
  const resources = Array.from({ length: 250 }, (_, index) => secret(`s${index}`));
  let calls = 0;
  const admin = world.administrator();
  admin.middlewareStack.add(
    (next) => (request) => {
      calls += 1;
      return next(request);
    },
    { step: 'initialize' },
  );
  const door = permissionsSimulation(admin);
  const rights = await door.simulate({
    principal: roleArn,
    actions: [read, describeSecret],
    resources,
  });
  expect(rights).toHaveLength(500);
  expect(calls).toBe(5);
  expect(rights.filter(({ decision }) => decision === 'allowed')).toHaveLength(250);
  expect(rights[249]?.resource).toBe(secret('s249'));
  const tooMany = { principal: roleArn, actions: Array(5).fill(read), resources };
  await expect(door.simulate(tooMany)).rejects.toMatchObject({
    code: 'ERR_ROTATION_SIMULATION_TOO_LARGE',
  });
  expect(calls).toBe(5);
});

test('somebody IAM does not know is told by name; so is who may not ask', async () => {
  const question = { principal: `${roleArn}-gone`, actions: [read], resources: ['*'] };
  await expect(door.simulate(question)).rejects.toMatchObject({
    code: 'ERR_ROTATION_PRINCIPAL_NOT_FOUND',
    message: expect.stringContaining(`${roleArn}-gone`),
  });
  world.iam.putRole('app', [], []);
  const nobody = permissionsSimulation(world.iamAs(world.user('nobody')));
  await expect(nobody.simulate({ ...question, principal: roleArn })).rejects.toMatchObject({
    code: 'ERR_ROTATION_AWS_CALL',
    awsCode: 'AccessDenied',
  });
});

describe('answers in other forms', () => {
  const answering = (...answers: SimulatePolicyResponse[]) => {
    const sent: unknown[] = [];
    const send = async ({ input }: { input: unknown }) => {
      sent.push(input);
      return answers.shift();
    };
    return { sent, door: permissionsSimulation({ send } as unknown as IAMClient) };
  };
  const question = { principal: roleArn, actions: [read], resources: [secret('a'), secret('b')] };
  const of = (name: string, EvalDecision: 'allowed' | 'implicitDeny') => ({
    EvalActionName: read,
    EvalResourceName: secret(name),
    EvalDecision,
  });

  test('one result a resource, on pages, is read to its end', async () => {
    const first = { EvaluationResults: [of('a', 'allowed')], IsTruncated: true, Marker: 'next' };
    const { door, sent } = answering(first, { EvaluationResults: [of('b', 'implicitDeny')] });
    expect(await door.simulate(question)).toMatchObject([
      { resource: secret('a'), decision: 'allowed' },
      { resource: secret('b'), decision: 'implicitDeny' },
    ]);
    expect(sent).toMatchObject([{}, { Marker: 'next' }]);
  });

  test('a right that is not answered for is an error, never a refusal', async () => {
    const { door } = answering({ EvaluationResults: [of('a', 'allowed')] });
    await expect(door.simulate(question)).rejects.toMatchObject({
      code: 'ERR_ROTATION_SIMULATION_INCOMPLETE',
      message: expect.stringContaining(secret('b')),
    });
  });

  test('a service control policy or a boundary in the way is told', async () => {
    const EvaluationResults = [
      {
        ...of('a', 'implicitDeny'),
        OrganizationsDecisionDetail: { AllowedByOrganizations: false },
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
      },
    ];
    const { door } = answering({ EvaluationResults });
    expect(await door.simulate({ ...question, resources: [secret('a')] })).toMatchObject([
      { deniedByOrganization: true, deniedByBoundary: true },
    ]);
  });
});
