/** A service as UpdateService and DescribeServices answer it (API_Service). */
import type { ContainerService } from './container-service.ts';
import { counts, describeDeployment, describeTaskSet } from './deployment.ts';

export function describeService(service: ContainerService): Record<string, unknown> {
  const { arn, cluster, spec, desiredCount, deployments, tasks, events, createdAt } = service;
  const launchType = spec.launchType ?? 'FARGATE';
  const controller = spec.deploymentController ?? 'ECS';
  const place = { arn, clusterArn: cluster.arn, launchType };
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const running = tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING');
  const pending = tasks.filter(({ lastStatus }) => lastStatus === 'PENDING');
  return {
    serviceArn: arn,
    serviceName: spec.name,
    clusterArn: cluster.arn,
    loadBalancers: spec.loadBalancers ?? [],
    serviceRegistries: [],
    status: 'ACTIVE',
    desiredCount,
    runningCount: running.length,
    pendingCount: pending.length,
    launchType,
    taskDefinition: primary?.definition.arn,
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: false, rollback: false },
      maximumPercent: 200,
      minimumHealthyPercent: 100,
      ...spec.deploymentConfiguration,
    },
    // "The Deployment object is used only when a service uses the ECS deployment controller type."
    ...(controller !== 'ECS' && {
      taskSets: deployments.map((set) =>
        describeTaskSet(set, counts(set, tasks, desiredCount), place),
      ),
    }),
    deployments:
      controller === 'ECS'
        ? deployments.map((one) => {
            const wanted = one.status === 'PRIMARY' ? desiredCount : undefined;
            return describeDeployment(one, counts(one, tasks, wanted), launchType);
          })
        : [],
    events: events.latest(),
    createdAt,
    placementConstraints: [],
    placementStrategy: [],
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: controller },
    enableECSManagedTags: false,
    propagateTags: 'NONE',
    enableExecuteCommand: false,
  };
}
