/** ECS as its real client meets it: services beside the stack, deployed, scaled and described. */
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServicesCommand,
  ListTasksCommand,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { SandboxClock } from '../../../sandbox/clock.ts';
import type { ExistingService, TaskChange } from '../../../sandbox/ecs/existing-service.ts';
import { EcsService } from '../../../sandbox/ecs/service.ts';
import { type Account, ADMINISTRATOR, START, startAccount } from '../account.ts';

const ARN = 'arn:aws:ecs:eu-west-1:000000000000';
const API: ExistingService = {
  cluster: 'pharmacy',
  name: 'api',
  desiredCount: 2,
  taskDefinition: {
    family: 'api',
    containerDefinitions: [
      {
        name: 'app',
        image: 'api:1',
        environment: [{ name: 'LOG_LEVEL', value: 'debug' }],
        secrets: [{ name: 'JWT_SECRET', valueFrom: 'arn:aws:secretsmanager:eu-west-1:0:secret:j' }],
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': 'api' } },
      },
    ],
  },
};
const BREAKER = { deploymentCircuitBreaker: { enable: true, rollback: true } };

let account: Account;
let client: ECSClient;
beforeAll(async () => {
  account = await startAccount();
  client = new ECSClient(account.clientOf('administrator', ADMINISTRATOR));
});
afterAll(async () => {
  client?.destroy();
  await account?.stop();
});
beforeEach(() => void account.services.ecs.putService(API));

const cluster = 'pharmacy';
const update = (change: Omit<UpdateServiceCommandInput, 'service'>, of: ECSClient = client) =>
  of.send(new UpdateServiceCommand({ cluster, service: 'api', ...change }));
async function look(name = 'api') {
  const { services } = await client.send(
    new DescribeServicesCommand({ cluster, services: [name] }),
  );
  const [service] = services ?? [];
  if (service === undefined) throw new Error('There is no such service.');
  const said = service.events?.map(({ message = '' }) =>
    message.replaceAll(/[0-9a-f]{32}/g, '…').replaceAll(/ecs-svc\/\d+/g, 'ecs-svc/…'),
  );
  return { service, said, deployments: service.deployments ?? [] };
}
async function tasks(desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING') {
  const { taskArns = [] } = await client.send(
    new ListTasksCommand({ cluster, serviceName: 'api', desiredStatus }),
  );
  if (taskArns.length === 0) return [];
  return (await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))).tasks ?? [];
}

