import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { functionResources, makeAssembly } from './assembly.ts';

let sandbox: Sandbox;
let remove: () => void;

beforeAll(async () => {
  const code = `export const handler = async () => { console.log('ran'); };`;
  const assembly = makeAssembly({ Resources: functionResources('F') }, code);
  remove = assembly.remove;
  sandbox = await startSandbox({
    assembly: assembly.folder,
    clock: { start: new Date('2026-05-17T17:00:00Z'), mode: 'manual' },
  });
});
afterAll(async () => {
  await sandbox?.stop();
  remove?.();
});

async function control(method: string, path: string, body?: unknown, token?: string) {
  const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    headers: { authorization: `Bearer ${token ?? sandbox.controlToken}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

const PATH = process.env.PATH ?? '';
const run = promisify(execFile);
const aws = (key: Key, ...args: string[]) =>
  run('aws', args, {
    env: {
      PATH,
      HOME: '/nonexistent',
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_DEFAULT_REGION: sandbox.region,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });

async function makePrincipal(name: string, actions: string[]): Promise<Key> {
  const policies = [{ Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }];
  const { status, body } = await control('POST', 'principals', { name, policies });
  expect(status).toBe(201);
  return body as unknown as Key;
}

test('no control works without the token', async () => {
  expect((await control('GET', 'clock', undefined, 'guess')).status).toBe(401);
});

test('the clock is read and moved', async () => {
  const advanceTo = '2026-08-17T17:00:00.000Z';
  expect((await control('POST', 'clock', { advanceTo, recurring: 'last' })).body).toEqual({
    now: advanceTo,
    mode: 'manual',
  });
  expect((await control('POST', 'clock', { settle: true })).status).toBe(200);
  expect((await control('GET', 'clock')).body.now).toBe(advanceTo);
  expect((await control('POST', 'clock', { advanceTo: 'soon' })).status).toBe(400);
});

test('faults are made, listed and taken back; a misspelt one is refused', async () => {
  const fault = { service: 'sts', operation: 'GetCallerIdentity', when: 'before' };
  const { body } = await control('POST', 'faults', fault);
  expect((await control('GET', 'faults')).body).toEqual([{ id: body.id, fault, fired: 0 }]);
  expect((await control('DELETE', `faults/${body.id}`)).body).toEqual([]);
  const misspelt = await control('POST', 'faults', { ...fault, wen: 'before' });
  expect(misspelt).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('wen') },
  });
});

test('a principal with an unsupported policy is refused by name', async () => {
  const Condition = { IpAddress: { 'aws:SourceIp': '::1' } };
  const policies = [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*', Condition } }];
  const { status, body } = await control('POST', 'principals', { name: 'x', policies });
  expect(status).toBe(400);
  expect(body.message).toContain('IpAddress');
});

/** ECS behind CodeDeploy and Application Auto Scaling, and a function, as they stand beside the stack. */
async function putBesideTheStack() {
  const app = { name: 'app', secrets: [{ name: 'JWT_SECRET', valueFrom: 'arn:…' }] };
  const puts = [
    [
      'ecs-services',
      {
        ...{ cluster: 'c', name: 'api', desiredCount: 2, deploymentController: 'CODE_DEPLOY' },
        taskDefinition: { family: 'api', containerDefinitions: [app] },
        behaviour: { tasks: 'start', steadyAfterSeconds: 60 },
      },
    ],
    ['scalable-targets', { cluster: 'c', service: 'api', minCapacity: 1, maxCapacity: 3 }],
    ['deployment-groups', { application: 'a', name: 'g', cluster: 'c', service: 'api' }],
    ['functions', { name: 'reports', description: 'nightly' }],
  ] as const;
  for (const [path, body] of puts) {
    const arn = expect.stringMatching(/^arn:aws:/);
    expect(await control('POST', path, body)).toEqual({ status: 201, body: { arn } });
  }
}

test('services beside the stack are put in and looked at; a misspelt member is refused', async () => {
  await putBesideTheStack();
  const { body } = await control('GET', 'ecs-services');
  expect(body).toMatchObject([{ serviceName: 'api', runningCount: 2, taskSets: [{}] }]);
  const behave = (behaviour: object) =>
    control('POST', 'ecs-behaviour', { cluster: 'c', name: 'api', behaviour });
  expect((await behave({ tasks: 'fail', times: 1 })).status).toBe(200);
  for (const wrong of [behave({ tasks: 'fail', time: 1 }), behave({ tasks: 'never' })]) {
    expect((await wrong).status).toBe(400);
  }
  const nowhere = { cluster: 'c', service: 'other', minCapacity: 1, maxCapacity: 3 };
  expect(await control('POST', 'scalable-targets', nowhere)).toEqual({
    ...{ status: 400, body: { message: 'Service not found.' } },
  });
});

test('a cluster and what is in it are put in, described, and gone with a reset', async () => {
  const place = { cluster: 'prod', namespace: 'shop', name: 'web' };
  const principalArn = 'arn:aws:iam::000000000000:role/Rollout';
  const rules = [{ verbs: ['get', 'patch'], resource: 'deployments', namespace: 'shop' }];
  const made = await control('POST', 'eks-clusters', { name: 'prod' });
  expect(made).toMatchObject({
    status: 201,
    body: { endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) },
  });
  const puts: [string, object][] = [
    ['eks-access-entries', { cluster: 'prod', principalArn, rules }],
    ['eks-deployments', { ...place, replicas: 3, behaviour: { pods: 'fail' } }],
    ['eks-external-secrets', { ...place, behaviour: { sync: 'fails' } }],
  ];
  for (const [path, body] of puts) {
    expect((await control('POST', path, body)).status).toBe(201);
  }
  for (const behaviour of [{ pods: 'start' }, { sync: 'succeeds', afterSeconds: 1 }]) {
    const { status } = await control('POST', 'eks-behaviour', { ...place, behaviour });
    expect(status).toBe(200);
  }
  expect((await control('GET', 'eks-objects')).body).toMatchObject([
    { cluster: 'prod', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 3 } },
    { cluster: 'prod', kind: 'ExternalSecret', metadata: { namespace: 'shop' } },
  ]);
  const misspelt = { ...place, behaviour: { pods: 'start', steadyAfter: 1 } };
  expect(await control('POST', 'eks-behaviour', misspelt)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('steadyAfter') },
  });
  expect((await control('POST', 'reset')).status).toBe(200);
  expect((await control('GET', 'eks-objects')).body).toEqual([]);
  expect((await control('POST', 'eks-deployments', place)).body).toMatchObject({
    message: 'No cluster found for name: prod.',
  });
  await expect(fetch(String(made.body.endpoint))).rejects.toThrow('fetch failed');
});

test('events of a trail are put in, delivered and looked up by the aws command; a reset takes them away', async () => {
  const userIdentity = { type: 'IAMUser', userName: 'mallory' };
  const record = { eventName: 'GetSecretValue', eventSource: 'secretsmanager.amazonaws.com' };
  const elsewhere = { awsRegion: 'us-east-1', sourceIPAddress: '203.0.113.9' };
  const put = await control('POST', 'trail-events', {
    records: [{ ...record, userIdentity, ...elsewhere }],
  });
  expect(put).toMatchObject({ status: 201, body: [{ ...elsewhere, eventID: expect.anything() }] });
  const bucket = { bucket: 'trail-logs', organization: 'o-exampleorgid' };
  expect(await control('POST', 'trails', bucket)).toMatchObject({
    status: 201,
    body: { arn: expect.stringContaining(':trail/management-events') },
  });
  const { body } = await control('POST', 'trail-delivery');
  expect(body.keys).toContainEqual(
    expect.stringMatching(/^AWSLogs\/o-exampleorgid\/000000000000\/CloudTrail\/us-east-1\/2026\//),
  );
  const key = await makePrincipal('auditor', ['cloudtrail:LookupEvents']);
  const attribute = 'AttributeKey=EventName,AttributeValue=GetSecretValue';
  const { stdout } = await aws(
    key,
    ...['cloudtrail', 'lookup-events', '--region', 'us-east-1', '--lookup-attributes', attribute],
  );
  expect(JSON.parse(stdout).Events).toMatchObject([
    { EventName: 'GetSecretValue', Username: 'mallory', ReadOnly: 'true' },
  ]);
  for (const [path, wrong] of [
    ['trail-events', { records: [{ ...record, userIdentity, eventtime: 'x' }] }],
    ['trails', { bucket: 'trail-logs', organisation: 'o-exampleorgid' }],
    ['trail-behaviour', { delay: 1 }],
    ['athena-behaviour', {}],
  ] as const) {
    expect((await control('POST', path, wrong)).status).toBe(400);
  }
  const behaviour = { delaySeconds: 900, lookupsLimitedBy: 'off' };
  expect((await control('POST', 'trail-behaviour', behaviour)).status).toBe(200);
  expect((await control('POST', 'athena-behaviour', { queriesTakeSeconds: 5 })).status).toBe(200);
  expect((await control('POST', 'reset')).status).toBe(200);
  expect((await control('GET', 'trail-events')).body).toEqual([]);
});

test('a reset begins again', async () => {
  await control('POST', 'faults', { service: 'sts', operation: 'X', when: 'before' });
  expect((await control('POST', 'reset')).status).toBe(200);
  expect((await control('GET', 'faults')).body).toEqual([]);
  expect((await control('GET', 'ecs-services')).body).toEqual([]);
  expect((await control('GET', 'clock')).body.now).toBe('2026-05-17T17:00:00.000Z');
});

test('an unknown control is 404', async () => {
  expect((await control('GET', 'secrets')).status).toBe(404);
});

const hasAws = await run('aws', ['--version']).then(
  () => true,
  () => {
    console.warn('the aws command line is not on PATH: its tests are skipped');
    return false;
  },
);

(hasAws ? test : test.skip)(
  'the real aws command line works with a key of a principal',
  async () => {
    const key = await makePrincipal('ana', ['lambda:InvokeFunction']);
    const identity = await aws(key, 'sts', 'get-caller-identity', '--output', 'json');
    expect(JSON.parse(identity.stdout)).toMatchObject({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:user/ana',
    });
    await aws(key, 'lambda', 'invoke', '--function-name', 'F', '/dev/null');
    expect((await control('GET', 'logs?function=F')).body).toEqual(['ran']);
    const denied = aws(key, 'lambda', 'get-function', '--function-name', 'F');
    await expect(denied).rejects.toThrow(/AccessDeniedException.*lambda:GetFunction/s);
    const foreign = aws({ ...key, accessKeyId: 'LOCALUSERFOREIGN' }, 'sts', 'get-caller-identity');
    await expect(foreign).rejects.toThrow(/InvalidClientTokenId/);
  },
);

(hasAws ? test : test.skip)(
  'the real aws command line knows the services beside the stack',
  async () => {
    await putBesideTheStack();
    const key = await makePrincipal('eve', ['ecs:UpdateService', 'codedeploy:GetDeploymentGroup']);
    const [scaled, group, denied] = await Promise.all([
      aws(
        key,
        ...['ecs', 'update-service', '--cluster', 'c', '--service', 'api', '--desired-count', '3'],
        ...['--output', 'json'],
      ),
      aws(
        key,
        ...['deploy', 'get-deployment-group', '--application-name', 'a'],
        ...['--deployment-group-name', 'g', '--output', 'json'],
      ),
      aws(
        key,
        ...['application-autoscaling', 'describe-scalable-targets', '--service-namespace', 'ecs'],
      ).catch(String),
    ]);
    expect(JSON.parse(scaled.stdout)).toMatchObject({
      service: { desiredCount: 3, deploymentController: { type: 'CODE_DEPLOY' }, taskSets: [{}] },
    });
    expect(JSON.parse(group.stdout)).toMatchObject({
      deploymentGroupInfo: { ecsServices: [{ clusterName: 'c', serviceName: 'api' }] },
    });
    expect(denied).toMatch(
      /AccessDeniedException.*application-autoscaling:DescribeScalableTargets/s,
    );
  },
);
