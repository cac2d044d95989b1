import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Sandbox, type StackOperationError, startSandbox } from '../../../sandbox/start.ts';
import { RESOURCE_TYPES } from '../../../sandbox/template/resource-types.ts';
import { replacementProperties } from '../../cloudformation-specification.ts';
import { functionResources, makeAssembly } from '../assembly.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

type Resources = Record<string, Record<string, unknown>>;

const assemblyOf = (Resources: object, code?: string): string => {
  const { folder, remove } = makeAssembly({ Resources }, code);
  cleanups.push(remove);
  return folder;
};

async function start(resources: object, code?: string): Promise<Sandbox> {
  const sandbox = await startSandbox({
    assembly: assemblyOf(resources, code),
    clock: { start: new Date('2026-05-17T17:00:00Z'), mode: 'manual' },
  });
  cleanups.push(() => sandbox.stop());
  return sandbox;
}

function access(sandbox: Sandbox) {
  return {
    endpoint: sandbox.url,
    region: sandbox.region,
    maxAttempts: 1,
    credentials: sandbox.createPrincipal('administrator', {
      policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
    }),
  };
}

const parameter = (Name: unknown, Value: unknown, rest: object = {}) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name, Type: 'String', Value },
  ...rest,
});
const retained = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
const secret = (properties: object, rest: object = retained) => ({
  Type: 'AWS::SecretsManager::Secret',
  Properties: { Name: 'app/key', ...properties },
  ...rest,
});
const protection = {
  Type: 'AWS::SecretsManager::ResourcePolicy',
  Properties: {
    SecretId: { Ref: 'Secret' },
    ResourcePolicy: {
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: ['secretsmanager:UpdateSecret', 'secretsmanager:DeleteSecret'],
          Resource: '*',
        },
      ],
    },
  },
};

const parameterValue = async (sandbox: Sandbox, Name: string) =>
  (await new SSMClient(access(sandbox)).send(new GetParameterCommand({ Name }))).Parameter?.Value;
const secretString = async (sandbox: Sandbox, SecretId: string) =>
  (await new SecretsManagerClient(access(sandbox)).send(new GetSecretValueCommand({ SecretId })))
    .SecretString;
const failure = (work: Promise<unknown>): Promise<StackOperationError> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: StackOperationError) => error,
  );
const steps = ({ events }: { events: readonly { logicalId: string; status: string }[] }) =>
  events.map(({ logicalId, status }) => `${logicalId} ${status}`);

