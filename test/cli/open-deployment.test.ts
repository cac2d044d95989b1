import { describe, expect, test } from '@jest/globals';
import { openDeployment } from '../../cli/open-deployment.ts';
import { type Manifest, manifestOf } from '../../domain/config/manifest.ts';
import type { Scope } from '../../domain/config/names.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import type { DeploymentsDoor } from '../../doors/deployments.ts';
import exampleConfig from '../../rotation.config.ts';
import { inMemoryDeployment } from './in-memory-deployment.ts';

const example = manifestOf(exampleConfig);
const other: Manifest = { ...example, name: 'billing', environment: 'prod' };

describe('which deployment a command is about', () => {
  test('the only one there is needs no name', async () => {
    const { manifest, caller } = await open({}, { deployed: [example] });
    expect(manifest.name).toBe(example.name);
    expect(caller).toEqual({
      arn: 'arn:aws:iam::123456789012:user/on-call',
      account: '123456789012',
      region: 'eu-west-1',
    });
  });

  test('of several one must be named, and all of them are told', async () => {
    await expect(open({}, { deployed: [example, other] })).rejects.toMatchObject({
      code: 'ERR_ROTATION_UNKNOWN_DEPLOYMENT',
      message: expect.stringContaining(`${example.name}/${example.environment}, billing/prod`),
    });
  });

  test('--deployment wins over QUARTERTURN_DEPLOYMENT', async () => {
    const world = {
      deployed: [example, other],
      environment: { QUARTERTURN_DEPLOYMENT: `${example.name}/${example.environment}` },
    };
    expect((await open({}, world)).manifest.name).toBe(example.name);
    expect((await open({ deployment: 'billing/prod' }, world)).manifest.name).toBe('billing');
  });

  test('one that does not exist is told with those that do', async () => {
    await expect(
      open({ deployment: 'billing/prod' }, { deployed: [example] }),
    ).rejects.toMatchObject({
      code: 'ERR_ROTATION_UNKNOWN_DEPLOYMENT',
      message: expect.stringContaining(`expected one of: ${example.name}/${example.environment}`),
    });
  });

  test('who may not list is still told that the name is unknown', async () => {
    const world = { deployed: [example], mayList: false };
    await expect(open({ deployment: 'billing/prod' }, world)).rejects.toMatchObject({
      code: 'ERR_ROTATION_UNKNOWN_DEPLOYMENT',
      message: expect.stringContaining('may not list'),
    });
    // Without a name there is no way around the list: what AWS said is told.
    await expect(open({}, world)).rejects.toMatchObject({ awsCode: 'AccessDeniedException' });
  });

  test('a misspelt name is no question of rights, although AWS denies what is not there', async () => {
    const mayRead = (scope: Scope) => scope.name === example.name;
    await expect(
      open({ deployment: 'billing/prod' }, { deployed: [example], mayRead }),
    ).rejects.toMatchObject({
      code: 'ERR_ROTATION_UNKNOWN_DEPLOYMENT',
      message: expect.stringContaining(`expected one of: ${example.name}/${example.environment}`),
    });
    // It is there, or nobody can see whether it is: what AWS said is told.
    for (const world of [{ deployed: [example, other] }, { deployed: [], mayList: false }]) {
      await expect(
        open({ deployment: 'billing/prod' }, { ...world, mayRead }),
      ).rejects.toMatchObject({ call: 'GetParameter', awsCode: 'AccessDeniedException' });
    }
  });

  test('none at all says where was looked', async () => {
    await expect(open({}, { deployed: [] })).rejects.toThrow(
      'account 123456789012, region eu-west-1: nothing lies below /quarterturn/',
    );
  });

  test.each(['pharmacy', 'a/b/c', 'Pharmacy/prod', '/prod', '../x/y'])(
    'the name %j is a mistake of the command line, found before any call',
    async (deployment) => {
      const connect = () => {
        throw new Error('a call was made');
      };
      await expect(open({ deployment }, { connect })).rejects.toMatchObject({
        code: 'ERR_ROTATION_USAGE',
      });
    },
  );
});