test('a forced deployment stands beside the one it replaces until its tasks are healthy', async () => {
  const [before] = (await look()).deployments;
  const { service } = await update({ forceNewDeployment: true });
  expect(service?.deployments).toMatchObject([
    {
      id: expect.stringMatching(/^ecs-svc\/\d{19}$/),
      ...{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS', createdAt: START, failedTasks: 0 },
      ...{ desiredCount: 2, pendingCount: 2, runningCount: 0 },
    },
    { id: before?.id, status: 'ACTIVE', rolloutState: 'COMPLETED', runningCount: 2 },
  ]);
  const deployment = service?.deployments?.[0];
  expect(deployment?.rolloutStateReason).toBe(`ECS deployment ${deployment?.id} in progress.`);

  await account.pass(39);
  expect((await look()).service).toMatchObject({ runningCount: 4, pendingCount: 0 });
  await account.pass(1);
  const { service: after, said } = await look();
  expect(after).toMatchObject({ runningCount: 2, taskDefinition: `${ARN}:task-definition/api:1` });
  expect(after.deployments).toMatchObject([
    {
      id: deployment?.id,
      ...{ status: 'PRIMARY', rolloutState: 'COMPLETED' },
      rolloutStateReason: `ECS deployment ${deployment?.id} completed.`,
    },
  ]);
  expect(said).toEqual([
    '(service api) has reached a steady state.',
    '(service api) (deployment ecs-svc/…) deployment completed.',
    '(service api) has stopped 2 running tasks: (task …) (task …).',
    '(service api) has started 2 tasks: (task …) (task …).',
    '(service api) has reached a steady state.',
  ]);
  const running = await tasks();
  expect(running).toHaveLength(2);
  expect(running[0]).toMatchObject({
    ...{ startedBy: deployment?.id, lastStatus: 'RUNNING', group: 'service:api' },
    startedAt: new Date(START.getTime() + 20_000),
    taskDefinitionArn: `${ARN}:task-definition/api:1`,
  });
  expect(await tasks('STOPPED')).toMatchObject([
    { startedBy: before?.id, stopCode: 'ServiceSchedulerInitiated' },
    { startedBy: before?.id },
  ]);
});

test('a failing deployment trips the circuit breaker, which rolls back', async () => {
  account.services.ecs.putService({
    ...API,
    deploymentConfiguration: BREAKER,
    behaviour: { tasks: 'fail', everySeconds: 60, stoppedReason: 'secret not readable', times: 2 },
  });
  const [good] = (await look()).deployments;
  const { service } = await update({ forceNewDeployment: true });
  const bad = service?.deployments?.[0]?.id;
  await account.pass(60);
  // "0.5 * desired task count", but at least 3 (API_ServiceDeploymentCircuitBreaker): two are not enough.
  expect((await look()).deployments).toMatchObject([
    { id: bad, failedTasks: 2, rolloutState: 'IN_PROGRESS' },
    { id: good?.id, runningCount: 2 },
  ]);
  await account.pass(60);
  const { deployments, said } = await look();
  const back = deployments[0]?.id;
  expect(deployments).toMatchObject([
    {
      ...{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS', failedTasks: 0 },
      rolloutStateReason: `ECS deployment circuit breaker: rolling back to deploymentId ${back}.`,
    },
    {
      ...{ id: bad, status: 'ACTIVE', rolloutState: 'FAILED', failedTasks: 4, desiredCount: 0 },
      rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
    },
    { id: good?.id, status: 'ACTIVE', rolloutState: 'COMPLETED', runningCount: 2 },
  ]);
  expect(said?.slice(1, 3)).toEqual([
    '(service api) rolling back to deployment ecs-svc/….',
    '(service api) (deployment ecs-svc/…) deployment failed: tasks failed to start.',
  ]);
  expect(await tasks('STOPPED')).toContainEqual(
    expect.objectContaining({
      ...{ startedBy: bad, stopCode: 'EssentialContainerExited' },
      ...{ stoppedReason: 'secret not readable' },
      containers: [expect.objectContaining({ name: 'app', exitCode: 1 })],
    }),
  );
  await account.pass(40);
  expect((await look()).deployments).toMatchObject([
    {
      id: back,
      rolloutState: 'COMPLETED',
      rolloutStateReason: `ECS deployment ${back} completed.`,
    },
  ]);
});

test('without rollback the failed deployment stays, and what ran before goes on', async () => {
  account.services.ecs.putService({
    ...API,
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } },
    behaviour: { tasks: 'fail' },
  });
  await update({ forceNewDeployment: true });
  await account.pass(3600);
  expect((await look()).deployments).toMatchObject([
    { status: 'PRIMARY', rolloutState: 'FAILED', failedTasks: 4, runningCount: 0 },
    { status: 'ACTIVE', rolloutState: 'COMPLETED', runningCount: 2 },
  ]);
});

test('a rollback whose tasks fail as well is the last attempt', async () => {
  account.services.ecs.putService({
    ...API,
    deploymentConfiguration: BREAKER,
    behaviour: { tasks: 'fail' },
  });
  await update({ forceNewDeployment: true });
  await account.pass(3600);
  const { deployments } = await look();
  expect(deployments.map(({ rolloutState }) => rolloutState)).toEqual([
    ...['FAILED', 'FAILED', 'COMPLETED'],
  ]);
});

test.each([
  ['whose tasks fail', 'fail', 'is unable to consistently start tasks successfully.'],
  ['whose tasks are never placed', 'wait', 'was unable to place a task. Reason: Capacity'],
] as const)(
  'without a circuit breaker a deployment %s is in progress for ever',
  async (_, tasks, why) => {
    account.services.ecs.putService({ ...API, behaviour: { tasks } });
    await update({ forceNewDeployment: true });
    await account.pass(7200);
    const { deployments, said } = await look();
    expect(deployments[0]).toMatchObject({ rolloutState: 'IN_PROGRESS', runningCount: 0 });
    expect(deployments[1]).toMatchObject({ runningCount: 2 });
    expect(said?.join('\n')).toContain(why);
  },
);

test('scaled to none and up again without another deployment', async () => {
  const [deployment] = (await look()).deployments;
  await update({ desiredCount: 0 });
  expect((await look()).service).toMatchObject({ desiredCount: 0, runningCount: 2 });
  await account.pass(40);
  expect((await look()).service).toMatchObject({ runningCount: 0, pendingCount: 0 });
  expect(await tasks()).toEqual([]);
  await update({ desiredCount: 3 });
  await account.pass(40);
  const { service } = await look();
  expect(service).toMatchObject({ desiredCount: 3, runningCount: 3 });
  expect(service.deployments).toMatchObject([{ id: deployment?.id, rolloutState: 'COMPLETED' }]);
});