describe('a deployment', () => {
  test('creates what is new, changes what differs, deletes what is gone, and leaves the rest alone', async () => {
    const same = { Same: parameter('/same', 'one') };
    const sandbox = await start({
      ...same,
      Gone: parameter('/gone', 'one'),
      Changed: parameter('/changed', 'one'),
    });
    const done = await sandbox.deploy(
      assemblyOf({
        ...same,
        Changed: parameter('/changed', { 'Fn::Sub': `\${New}!` }),
        New: parameter('/new', 'two'),
      }),
    );
    expect(done.status).toBe('UPDATE_COMPLETE');
    expect(steps(done)).toEqual([
      'New CREATE_COMPLETE',
      'Changed UPDATE_COMPLETE',
      'Gone DELETE_COMPLETE',
    ]);
    expect(await parameterValue(sandbox, '/changed')).toBe('/new!');
    await expect(parameterValue(sandbox, '/gone')).rejects.toThrow();
    expect([...sandbox.resources.keys()].sort()).toEqual(['Changed', 'New', 'Same']);
  });

  test('of the same assembly changes nothing', async () => {
    const resources = {
      ...functionResources('Echo'),
      Secret: secret({ SecretString: 'one' }),
      protection,
    };
    const sandbox = await start(resources);
    expect(await sandbox.deploy(assemblyOf(resources))).toEqual({
      status: 'UPDATE_COMPLETE',
      events: [],
    });
  });

  test('replaces a resource whose name changed, and whoever mentions it follows', async () => {
    const resources = (Name: string): Resources => ({
      First: parameter(Name, 'one'),
      Second: parameter('/second', { Ref: 'First' }),
    });
    const sandbox = await start(resources('/before'));
    const done = await sandbox.deploy(assemblyOf(resources('/after')));
    expect(steps(done)).toEqual([
      'First UPDATE_COMPLETE',
      'Second UPDATE_COMPLETE',
      'First DELETE_COMPLETE',
    ]);
    expect(await parameterValue(sandbox, '/second')).toBe('/after');
    await expect(parameterValue(sandbox, '/before')).rejects.toThrow();
  });

  test('keeps what is retained when it is replaced or no longer wanted', async () => {
    const sandbox = await start({
      Secret: secret({ SecretString: 'kept' }),
      Parameter: parameter('/kept', 'kept', { DeletionPolicy: 'Retain' }),
    });
    const done = await sandbox.deploy(
      assemblyOf({ Secret: secret({ Name: 'app/other', SecretString: 'new' }) }),
    );
    expect(steps(done)).toEqual([
      'Secret UPDATE_COMPLETE',
      'Secret DELETE_SKIPPED',
      'Parameter DELETE_SKIPPED',
    ]);
    expect(await secretString(sandbox, 'app/key')).toBe('kept');
    expect(await secretString(sandbox, 'app/other')).toBe('new');
    expect(await parameterValue(sandbox, '/kept')).toBe('kept');
  });

  test('that fails is undone: what was made goes, what was changed is as before', async () => {
    const sandbox = await start({
      Changed: parameter('/changed', 'one'),
      Secret: secret({ SecretString: 'one' }),
    });
    const error = await failure(
      sandbox.deploy(
        assemblyOf({
          Changed: parameter('/changed', 'two'),
          Secret: secret({ SecretString: 'one' }),
          New: parameter('/new', 'two'),
          // The name is taken by a secret of the same stack.
          Last: secret({ SecretString: 'x' }, { DependsOn: ['New', 'Changed'] }),
        }),
      ),
    );
    expect(error.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(error.logicalId).toBe('Last');
    expect(error.reason).toContain('app/key already exists');
    expect(await parameterValue(sandbox, '/changed')).toBe('one');
    await expect(parameterValue(sandbox, '/new')).rejects.toThrow();
    expect([...sandbox.resources.keys()].sort()).toEqual(['Changed', 'Secret']);
  });

  test.each([
    { SecretString: 'two' },
    { GenerateSecretString: { PasswordLength: 40 } },
    { SecretString: 'one', Description: 'another' },
  ])(
    'acts with an administrator’s rights, which a secret’s policy takes away: %j',
    async (changed) => {
      const before = { Secret: secret({ SecretString: 'one' }), protection };
      const sandbox = await start(before);
      const error = await failure(
        sandbox.deploy(assemblyOf({ Secret: secret(changed), protection })),
      );
      expect(error.reason).toMatch(
        /^User: arn:aws:sts::000000000000:assumed-role\/cdk-hnb659fds-cfn-exec-role-\S+ is not authorized to perform: secretsmanager:UpdateSecret .* with an explicit deny in a resource-based policy/,
      );
      expect(await secretString(sandbox, 'app/key')).toBe('one');
      // Bringing it back is an UpdateSecret as well.
      expect(error.status).toBe('UPDATE_ROLLBACK_FAILED');
      await expect(sandbox.deploy(assemblyOf(before))).rejects.toThrow(
        'is in UPDATE_ROLLBACK_FAILED state and can not be updated',
      );
      await expect(sandbox.continueRollback()).rejects.toThrow('UPDATE_ROLLBACK_FAILED');
      expect((await sandbox.continueRollback(['Secret'])).status).toBe('UPDATE_ROLLBACK_COMPLETE');
      expect((await sandbox.deploy(assemblyOf(before))).events).toEqual([]);
    },
  );

  test('changes a value where no policy denies it', async () => {
    const sandbox = await start({ Secret: secret({ SecretString: 'one' }) });
    await sandbox.deploy(assemblyOf({ Secret: secret({ SecretString: 'two' }) }));
    expect(await secretString(sandbox, 'app/key')).toBe('two');
  });

  test('of another type under the same logical id is refused as AWS refuses it', async () => {
    const sandbox = await start({ One: parameter('/one', 'one') });
    await expect(sandbox.deploy(assemblyOf({ One: secret({}) }))).rejects.toThrow(
      'Update of resource type is not permitted. The new template modifies resource type of the following resources: [One]',
    );
  });

  test('that changes what is not simulated is refused by name and undone', async () => {
    const table = (BillingMode: string) => ({
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'table',
          BillingMode,
          ...(BillingMode === 'PROVISIONED' && {
            ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
          }),
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        },
      },
    });
    const sandbox = await start({ First: parameter('/first', 'one'), ...table('PAY_PER_REQUEST') });
    await expect(
      sandbox.deploy(assemblyOf({ First: parameter('/first', 'two'), ...table('PROVISIONED') })),
    ).rejects.toThrow(
      'Table (AWS::DynamoDB::Table): the sandbox does not simulate a change of BillingMode',
    );
    expect(await parameterValue(sandbox, '/first')).toBe('one');
  });

  test('gives a function new code, and what runs ends as it began', async () => {
    const code = (version: number) =>
      `export const handler = async ({ wait }) => { await new Promise((r) => setTimeout(r, wait ?? 0)); return ${version}; };`;
    const sandbox = await start(functionResources('Echo'), code(1));
    const client = new LambdaClient(access(sandbox));
    const ask = async (event: object) => {
      const { Payload } = await client.send(
        new InvokeCommand({ FunctionName: 'Echo', Payload: JSON.stringify(event) }),
      );
      return Buffer.from(Payload ?? []).toString('utf8');
    };
    expect(await ask({})).toBe('1');
    const running = ask({ wait: 300 });
    // It has begun when the server knows of it.
    await ask({});
    const update = functionResources('Echo', { Description: 'second' });
    await sandbox.deploy(assemblyOf(update, code(2)));
    expect(await ask({})).toBe('2');
    expect(await running).toBe('1');
  });
});

