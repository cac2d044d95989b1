/** The doors to what restarts consumers, on the wire, with the statements of the deployed role and nothing more. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CodeDeployClient } from '@aws-sdk/client-codedeploy';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConsumerLock, RolloutRecord } from '../../domain/events/rollout.ts';
import { autoscaling } from '../../doors/autoscaling.ts';
import { codeDeploy } from '../../doors/code-deploy.ts';
import { consumerRecords } from '../../doors/consumer-records.ts';
import { ecs } from '../../doors/ecs.ts';
import { functionDescription } from '../../doors/function-description.ts';
import { webhook } from '../../doors/webhook.ts';
import { controlTableProperties } from '../in-process/control-table-properties.ts';
import { type Account, ADMINISTRATOR, startAccount } from '../sandbox/account.ts';

const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:000000000000:${rest}`;
const allow = (Action: string | string[], Resource: string | string[], Condition?: object) =>
  ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) }) as never;
/** lib/rollout-statements.ts, for one consumer of each sort. */
const role = [
  allow(['ecs:DescribeServices', 'ecs:UpdateService'], arn('ecs', 'service/pharmacy/api')),
  allow(['ecs:DescribeServices', 'ecs:UpdateService'], arn('ecs', 'service/pharmacy/green')),
  allow(['ecs:DescribeTaskDefinition', 'application-autoscaling:DescribeScalableTargets'], '*'),
  allow(
    'application-autoscaling:RegisterScalableTarget',
    arn('application-autoscaling', 'scalable-target/*'),
    { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
  ),
  allow(
    ['codedeploy:CreateDeployment', 'codedeploy:GetDeployment', 'codedeploy:GetDeploymentGroup'],
    arn('codedeploy', 'deploymentgroup:pharmacy/green'),
  ),
  allow('codedeploy:RegisterApplicationRevision', arn('codedeploy', 'application:pharmacy')),
  allow('codedeploy:GetDeploymentConfig', arn('codedeploy', 'deploymentconfig:*')),
  allow(
    ['lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionConfiguration'],
    arn('lambda', 'function:labels'),
  ),
];
const place = { cluster: 'pharmacy', service: 'api' };

let account: Account;
let services: ReturnType<typeof ecs>;
let clientOf: object;
let client: ECSClient;
const opened: { destroy(): void }[] = [];
const open = <Client extends { destroy(): void }>(made: Client): Client => {
  opened.push(made);
  return made;
};
beforeAll(async () => {
  account = await startAccount();
  clientOf = account.clientOf('rollout', ...role);
  client = open(new ECSClient(clientOf));
  services = ecs(client);
  const taskDefinition = {
    family: 'api',
    containerDefinitions: [
      {
        name: 'app',
        environment: [
          { name: 'LOG_LEVEL', value: 'DEBUG' },
          { name: 'JWT_SECRET', value: 'c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU' },
        ],
        secrets: [{ name: 'PII_KEY', valueFrom: 'arn:aws:secretsmanager:x' }],
      },
    ],
  };
  account.services.ecs.putService({ ...place, name: 'api', desiredCount: 2, taskDefinition });
  account.services.ecs.putService({
    ...{ cluster: 'pharmacy', name: 'green', desiredCount: 1, taskDefinition },
    deploymentController: 'CODE_DEPLOY',
    loadBalancers: [{ targetGroupArn: 'arn:tg', containerName: 'app', containerPort: 8080 }],
  });
  account.services.lambda.existing.put({ name: 'labels', description: 'Prints labels' });
  account.services.lambda.existing.put({ name: 'others', description: 'Somebody else’s' });
});
afterAll(async () => {
  for (const one of opened) one.destroy();
  await account?.stop();
});

describe('ECS', () => {
  test('restarts a service, and shows what becomes of it', async () => {
    const id = await services.forceNewDeployment(place);
    const begun = await services.look(place);
    expect(begun?.deployments.map((one) => [one.id === id, one.isPrimary])).toEqual([
      [true, true],
      [false, false],
    ]);
    await account.pass(60);
    expect(await services.look(place)).toMatchObject({
      ...{ controller: 'ECS', runningCount: 2, desiredCount: 2, pendingCount: 0 },
      deployments: [{ id, rolloutState: 'COMPLETED', failedTasks: 0 }],
    });
    expect(await services.look({ ...place, service: 'green' })).toMatchObject({
      controller: 'CODE_DEPLOY',
      loadBalancer: { containerName: 'app', containerPort: 8080 },
    });
  });

  test('is refused for any other service, and knows none of that name', async () => {
    const other = { ...place, service: 'other' };
    await expect(services.forceNewDeployment(other)).rejects.toMatchObject({
      awsCode: 'AccessDeniedException',
    });
    const all = ecs(open(new ECSClient(account.clientOf('administrator', ADMINISTRATOR))));
    expect(await all.look(other)).toBeUndefined();
  });

  test('tells variables of a task definition without their values', async () => {
    const { taskDefinition = '' } = (await services.look(place)) ?? {};
    const { variables } = await services.taskDefinition(taskDefinition);
    expect(variables).toEqual([
      { container: 'app', name: 'LOG_LEVEL', word: 'debug' },
      { container: 'app', name: 'JWT_SECRET' },
      { container: 'app', name: 'PII_KEY', valueFrom: 'arn:aws:secretsmanager:x' },
    ]);
  });
});

test('CodeDeploy deploys what the service has, one deployment at a time', async () => {
  const door = codeDeploy(open(new CodeDeployClient(clientOf)));
  const group = { application: 'pharmacy', deploymentGroup: 'green' };
  account.services.codedeploy.putDeploymentGroup({
    ...{ application: 'pharmacy', name: 'green', cluster: 'pharmacy', service: 'green' },
  });
  expect(await door.latest(group)).toBeUndefined();
  const { taskDefinition = '', loadBalancer } =
    (await services.look({ ...place, service: 'green' })) ?? {};
  const spec = { taskDefinition, containerName: 'app', containerPort: 8080, ...loadBalancer };
  const id = await door.deploy(group, spec);
  expect(await door.deploy(group, spec)).toBe('busy');
  expect((await door.latest(group))?.id).toBe(id);
  expect((await door.look(id)).status).toBe('Created');
  await account.pass(120);
  expect(await door.look(id)).toMatchObject({ status: 'Succeeded', reason: undefined });
});

test('autoscaling is suspended and given back; a service without is told apart', async () => {
  const door = autoscaling(open(new ApplicationAutoScalingClient(clientOf)));
  expect(await door.look(place)).toBeUndefined();
  account.services.applicationAutoScaling.putTarget({ ...place, minCapacity: 1, maxCapacity: 4 });
  const suspended = { in: true, out: true, scheduled: true };
  await door.suspend(place, suspended);
  expect(await door.look(place)).toEqual({ minimum: 1, maximum: 4, suspended });
  await door.suspend(place, { in: false, out: false, scheduled: true });
  expect((await door.look(place))?.suspended).toEqual({ in: false, out: false, scheduled: true });
});

test('a function gets another description, and nothing else of it changes', async () => {
  const environment = { AWS_ENDPOINT_URL: account.url };
  const door = functionDescription({ client, environment });
  const before = await door.look('labels');
  expect(before).toMatchObject({ description: 'Prints labels', lastUpdateStatus: 'Successful' });
  expect(await door.describe('labels', 'Prints labels [1]', before.revisionId)).toBe('described');
  expect(await door.describe('labels', 'Prints labels [2]', before.revisionId)).toBe('busy');
  expect((await door.look('labels')).lastUpdateStatus).toBe('InProgress');
  await account.pass(10);
  expect(await door.describe('labels', 'Prints labels [2]', before.revisionId)).toBe('busy');
  expect((await door.look('labels')).description).toBe('Prints labels [1]');
  await expect(door.look('others')).rejects.toMatchObject({
    name: 'AwsCallError',
    awsCode: 'AccessDeniedException',
  });
});

test('a webhook is signed as standardwebhooks.com says, follows nobody, and reaches no private host', async () => {
  const key = Buffer.alloc(32, 7);
  const seen: { headers: IncomingHttpHeaders; body: string; url: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.push({ headers: request.headers, body, url: request.url });
      response.writeHead(request.url === '/moved' ? 302 : 202, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const at = new Date('2026-05-17T17:00:10.900Z');
    const message = { url: `${url}/restart`, id: 'restart_1', at, body: { type: 'x' } };
    const door = webhook({ privateAddresses: 'allowed' });
    expect(await door.send({ ...message, key: `whsec_${key.toString('base64')}` })).toBe(202);
    expect(await door.send({ ...message, url: `${url}/moved`, key: key.toString('base64') })).toBe(
      302,
    );
    expect(seen.map((one) => one.url)).toEqual(['/restart', '/moved']);
    const [{ headers, body } = { headers: {}, body: '' }] = seen;
    const signed = createHmac('sha256', key)
      .update(`restart_1.1779037210.${body}`)
      .digest('base64');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'restart_1',
      'webhook-timestamp': '1779037210',
      'webhook-signature': `v1,${signed}`,
    });
    expect(body).toBe('{"type":"x"}');

    await expect(door.send({ ...message, key: 'short' })).rejects.toMatchObject({
      code: 'ERR_ROTATION_SIGNING_KEY',
      message: expect.not.stringContaining('short"'),
    });
    const strict = webhook({ privateAddresses: 'refused' });
    const whole = { ...message, key: key.toString('base64') };
    await expect(strict.send(whole)).rejects.toThrow(/NOT_HTTPS/);
    const toSelf = { ...whole, url: url.replace('http:', 'https:') };
    await expect(strict.send(toSelf)).rejects.toThrow(/PRIVATE_ADDRESS/);
    expect(seen).toHaveLength(2);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

describe('what a rollout remembers', () => {
  const at = '2026-05-17T17:00:00.000Z';
  const later = '2026-05-17T17:10:00.000Z';
  const lockOf = (owner: string, from = at, expiresAt = later): ConsumerLock => ({
    ...{ owner, at: from, expiresAt },
  });
  let records: ReturnType<typeof consumerRecords>;
  beforeAll(async () => {
    await account.services.dynamodb.createTable(controlTableProperties);
    const administrator = account.clientOf('records', ADMINISTRATOR);
    records = consumerRecords('control', 'pharmacy/prod', open(new DynamoDBClient(administrator)));
  });

  test('a consumer is one owner’s until it is let go or the lock expires', async () => {
    expect(await records.takeLock('api', lockOf('jwt#1'))).toBeUndefined();
    expect(await records.takeLock('api', lockOf('jwt#1'))).toBeUndefined();
    expect(await records.takeLock('api', lockOf('pii#2'))).toEqual(lockOf('jwt#1'));
    await records.releaseLock('api', 'pii#2', new Date(at));
    expect(await records.takeLock('api', lockOf('pii#2'))).toBeDefined();
    await records.releaseLock('api', 'jwt#1', new Date(at));
    expect(await records.takeLock('api', lockOf('pii#2'))).toBeUndefined();
    expect(await records.takeLock('api', lockOf('db#3', later))).toBeUndefined();
  });

  test('of two that take it at once one has it', async () => {
    const taken = await Promise.all(
      ['a', 'b', 'c'].map((owner) => records.takeLock('worker', lockOf(owner))),
    );
    expect(taken.filter((standing) => standing === undefined)).toHaveLength(1);
  });

  test('rollouts change by compare-and-swap, counts stay as they were written first', async () => {
    const key = { secretName: 'pharmacy/prod/jwt', versionId: 'v', round: 'use', consumer: 'api' };
    const record: RolloutRecord = {
      ...{ versionId: 'v', round: 'use', consumer: 'api', state: 'waiting' },
      ...{ execution: 'arn:1', startedAt: at, at },
    };
    expect(await records.updateRollout(key, () => undefined)).toBeUndefined();
    await records.updateRollout(key, () => record);
    await Promise.all(
      ['1', '2'].map((mark) =>
        records.updateRollout(key, (standing) => ({
          ...record,
          ...standing,
          reason: `${standing?.reason ?? ''}${mark}`,
        })),
      ),
    );
    expect((await records.getRollout(key))?.reason).toHaveLength(2);

    const counts = { desired: 3, stoppedBy: 'arn:1', at };
    expect(await records.putCounts('api', counts)).toEqual(counts);
    expect(await records.putCounts('api', { ...counts, desired: 0 })).toEqual(counts);
    await records.keepCounts('api', { ...counts, stops: 1 });
    expect(await records.removeCounts('api', counts)).toBe(false);
    // What was read while it stood still is not what it runs with.
    await records.keepCounts('api', { ...counts, desired: 0, stoppedBy: 'arn:2', stops: 1 });
    expect(await records.getCounts('api')).toEqual({ ...counts, stoppedBy: 'arn:2', stops: 2 });
    await records.keepCounts('api', { ...counts, stops: 1 });
    expect(await records.removeCounts('api', { ...counts, stops: 1 })).toBe(true);
    expect(await records.getCounts('api')).toBeUndefined();
  });
});
