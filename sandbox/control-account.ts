/**
 * The controls for what the account holds beside the stack:
 *
 *   GET    ecs-services                       as DescribeServices gives each of them
 *   POST   ecs-services       { cluster, name, desiredCount, taskDefinition, … } → { arn }
 *   POST   ecs-behaviour      { cluster, name, behaviour }
 *   POST   scalable-targets   { cluster, service, minCapacity, maxCapacity, suspended?, policy? } → { arn }
 *   POST   deployment-groups  { application, name, cluster, service, … } → { arn }
 *   POST   functions          { name, description?, state?, … } → { arn }
 */
import * as z from 'zod';
import { parse } from './control-input.ts';
import { readJson } from './protocols.ts';
import type { Sandbox } from './sandbox.ts';
import type { RestRequest } from './service.ts';

export type AccountSandbox = Pick<
  Sandbox,
  'ecs' | 'putScalableTarget' | 'putDeploymentGroup' | 'putFunction'
>;

const name = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/);
const seconds = z.number().nonnegative();
const count = z.number().int().nonnegative();

const behaviour = z.discriminatedUnion('tasks', [
  z.strictObject({
    tasks: z.literal('start'),
    runningAfterSeconds: seconds.optional(),
    steadyAfterSeconds: seconds.optional(),
  }),
  z.strictObject({
    tasks: z.literal('fail'),
    everySeconds: z.number().positive().optional(),
    stoppedReason: z.string().optional(),
    times: count.optional(),
  }),
  z.strictObject({ tasks: z.literal('wait') }),
]);

const containerDefinition = z.looseObject({
  name,
  image: z.string().optional(),
  environment: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  secrets: z.array(z.strictObject({ name: z.string(), valueFrom: z.string() })).optional(),
  logConfiguration: z
    .strictObject({
      logDriver: z.string(),
      options: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});

const ecsService = z.strictObject({
  cluster: name,
  name,
  desiredCount: count,
  taskDefinition: z.strictObject({
    family: name,
    containerDefinitions: z.array(containerDefinition).min(1),
  }),
  deploymentController: z.enum(['ECS', 'CODE_DEPLOY', 'EXTERNAL']).optional(),
  deploymentConfiguration: z
    .strictObject({
      deploymentCircuitBreaker: z
        .strictObject({ enable: z.boolean(), rollback: z.boolean() })
        .optional(),
      minimumHealthyPercent: count.optional(),
      maximumPercent: count.optional(),
    })
    .optional(),
  loadBalancers: z
    .array(
      z.strictObject({
        targetGroupArn: z.string(),
        containerName: z.string(),
        containerPort: count,
      }),
    )
    .optional(),
  launchType: z.enum(['FARGATE', 'EC2', 'EXTERNAL']).optional(),
  behaviour: behaviour.optional(),
});

const scalableTarget = z.strictObject({
  cluster: name,
  service: name,
  minCapacity: count,
  maxCapacity: count,
  suspended: z
    .strictObject({
      DynamicScalingInSuspended: z.boolean().optional(),
      DynamicScalingOutSuspended: z.boolean().optional(),
      ScheduledScalingSuspended: z.boolean().optional(),
    })
    .optional(),
  policy: z.boolean().optional(),
});

const deploymentGroup = z.strictObject({
  application: z.string().min(1),
  name: z.string().min(1),
  cluster: name,
  service: name,
  deploymentConfigName: z.string().optional(),
  terminationWaitMinutes: count.optional(),
  loadBalancerInfo: z.record(z.string(), z.unknown()).optional(),
});

const existingFunction = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().max(256).optional(),
  state: z.enum(['Pending', 'Active', 'Inactive', 'Failed']).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  updateSeconds: seconds.optional(),
  updateStatus: z.enum(['Successful', 'Failed']).optional(),
});

/** @returns nothing for a path that is no control of these. @throws TypeError for a member that is wrong */
export function putIntoAccount(
  { method, body }: RestRequest,
  path: string,
  sandbox: AccountSandbox,
): { status: number; body: unknown } | undefined {
  const input = () => readJson(body);
  const made = (answer: unknown) => ({ status: 201, body: answer });
  switch (`${method} ${path}`) {
    case 'GET ecs-services':
      return { status: 200, body: sandbox.ecs.described() };
    case 'POST ecs-services':
      return made(sandbox.ecs.putService(parse(ecsService, input())));
    case 'POST ecs-behaviour':
      sandbox.ecs.behave(parse(z.strictObject({ cluster: name, name, behaviour }), input()));
      return { status: 200, body: {} };
    case 'POST scalable-targets':
      return made(sandbox.putScalableTarget(parse(scalableTarget, input())));
    case 'POST deployment-groups':
      return made(sandbox.putDeploymentGroup(parse(deploymentGroup, input())));
    case 'POST functions':
      return made(sandbox.putFunction(parse(existingFunction, input())));
    default:
      return undefined;
  }
}
