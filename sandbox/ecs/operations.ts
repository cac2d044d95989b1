/** The operations of ECS that the sandbox answers. */
import { type AccessCheck, type Operation, ServiceException } from '../service.ts';
import type { ContainerService } from './container-service.ts';
import { describeService } from './describe-service.ts';
import type { EcsService } from './service.ts';
import { describeTask } from './task.ts';
import { changeOf } from './update-service.ts';

type Input = Record<string, unknown>;

export function ecsOperations(ecs: EcsService): Record<string, Operation> {
  /** Which IAM is asked about, and in which cluster: most of ECS is limited by that condition key. */
  const check = (action: string, input: Input, resource: string): AccessCheck => ({
    action: `ecs:${action}`,
    resource,
    context: { 'ecs:cluster': ecs.arnOf('cluster', clusterIn(input)) },
  });
  const arnIn = (type: 'service' | 'task', input: Input, named: unknown): string => {
    const text = String(named ?? '');
    return text.startsWith('arn:') ? text : ecs.arnOf(type, `${clusterIn(input)}/${text}`);
  };
  const servicesOf = (input: Input) => ecs.servicesOf(clusterIn(input));
  const tasksOf = (input: Input) =>
    [...servicesOf(input).values()].flatMap((service) =>
      service.tasks.map((task) => ({ service, task })),
    );
  return {
    UpdateService: {
      authorize: (input) => [check('UpdateService', input, arnIn('service', input, input.service))],
      run: async (input) => {
        const service = ecs.find(clusterIn(input), required(input, 'service'));
        service.update(changeOf(service, input, ecs.taskDefinitions));
        return { service: describeService(service) };
      },
    },
    DescribeServices: {
      authorize: (input) =>
        list(input, 'services', 10).map((named) =>
          check('DescribeServices', input, arnIn('service', input, named)),
        ),
      run: async (input) => {
        const known = servicesOf(input);
        const asked = list(input, 'services', 10).map((named) => ({
          arn: arnIn('service', input, named),
          service: known.get(lastPart(named)),
        }));
        return {
          services: asked.flatMap(({ service }) => (service ? [describeService(service)] : [])),
          failures: asked.flatMap(({ arn, service }) =>
            service ? [] : [{ arn, reason: 'MISSING' }],
          ),
        };
      },
    },
    ListServices: {
      authorize: (input) => [check('ListServices', input, '*')],
      run: async (input) => {
        const arns = [...servicesOf(input).values()].map(({ arn }) => arn);
        const { page, nextToken } = paged(arns, input, 10);
        return { serviceArns: page, nextToken };
      },
    },
    // "ecs:ListTasks on resource: *": only a container instance, which Fargate has none of, is a resource of it.
    ListTasks: {
      authorize: (input) => [check('ListTasks', input, '*')],
      run: async (input) => {
        const { serviceName, startedBy, family, desiredStatus = 'RUNNING' } = input;
        if (serviceName !== undefined) ecs.find(clusterIn(input), String(serviceName));
        const found = tasksOf(input).filter(
          ({ service, task }) =>
            (serviceName === undefined || service.spec.name === lastPart(serviceName)) &&
            (startedBy === undefined || task.startedBy === startedBy) &&
            (family === undefined || task.definition.family === family) &&
            (task.stopped === undefined ? 'RUNNING' : 'STOPPED') === desiredStatus,
        );
        const arns = found.map(({ task }) => task.arn);
        const { page, nextToken } = paged(arns, input, 100);
        return { taskArns: page, nextToken };
      },
    },
    DescribeTasks: {
      authorize: (input) =>
        list(input, 'tasks', 100).map((named) =>
          check('DescribeTasks', input, arnIn('task', input, named)),
        ),
      run: async (input) => {
        const known = new Map(tasksOf(input).map((one) => [one.task.id, one]));
        const asked = list(input, 'tasks', 100).map((named) => ({
          arn: arnIn('task', input, named),
          found: known.get(lastPart(named)),
        }));
        return {
          tasks: asked.flatMap(({ found }) =>
            found ? [describeTask(found.task, identityOf(found.service))] : [],
          ),
          failures: asked.flatMap(({ arn, found }) => (found ? [] : [{ arn, reason: 'MISSING' }])),
        };
      },
    },
    // AWS knows no resource for it (service authorization reference).
    DescribeTaskDefinition: {
      authorize: () => [{ action: 'ecs:DescribeTaskDefinition', resource: '*' }],
      run: async (input) => ecs.taskDefinitions.describe(required(input, 'taskDefinition')),
    },
  };
}

const identityOf = ({ cluster, spec }: ContainerService) => ({
  clusterArn: cluster.arn,
  name: spec.name,
  launchType: spec.launchType ?? 'FARGATE',
});

const lastPart = (named: unknown): string => String(named).split('/').at(-1) ?? '';

/** "If you do not specify a cluster, the default cluster is assumed." */
const clusterIn = ({ cluster }: Input): string =>
  cluster === undefined ? 'default' : lastPart(cluster);

function required(input: Input, member: string): string {
  const value = input[member];
  if (typeof value !== 'string' || value === '') {
    throw new ServiceException('InvalidParameterException', `${member} can not be blank.`);
  }
  return value;
}

function list(input: Input, member: 'services' | 'tasks', most: number): readonly string[] {
  const value = input[member];
  const named = Array.isArray(value) ? value.map(String) : [];
  const what = `${member.at(0)?.toUpperCase()}${member.slice(1)}`;
  if (named.length === 0) {
    throw new ServiceException('InvalidParameterException', `${what} cannot be empty.`);
  }
  if (named.length > most) {
    throw new ServiceException(
      'InvalidParameterException',
      `${what} cannot have more than ${most} elements.`,
    );
  }
  return named;
}

function paged(arns: readonly string[], { nextToken, maxResults }: Input, size: number) {
  const from = Number(nextToken ?? 0);
  const to = from + Number(maxResults ?? size);
  return { page: arns.slice(from, to), nextToken: to < arns.length ? String(to) : undefined };
}