describe('AWS and the sandbox cannot be mistaken for each other', () => {
  const local = 'http://127.0.0.1:4566';
  const aws = (service: string) => `https://${service}.eu-west-1.amazonaws.com`;

  test('the sandbox’s account on this machine is shown with its endpoint', async () => {
    const { caller } = await open(
      {},
      { deployed: [example], account: '000000000000', endpoints: { secretsmanager: local } },
    );
    expect(caller.endpoint).toBe(local);
  });

  test.each([
    ['the sandbox’s key at AWS', '000000000000', { secretsmanager: aws('secretsmanager') }],
    [
      'the sandbox’s key, one service at AWS',
      '000000000000',
      { secretsmanager: local, dynamodb: aws('dynamodb') },
    ],
    ['a key of AWS at this machine', '123456789012', { secretsmanager: local }],
    [
      'a key of AWS, one service at this machine',
      '123456789012',
      { secretsmanager: aws('secretsmanager'), dynamodb: 'http://[::1]:8000' },
    ],
    [
      'a host that only looks like this machine',
      '000000000000',
      { secretsmanager: 'http://127.0.0.1.example.com' },
    ],
  ])('%s is refused, naming every endpoint', async (_, account, endpoints) => {
    await expect(open({}, { deployed: [example], account, endpoints })).rejects.toMatchObject({
      code: 'ERR_ROTATION_ENDPOINT_MISMATCH',
      message: expect.stringContaining(Object.values(endpoints).at(-1) ?? ''),
    });
  });

  test('a private endpoint of AWS is no other place, a host of somebody else’s is shown', async () => {
    const vpce = 'https://vpce-0a1b.secretsmanager.eu-west-1.vpce.amazonaws.com';
    const at = async (secretsmanager: string) =>
      (await open({}, { deployed: [example], endpoints: { secretsmanager } })).caller.endpoint;
    expect(await at(vpce)).toBeUndefined();
    expect(await at('https://secretsmanager.cn-north-1.amazonaws.com.cn')).toBeUndefined();
    expect(await at('https://amazonaws.com.example.org')).toBe('https://amazonaws.com.example.org');
  });

  test('a host of somebody else’s is shown, also when it stands for one service only', async () => {
    const endpoints = {
      secretsmanager: aws('secretsmanager'),
      lambda: 'https://lambda.example.org',
    };
    const { caller } = await open({}, { deployed: [example], endpoints });
    expect(caller.endpoint).toBe('https://lambda.example.org');
  });
});

interface FakeAccount {
  deployed?: Manifest[];
  mayList?: boolean;
  mayRead?: (scope: Scope) => boolean;
  account?: string;
  endpoints?: Record<string, string>;
  environment?: Record<string, string>;
  connect?: () => DeploymentsDoor;
}

function open(options: { deployment?: string }, fake: FakeAccount) {
  const { deployed = [], mayList = true, account = '123456789012' } = fake;
  const doors = inMemoryDeployment();
  const is = (manifest: Manifest, scope: Scope) =>
    manifest.name === scope.name && manifest.environment === scope.environment;
  const door: DeploymentsDoor = {
    caller: async () => ({
      arn: `arn:aws:iam::${account}:user/on-call`,
      account,
      region: 'eu-west-1',
    }),
    endpoints: async () =>
      fake.endpoints ?? { secretsmanager: 'https://secretsmanager.eu-west-1.amazonaws.com' },
    async list() {
      if (!mayList) throw new AwsCallError('GetParametersByPath', 'AccessDeniedException', 'no');
      return deployed.map(({ name, environment }) => ({ name, environment }));
    },
    async manifest(scope) {
      if (fake.mayRead?.(scope) === false) {
        throw new AwsCallError('GetParameter', 'AccessDeniedException', 'no');
      }
      return deployed.find((manifest) => is(manifest, scope));
    },
    doorsTo: () => doors,
  };
  return openDeployment(options, {
    environment: fake.environment ?? {},
    connect: fake.connect ?? (() => door),
    clock: doors.clock,
    random: { bytes: async (count) => Buffer.alloc(count, 7) },
  });
}
