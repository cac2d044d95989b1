/** What functions ask of IAM without its client, held against what its client asks. */
import type { IAMClient } from '@aws-sdk/client-iam';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { permissionsSimulation } from '../../doors/permissions-simulation.ts';
import { revokedSessions } from '../../doors/revoked-sessions.ts';
import type { NeighbourClient } from '../../doors/signed-request.ts';
import { simulationByRequest } from '../../doors/simulation-by-request.ts';
import { account, allow, policy, startWorld, type World } from '../sandbox/iam/world.ts';

const roleArn = `arn:aws:iam::${account}:role/app`;
const bucket = (name: string) => `arn:aws:s3:::${name}`;

let world: World;
let client: IAMClient;
beforeEach(async () => {
  world = await startWorld();
  client = world.administrator();
});
afterEach(() => world.stop());

async function options(of: IAMClient = client) {
  const { url } = { url: (await of.config.endpoint?.()) as { hostname: string; port?: number } };
  return {
    client: of as unknown as NeighbourClient,
    environment: { AWS_ENDPOINT_URL: `http://${url.hostname}:${url.port}` },
    clock: { now: () => new Date(), sleep: async () => undefined },
  };
}

test('a simulation asked by request answers what IAM’s own client is answered', async () => {
  const conditional = {
    StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
  };
  world.iam.putRole(
    'app',
    [
      policy(allow('s3:GetObject', [bucket('a'), bucket('b<&>')]), {
        Effect: 'Deny',
        Action: 's3:GetObject',
        Resource: bucket('b<&>'),
      }),
      policy(allow('kms:Decrypt', '*', conditional)),
    ],
    [],
  );
  const questions = [
    {
      principal: roleArn,
      actions: ['s3:GetObject', 'kms:Decrypt'],
      resources: [bucket('a'), bucket('b<&>'), bucket('c')],
    },
    {
      principal: roleArn,
      actions: ['kms:Decrypt'],
      resources: ['*'],
      context: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
    },
  ];
  const byRequest = simulationByRequest(await options());
  for (const question of questions) {
    const expected = await permissionsSimulation(client).simulate(question);
    expect(await byRequest.simulate(question)).toEqual(expected);
    expect(expected.some(({ decision }) => decision === 'allowed')).toBe(true);
  }
  await expect(
    byRequest.simulate({
      principal: `${roleArn}-gone`,
      actions: ['s3:GetObject'],
      resources: ['*'],
    }),
  ).rejects.toMatchObject({ code: 'ERR_ROTATION_PRINCIPAL_NOT_FOUND' });
});

test('sessions from before are refused everything, those issued after are not; twice, and back', async () => {
  const admin = world.user('issuer', allow('sts:AssumeRole', '*'));
  world.iam.putRole('app', [policy(allow('ssm:GetParameter', '*'))], []);
  const session = async () => {
    const { Credentials } = await world
      .stsAs(admin)
      .send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'session' }));
    return world.parametersAs({
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    });
  };
  const reads = async (who: Awaited<ReturnType<typeof session>>) =>
    who.send(new GetParameterCommand({ Name: '/a' })).then(
      () => 'answered',
      ({ name }: Error) => name,
    );
  const older = await session();
  expect(await reads(older)).toBe('answered');
  await world.clock.advanceTo(new Date(world.clock.now().getTime() + 60_000));
  const sessions = revokedSessions(await options());
  const before = world.clock.now();
  const id = '20261123t101500z-9f2c41aa07be63d1';
  await sessions.revoke(roleArn, id, before);
  await sessions.revoke(roleArn, id, before);
  await sessions.revoke(roleArn, `${id.slice(0, -1)}2`, before);
  await world.clock.advanceTo(new Date(world.clock.now().getTime() + 1_000));
  expect(await reads(older)).toMatch(/AccessDenied/);
  expect(await reads(await session())).toBe('answered');
  // What another emergency has revoked is not this one's to give back.
  expect(await sessions.restore(roleArn, `${id.slice(0, -1)}2`)).toBe(true);
  expect(await reads(older)).toMatch(/AccessDenied/);
  expect(await sessions.restore(roleArn, id)).toBe(true);
  expect(await sessions.restore(roleArn, id)).toBe(false);
  expect(await reads(older)).toBe('answered');
});

test('who may not is told IAM’s own code', async () => {
  world.iam.putRole('app', [], []);
  const nobody = revokedSessions(await options(world.iamAs(world.user('nobody'))));
  await expect(
    nobody.revoke(roleArn, '20261123t101500z-9f2c41aa07be63d1', new Date()),
  ).rejects.toMatchObject({
    code: 'ERR_ROTATION_AWS_CALL',
    awsCode: 'AccessDenied',
  });
});

test('a manifest that is not there is told by Systems Manager’s own code', async () => {
  const { client: own, ...others } = await options(world.iamAs(world.user('nobody')));
  const manifest = manifestByRequest('/quarterturn/p/prod/manifest', { client: own, ...others });
  await expect(manifest()).rejects.toMatchObject({
    code: 'ERR_ROTATION_AWS_CALL',
    awsCode: 'AccessDeniedException',
  });
});
