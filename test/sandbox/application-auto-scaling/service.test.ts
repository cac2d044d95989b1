/** Application Auto Scaling as its real client meets it: it undoes a desired count of 0 unless it is suspended. */
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
  type SuspendedState,
} from '@aws-sdk/client-application-auto-scaling';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { type Account, ADMINISTRATOR, START, startAccount } from '../account.ts';

const target = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/pharmacy/api',
  ScalableDimension: 'ecs:service:DesiredCount',
} as const;
const ALL = (suspended: boolean): SuspendedState => ({
  DynamicScalingInSuspended: suspended,
  DynamicScalingOutSuspended: suspended,
  ScheduledScalingSuspended: suspended,
});

let account: Account;
let client: ApplicationAutoScalingClient;
beforeAll(async () => {
  account = await startAccount();
  client = new ApplicationAutoScalingClient(account.clientOf('administrator', ADMINISTRATOR));
});
afterAll(async () => {
  client?.destroy();
  await account?.stop();
});
beforeEach(() => {
  const app = { family: 'api', containerDefinitions: [{ name: 'app' }] };
  const place = { cluster: 'pharmacy', desiredCount: 3, taskDefinition: app };
  account.services.ecs.putService({ ...place, name: 'api' });
  const bounds = { minCapacity: 2, maxCapacity: 4, policy: true };
  const named = { cluster: 'pharmacy', service: 'api' };
  account.services.applicationAutoScaling.putTarget({ ...named, ...bounds });
});

const service = () => account.services.ecs.find('pharmacy', 'api');
const suspend = (suspended: boolean, of = client) =>
  of.send(new RegisterScalableTargetCommand({ ...target, SuspendedState: ALL(suspended) }));
const described = async () => {
  const command = new DescribeScalableTargetsCommand({
    ServiceNamespace: 'ecs',
    ResourceIds: ['service/pharmacy/api'],
  });
  return (await client.send(command)).ScalableTargets ?? [];
};

test('a scalable target is described with its bounds and what is suspended', async () => {
  expect(await described()).toEqual([
    {
      ...target,
      ...{ MinCapacity: 2, MaxCapacity: 4, CreationTime: START, SuspendedState: ALL(false) },
      RoleARN:
        'arn:aws:iam::000000000000:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService',
      ScalableTargetARN: expect.stringMatching(
        /^arn:aws:application-autoscaling:eu-west-1:000000000000:scalable-target\/[0-9a-f]{32}$/,
      ),
    },
  ]);
  const { ScalableTargetARN } = await suspend(true);
  expect(await described()).toMatchObject([{ ScalableTargetARN, SuspendedState: ALL(true) }]);
  const other = new DescribeScalableTargetsCommand({ ServiceNamespace: 'dynamodb' });
  expect((await client.send(other)).ScalableTargets).toEqual([]);
});

test('a service scaled to none is brought back within a minute', async () => {
  service().update({ desiredCount: 0 });
  await account.pass(59);
  expect(service().desiredCount).toBe(0);
  await account.pass(1);
  expect(service().desiredCount).toBe(2);
  await account.pass(40);
  expect(service().tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING')).toHaveLength(2);
});

test('while scaling out is suspended it stays at none; whoever registers the target again ends that', async () => {
  await suspend(true);
  service().update({ desiredCount: 0 });
  await account.pass(3600);
  expect(service().desiredCount).toBe(0);
  // Within its bounds again "even if you don't include the MinCapacity or MaxCapacity request parameters".
  await suspend(true);
  expect(service().desiredCount).toBe(2);
});

test('a service that is not there, and a new target without bounds', async () => {
  const register = (ResourceId: string) =>
    client.send(new RegisterScalableTargetCommand({ ...target, ResourceId }));
  await expect(register('service/pharmacy/other')).rejects.toMatchObject({
    ...{
      name: 'ValidationException',
      message: "ECS service doesn't exist: service/pharmacy/other",
    },
  });
  const taskDefinition = { family: 'api', containerDefinitions: [{ name: 'app' }] };
  account.services.ecs.putService({
    ...{ cluster: 'pharmacy', name: 'new', desiredCount: 1, taskDefinition },
  });
  await expect(register('service/pharmacy/new')).rejects.toMatchObject({
    name: 'ValidationException',
  });
});

test('whoever registers a target needs the rights on the service as well', async () => {
  const register: Statement = {
    ...{ Effect: 'Allow', Action: ['application-autoscaling:RegisterScalableTarget'] },
    Resource: 'arn:aws:application-autoscaling:eu-west-1:000000000000:scalable-target/*',
    Condition: { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
  };
  const scale: Statement = {
    ...{ Effect: 'Allow', Action: ['ecs:DescribeServices', 'ecs:UpdateService'] },
    Resource: 'arn:aws:ecs:eu-west-1:000000000000:service/pharmacy/api',
  };
  const clients = [[register], [register, scale], [scale]].map(
    (statements, index) =>
      new ApplicationAutoScalingClient(account.clientOf(`scaler-${index}`, ...statements)),
  );
  const [alone, both, none] = clients;
  await expect(suspend(true, alone)).rejects.toMatchObject({
    name: 'ValidationException',
    message: 'User is missing the following permissions: ecs:DescribeServices, ecs:UpdateService',
  });
  await suspend(true, both);
  await expect(suspend(true, none)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('application-autoscaling:RegisterScalableTarget on resource'),
  });
  for (const one of clients) one.destroy();
});
