/** CodeDeploy as its real client meets it: blue/green deployments of an ECS service. */
import { createHash } from 'node:crypto';
import {
  CodeDeployClient,
  CreateDeploymentCommand,
  GetDeploymentCommand,
  GetDeploymentGroupCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { TaskBehaviour } from '../../../sandbox/ecs/existing-service.ts';
import { type Account, ADMINISTRATOR, startAccount } from '../account.ts';

const group = { applicationName: 'pharmacy', deploymentGroupName: 'api' };
const definition = 'arn:aws:ecs:eu-west-1:000000000000:task-definition/api:1';

let account: Account;
let client: CodeDeployClient;
beforeAll(async () => {
  account = await startAccount();
  client = new CodeDeployClient(account.clientOf('administrator', ADMINISTRATOR));
});
afterAll(async () => {
  client?.destroy();
  await account?.stop();
});
beforeEach(async () => {
  put();
  account.services.codedeploy.putDeploymentGroup({
    ...{ application: 'pharmacy', name: 'api', cluster: 'pharmacy', service: 'api' },
    terminationWaitMinutes: 5,
  });
});

function put(behaviour: TaskBehaviour = { tasks: 'start' }) {
  account.services.ecs.putService({
    ...{ cluster: 'pharmacy', name: 'api', desiredCount: 1, behaviour },
    taskDefinition: { family: 'api', containerDefinitions: [{ name: 'app' }] },
    deploymentController: 'CODE_DEPLOY',
  });
}
const appSpec = (TaskDefinition: string) =>
  JSON.stringify({
    version: 0.0,
    Resources: [
      {
        TargetService: {
          Type: 'AWS::ECS::Service',
          Properties: {
            TaskDefinition,
            LoadBalancerInfo: { ContainerName: 'app', ContainerPort: 8080 },
          },
        },
      },
    ],
  });
const create = async (content = appSpec(definition), of = client) => {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const revision = { revisionType: 'AppSpecContent', appSpecContent: { content, sha256 } } as const;
  const { deploymentId } = await of.send(new CreateDeploymentCommand({ ...group, revision }));
  return deploymentId;
};
const get = async (deploymentId: string | undefined) =>
  (await client.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo;
const sets = () =>
  account.services.ecs.described().find(({ serviceName }) => serviceName === 'api')?.taskSets;

test('a deployment puts another task set in the place of the one there is', async () => {
  const told: string[] = [];
  const end = account.services.ecs.onTasks(({ cause, deploymentId }) => {
    told.push(`${cause} ${deploymentId}`);
  });
  const id = await create();
  expect(id).toMatch(/^d-[A-Z0-9]{9}$/);
  expect(await get(id)).toMatchObject({ status: 'Created', computePlatform: 'ECS' });
  await account.pass(1);
  expect(await get(id)).toMatchObject({ status: 'InProgress' });
  expect(sets()).toMatchObject([
    { status: 'ACTIVE', stabilityStatus: 'STABILIZING', pendingCount: 1, computedDesiredCount: 1 },
    { status: 'PRIMARY', stabilityStatus: 'STEADY_STATE', runningCount: 1 },
  ]);
  await account.pass(40);
  expect(sets()).toMatchObject([
    { status: 'PRIMARY', taskDefinition: definition, runningCount: 1 },
  ]);
  expect(await get(id)).toMatchObject({ status: 'InProgress' });
  await account.pass(300);
  const done = await get(id);
  expect(done).toMatchObject({ status: 'Succeeded', deploymentOverview: { Succeeded: 1 } });
  expect(done?.errorInformation).toBeUndefined();
  const [set] = sets() as { id: string }[];
  expect(told).toEqual([`deployment ${set?.id}`]);
  end();
});

test('the deployment group says which service it deploys and how', async () => {
  const id = await create();
  await account.pass(341);
  const answer = await client.send(new GetDeploymentGroupCommand(group));
  expect(answer.deploymentGroupInfo).toMatchObject({
    ...{ ...group, computePlatform: 'ECS', deploymentConfigName: 'CodeDeployDefault.ECSAllAtOnce' },
    ecsServices: [{ clusterName: 'pharmacy', serviceName: 'api' }],
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    loadBalancerInfo: { targetGroupPairInfoList: [{ targetGroups: [{}, {}] }] },
    lastSuccessfulDeployment: { deploymentId: id, status: 'Succeeded' },
  });
});

test('tasks that never get healthy fail it after an hour, and the old ones stay', async () => {
  put({ tasks: 'wait' });
  const id = await create();
  await account.pass(3600);
  expect(await get(id)).toMatchObject({ status: 'InProgress' });
  await account.pass(1);
  expect(await get(id)).toMatchObject({
    status: 'Failed',
    errorInformation: {
      code: 'TIMEOUT',
      message:
        'The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.',
    },
  });
  expect(sets()).toMatchObject([{ status: 'PRIMARY', runningCount: 1 }]);
});

test('one at a time; a stopped one leaves what there was', async () => {
  put({ tasks: 'wait' });
  const id = await create();
  await expect(create()).rejects.toMatchObject({
    name: 'DeploymentLimitExceededException',
    message: `The Deployment Group 'api' already has an active Deployment '${id}'`,
  });
  const listed = new ListDeploymentsCommand({ ...group, includeOnlyStatuses: ['Created'] });
  expect((await client.send(listed)).deployments).toEqual([id]);
  await account.pass(60);
  const stop = () => client.send(new StopDeploymentCommand({ deploymentId: id }));
  expect(await stop()).toMatchObject({ status: 'Succeeded' });
  expect(await get(id)).toMatchObject({
    ...{ status: 'Stopped', errorInformation: { code: 'MANUAL_STOP' } },
  });
  await expect(stop()).rejects.toMatchObject({ name: 'DeploymentAlreadyCompletedException' });
  await account.pass(3600);
  expect(await get(id)).toMatchObject({ status: 'Stopped' });
  expect(sets()).toMatchObject([{ status: 'PRIMARY', runningCount: 1 }]);
});

test('a revision that names no task definition fails the deployment; none at all is refused', async () => {
  for (const content of [appSpec('other:7'), '{"version": 0.0, "Resources": []}']) {
    const id = await create(content);
    await account.pass(1);
    expect(await get(id)).toMatchObject({
      ...{ status: 'Failed', errorInformation: { code: 'INVALID_REVISION' } },
    });
  }
  await expect(client.send(new CreateDeploymentCommand(group))).rejects.toMatchObject({
    ...{ name: 'RevisionRequiredException', message: 'RevisionLocation must be specified' },
  });
  await expect(create('version: 0.0')).rejects.toMatchObject({ name: 'NotSimulatedException' });
});

test('what is not there', async () => {
  const of = (applicationName: string, deploymentGroupName: string) =>
    client.send(new GetDeploymentGroupCommand({ applicationName, deploymentGroupName }));
  await expect(of('other', 'api')).rejects.toMatchObject({
    ...{
      name: 'ApplicationDoesNotExistException',
      message: 'No application found for name: other',
    },
  });
  await expect(of('pharmacy', 'other')).rejects.toMatchObject({
    name: 'DeploymentGroupDoesNotExistException',
    message: 'No Deployment Group found for name: other',
  });
  await expect(get('d-000000000')).rejects.toMatchObject({
    name: 'DeploymentDoesNotExistException',
  });
});

test.each([
  ['CreateDeployment', 'deploymentgroup:pharmacy/api'],
  ['GetDeploymentConfig', 'deploymentconfig:CodeDeployDefault.ECSAllAtOnce'],
  ['RegisterApplicationRevision', 'application:pharmacy'],
])('without %s on its resource nothing is deployed', async (action, missing) => {
  const place = 'arn:aws:codedeploy:eu-west-1:000000000000';
  const grants = {
    CreateDeployment: 'deploymentgroup:pharmacy/api',
    GetDeploymentConfig: 'deploymentconfig:CodeDeployDefault.ECSAllAtOnce',
    RegisterApplicationRevision: 'application:pharmacy',
  };
  const statements = Object.entries(grants)
    .filter(([other]) => other !== action)
    .map(([other, resource]) => ({
      ...{ Effect: 'Allow' as const, Action: `codedeploy:${other}` },
      Resource: `${place}:${resource}`,
    }));
  const some = new CodeDeployClient(account.clientOf('deployer', ...statements));
  await expect(create(undefined, some)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(`codedeploy:${action} on resource: ${place}:${missing}`),
  });
  some.destroy();
});