describe('destroy', () => {
  test('deletes in the opposite order, keeps what is retained, and the names stay taken', async () => {
    const resources = {
      Secret: secret({ SecretString: 'kept' }),
      protection,
      Parameter: parameter('/gone', { Ref: 'Secret' }),
    };
    const sandbox = await start(resources);
    await new SecretsManagerClient(access(sandbox)).send(
      new PutSecretValueCommand({ SecretId: 'app/key', SecretString: 'rotated' }),
    );
    const done = await sandbox.destroy();
    expect(done.status).toBe('DELETE_COMPLETE');
    expect(steps(done)).toEqual([
      'Parameter DELETE_COMPLETE',
      'protection DELETE_COMPLETE',
      'Secret DELETE_SKIPPED',
    ]);
    expect(await secretString(sandbox, 'app/key')).toBe('rotated');

    const error = await failure(sandbox.deploy(assemblyOf(resources)));
    expect(error.status).toBe('ROLLBACK_COMPLETE');
    expect(error.reason).toContain('app/key already exists');
    expect(sandbox.resources.size).toBe(0);
    expect(await secretString(sandbox, 'app/key')).toBe('rotated');
  });

  test('leaves what a service refuses to delete, and says so', async () => {
    const resources = {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'table',
          BillingMode: 'PAY_PER_REQUEST',
          DeletionProtectionEnabled: true,
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        },
      },
      Parameter: parameter('/gone', 'x'),
    };
    const sandbox = await start(resources);
    const error = await failure(sandbox.destroy());
    expect(error.status).toBe('DELETE_FAILED');
    expect(error.reason).toContain('currently protected against deletion');
    expect([...sandbox.resources.keys()]).toEqual(['Table']);
  });
});

test('what replaces a resource is what the CloudFormation specification says', () => {
  const specification = replacementProperties();
  for (const [name, { replacement, properties, update }] of Object.entries(RESOURCE_TYPES)) {
    if (update === undefined && replacement === undefined) {
      // Its changes are refused by name.
      continue;
    }
    const known = (property: string) => properties.includes('*') || properties.includes(property);
    const modelled = (specification.get(name) ?? []).filter(known);
    const own = [...(replacement ?? [])];
    expect({ name, replacement: own.sort() }).toEqual({
      name,
      // The tables of the sandbox know no import.
      replacement: modelled.filter((property) => property !== 'ImportSourceSpecification').sort(),
    });
  }
});