test('a deployment that another one overtakes is gone with it', async () => {
  const first = (await update({ forceNewDeployment: true })).service?.deployments?.[0]?.id;
  await account.pass(30);
  const second = (await update({ forceNewDeployment: true })).service?.deployments;
  expect(second).toMatchObject([
    { status: 'PRIMARY', pendingCount: 2 },
    { id: first, status: 'ACTIVE', rolloutState: 'IN_PROGRESS', runningCount: 2 },
    { status: 'ACTIVE', rolloutState: 'COMPLETED' },
  ]);
  // The first would have been steady by now.
  await account.pass(15);
  expect((await look()).deployments[0]).toMatchObject({
    ...{ rolloutState: 'IN_PROGRESS', pendingCount: 2 },
  });
  await account.pass(25);
  expect((await look()).deployments).toMatchObject([{ id: second?.[0]?.id }]);
  expect(await tasks()).toHaveLength(2);
});

test('who listens is told in order, and awaited before the tasks run', async () => {
  const told: TaskChange[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const end = account.services.ecs.onTasks(async (change) => {
    told.push(change);
    if (told.length === 1) await held;
  });
  const deployed = await update({ forceNewDeployment: true });
  const moved = account.pass(40);
  expect((await look()).service.runningCount).toBe(2);
  release();
  await moved;
  expect((await look()).deployments).toMatchObject([{ rolloutState: 'COMPLETED' }]);
  await update({ desiredCount: 0 });
  await account.pass(40);
  end();
  await update({ desiredCount: 1 });
  await account.pass(40);
  const deploymentId = deployed.service?.deployments?.[0]?.id;
  const service = { cluster: 'pharmacy', service: 'api', deploymentId, attempt: 1 };
  expect(told).toEqual([
    {
      ...{ ...service, cause: 'deployment', desiredCount: 2 },
      taskDefinitionArn: `${ARN}:task-definition/api:1`,
      containerDefinitions: API.taskDefinition.containerDefinitions,
    },
    expect.objectContaining({ ...service, cause: 'scaling', desiredCount: 0 }),
  ]);
});

test('where a listener rejects, the tasks failed to start, and others are started', async () => {
  const attempts: number[] = [];
  const end = account.services.ecs.onTasks(({ attempt }) => {
    attempts.push(attempt);
    if (attempt === 1) throw new Error('the process ended with 1');
  });
  await update({ forceNewDeployment: true });
  await account.pass(20);
  expect((await look()).deployments[0]).toMatchObject({ failedTasks: 2, pendingCount: 2 });
  expect((await tasks('STOPPED'))[0]).toMatchObject({
    ...{ stopCode: 'TaskFailedToStart', stoppedReason: 'the process ended with 1' },
  });
  await account.pass(40);
  end();
  expect(attempts).toEqual([1, 2]);
  expect((await look()).deployments).toMatchObject([{ rolloutState: 'COMPLETED', failedTasks: 0 }]);
});

test('a listener that is late for a deployment that was overtaken changes nothing any more', async () => {
  // Under a flowing clock the time for tasks to run may come before their listener is done.
  const due: (() => Promise<void>)[] = [];
  const clock = {
    now: () => START,
    at: (_at: Date, _label: string, work: () => Promise<void>) => {
      due.push(work);
      return () => undefined;
    },
    track: <T>(work: Promise<T>) => work,
  } as unknown as SandboxClock;
  const ecs = new EcsService({ account: '000000000000', region: 'eu-west-1', clock });
  let fail = (_: Error) => {};
  const late = new Promise<void>((_, reject) => {
    fail = reject;
  });
  ecs.onTasks(({ deploymentId }) => (deploymentId === first?.id ? late : undefined));
  ecs.putService(API);
  const service = ecs.find('pharmacy', 'api');
  const [definition] = service.deployments.map((deployment) => deployment.definition);
  if (definition === undefined) throw new Error('There is no deployment.');
  service.update({ deploy: definition });
  const [first] = service.deployments;
  const running = due[0]?.();
  service.update({ deploy: definition });
  fail(new Error('too late'));
  await running;
  expect(service.deployments[0]).toMatchObject({ status: 'PRIMARY', failedTasks: 0 });
  expect(service.tasks.filter(({ stopped }) => stopped !== undefined)).toEqual([]);
});

test('a task definition by family, revision and ARN; another one in it is another revision', async () => {
  const containerDefinitions = [{ name: 'app', image: 'api:2' }];
  account.services.ecs.putService({
    ...API,
    taskDefinition: { family: 'api', containerDefinitions },
  });
  const describe = async (taskDefinition: string) =>
    (await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }))).taskDefinition;
  expect(await describe('api')).toMatchObject({ revision: 2, containerDefinitions });
  expect(await describe(`${ARN}:task-definition/api:1`)).toMatchObject({
    ...{ family: 'api', revision: 1, status: 'ACTIVE' },
    containerDefinitions: API.taskDefinition.containerDefinitions,
  });
  await expect(describe('api:3')).rejects.toMatchObject({
    ...{ name: 'ClientException', message: 'Unable to describe task definition.' },
  });
  const { service } = await update({ taskDefinition: 'api:1' });
  expect(service?.deployments?.map(({ taskDefinition }) => taskDefinition?.at(-1))).toEqual([
    ...['1', '2'],
  ]);
  // The same again changes nothing, and starts nothing (API_UpdateService).
  expect((await update({ taskDefinition: 'api:1' })).service?.deployments).toHaveLength(2);
});

