import { afterEach, expect, test } from '@jest/globals';
import { CloudFormationService } from '../../../sandbox/cloudformation/service.ts';
import { CredentialStore } from '../../../sandbox/credentials.ts';
import { emptyWorld, type LoadedWorld, loadInto } from '../../../sandbox/loaded-world.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { readStack } from '../../../sandbox/template/assembly.ts';
import { makeAssembly } from '../assembly.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

const parameter = (Name: string, Value: string) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name, Type: 'String', Value },
});
const secret = (SecretString: string) => ({
  Secret: {
    Type: 'AWS::SecretsManager::Secret',
    Properties: { Name: 'app/key', SecretString },
    DeletionPolicy: 'Retain',
  },
  Policy: {
    Type: 'AWS::SecretsManager::ResourcePolicy',
    Properties: {
      SecretId: { Ref: 'Secret' },
      ResourcePolicy: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 'secretsmanager:UpdateSecret',
            Resource: '*',
          },
        ],
      },
    },
  },
});

function assemblyOf(Resources: object): string {
  const { folder, remove } = makeAssembly({
    Resources,
    Outputs: { Of: { Value: 'output' } },
  });
  cleanups.push(remove);
  return folder;
}

async function load(resources: object): Promise<{ world: LoadedWorld; ask: Ask }> {
  const settings = {
    stack: readStack(assemblyOf(resources)),
    region: 'eu-central-1',
    clock: { start: new Date('2026-05-17T17:00:00Z'), mode: 'manual' as const },
    existing: undefined,
    credentials: new CredentialStore(),
    endpoint: () => 'http://127.0.0.1:1',
  };
  const world = emptyWorld(settings);
  cleanups.push(() => world.stop());
  await loadInto(world, settings);
  const { operations } = new CloudFormationService(world.stack);
  const caller: Caller = { arn: 'arn:aws:iam::000000000000:user/tester', kind: 'user' };
  const ask: Ask = async (name, input = {}) =>
    (await operations[name]?.run({ StackName: 'Tiny', ...input }, caller)) as never;
  return { world, ask };
}
type Ask = (
  name: string,
  input?: Record<string, unknown>,
) => Promise<Record<string, Record<string, unknown>[]>>;

test('describes the stack, its resources, and what its deployments did, newest first', async () => {
  const { world, ask } = await load({ One: parameter('/one', '1'), Two: parameter('/two', '1') });
  expect((await ask('DescribeStacks')).Stacks).toEqual([
    expect.objectContaining({
      StackName: 'Tiny',
      StackStatus: 'CREATE_COMPLETE',
      Outputs: [{ OutputKey: 'Of', OutputValue: 'output' }],
    }),
  ]);
  const { StackResources } = await ask('DescribeStackResources');
  expect(StackResources?.map((it) => [it.LogicalResourceId, it.PhysicalResourceId])).toEqual([
    ['One', '/one'],
    ['Two', '/two'],
  ]);
  await world.stack.deploy(readStack(assemblyOf({ One: parameter('/one', '2') })));
  const { StackEvents } = await ask('DescribeStackEvents');
  expect(StackEvents?.map((it) => [it.LogicalResourceId, it.ResourceStatus])).toEqual([
    ['Two', 'DELETE_COMPLETE'],
    ['One', 'UPDATE_COMPLETE'],
  ]);
});

test('deletes no stack that is protected; deleted, it does not exist', async () => {
  const { world, ask } = await load({ One: parameter('/one', '1') });
  await ask('UpdateTerminationProtection', { EnableTerminationProtection: 'true' });
  await expect(ask('DeleteStack')).rejects.toThrow(
    'Stack [Tiny] cannot be deleted while TerminationProtection is enabled',
  );
  expect(world.stack.loaded?.resources.size).toBe(1);
  await ask('UpdateTerminationProtection', { EnableTerminationProtection: 'false' });
  await ask('DeleteStack');
  await expect(ask('DescribeStacks')).rejects.toThrow('Stack with id Tiny does not exist');
});

test('continues a rollback that could not end, without what is skipped', async () => {
  const { world, ask } = await load(secret('one'));
  await expect(world.stack.deploy(readStack(assemblyOf(secret('two'))))).rejects.toThrow(
    'explicit deny',
  );
  const status = async () => (await ask('DescribeStacks')).Stacks?.[0]?.StackStatus;
  expect(await status()).toBe('UPDATE_ROLLBACK_FAILED');
  await ask('ContinueUpdateRollback');
  expect(await status()).toBe('UPDATE_ROLLBACK_FAILED');
  await ask('ContinueUpdateRollback', { 'ResourcesToSkip.member.1': 'Secret' });
  expect(await status()).toBe('UPDATE_ROLLBACK_COMPLETE');
  await expect(ask('ContinueUpdateRollback')).rejects.toThrow('can not continue rollback');
});

test('knows no other stack', async () => {
  const { ask } = await load({ One: parameter('/one', '1') });
  await expect(ask('DescribeStacks', { StackName: 'Other' })).rejects.toMatchObject({
    code: 'ValidationError',
    message: 'Stack with id Other does not exist',
  });
});

test('deploys and destroys over the controls', async () => {
  const sandbox: Sandbox = await startSandbox({
    assembly: assemblyOf({ ...secret('one'), One: parameter('/one', '1') }),
    clock: { start: new Date('2026-05-17T17:00:00Z'), mode: 'manual' },
  });
  cleanups.push(() => sandbox.stop());
  const post = async (path: string, body?: object) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sandbox.controlToken}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const assembly = assemblyOf({ ...secret('one'), One: parameter('/one', '2') });
  expect(await post('deploy', { assembly })).toMatchObject({
    status: 200,
    body: { status: 'UPDATE_COMPLETE', events: [{ logicalId: 'One' }] },
  });
  expect(await post('deploy', { assembly: assemblyOf(secret('two')) })).toMatchObject({
    status: 400,
    body: { status: 'UPDATE_ROLLBACK_FAILED', message: expect.stringContaining('explicit deny') },
  });
  expect((await post('deploy', { folder: assembly })).status).toBe(400);
  expect(await post('destroy')).toMatchObject({ body: { status: 'DELETE_COMPLETE' } });
  expect(sandbox.resources.size).toBe(0);
});