test('what is not there', async () => {
  const missing = new DescribeServicesCommand({ cluster, services: ['api', 'other'] });
  expect(await client.send(missing)).toMatchObject({
    services: [{ serviceName: 'api' }],
    failures: [{ arn: `${ARN}:service/pharmacy/other`, reason: 'MISSING' }],
  });
  const task = new DescribeTasksCommand({ cluster, tasks: ['0'.repeat(32)] });
  expect((await client.send(task)).failures).toMatchObject([{ reason: 'MISSING' }]);
  const { serviceArns } = await client.send(new ListServicesCommand({ cluster }));
  expect(serviceArns).toEqual([`${ARN}:service/pharmacy/api`]);
  await expect(
    client.send(new UpdateServiceCommand({ cluster, service: 'other', desiredCount: 1 })),
  ).rejects.toMatchObject({ name: 'ServiceNotFoundException', message: 'Service not found.' });
  await expect(
    client.send(new ListTasksCommand({ cluster: 'other', serviceName: 'api' })),
  ).rejects.toMatchObject({ name: 'ClusterNotFoundException', message: 'Cluster not found.' });
  await expect(update({ enableExecuteCommand: true })).rejects.toMatchObject({
    message: 'The sandbox does not simulate enableExecuteCommand of UpdateService.',
  });
});

test.each([
  [
    'CODE_DEPLOY',
    'a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
  ],
  ['EXTERNAL', 'an EXTERNAL deployment controller.'],
] as const)(
  'under %s nothing is deployed by UpdateService, but scaled',
  async (controller, why) => {
    account.services.ecs.putService({ ...API, deploymentController: controller });
    const { service } = await look();
    expect(service).toMatchObject({
      ...{ deploymentController: { type: controller }, deployments: [] },
      taskSets: [
        {
          status: 'PRIMARY',
          computedDesiredCount: 2,
          runningCount: 2,
          stabilityStatus: 'STEADY_STATE',
        },
      ],
    });
    const refused = (what: string) => ({
      ...{ name: 'InvalidParameterException', message: `${what} on services with ${why}` },
    });
    await expect(update({ forceNewDeployment: true })).rejects.toMatchObject(
      refused('Cannot force a new deployment'),
    );
    await expect(update({ taskDefinition: 'api:1' })).rejects.toMatchObject(
      refused('Unable to update task definition'),
    );
    await update({ desiredCount: 0 });
    await account.pass(40);
    expect((await look()).service).toMatchObject({ desiredCount: 0, runningCount: 0 });
  },
);

test('rights hold for one service, and for one cluster', async () => {
  account.services.ecs.putService({ ...API, cluster: 'other' });
  const inPharmacy = { ArnEquals: { 'ecs:cluster': `${ARN}:cluster/pharmacy` } };
  const some = new ECSClient(
    account.clientOf(
      'deployer',
      {
        ...{ Effect: 'Allow', Action: ['ecs:UpdateService', 'ecs:DescribeServices'] },
        Resource: `${ARN}:service/pharmacy/api`,
      },
      {
        ...{ Effect: 'Allow', Action: ['ecs:ListTasks', 'ecs:DescribeTasks'], Resource: '*' },
        Condition: inPharmacy,
      },
    ),
  );
  await update({ desiredCount: 2 }, some);
  const list = (of: string) => some.send(new ListTasksCommand({ cluster: of, serviceName: 'api' }));
  const { taskArns = [] } = await list('pharmacy');
  await some.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  const denied = (action: string, resource: string) => ({
    name: 'AccessDeniedException',
    message: `User: arn:aws:iam::000000000000:user/deployer is not authorized to perform: ecs:${action} on resource: ${resource} because no identity-based policy allows the ecs:${action} action`,
  });
  await expect(list('other')).rejects.toMatchObject(denied('ListTasks', '*'));
  await expect(
    some.send(new DescribeServicesCommand({ cluster: 'other', services: ['api'] })),
  ).rejects.toMatchObject(denied('DescribeServices', `${ARN}:service/other/api`));
  await expect(
    some.send(new UpdateServiceCommand({ cluster: 'other', service: 'api', desiredCount: 0 })),
  ).rejects.toMatchObject(denied('UpdateService', `${ARN}:service/other/api`));
  await expect(
    some.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'api' })),
  ).rejects.toMatchObject(denied('DescribeTaskDefinition', '*'));
  some.destroy();
});
