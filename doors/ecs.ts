/** The door to Amazon ECS: one service, how it deploys, and what its task definition tells without telling a value. */
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  type Service,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { awsCall, clientDefaults } from './aws-call.ts';
import { type ContainerVariable, variablesOf } from './container-variables.ts';

export interface EcsTarget {
  /** Names, not ARNs. */
  readonly cluster: string;
  readonly service: string;
}

export interface EcsDeployment {
  readonly id: string;
  readonly isPrimary: boolean;
  readonly createdAt: Date;
  /** IN_PROGRESS, COMPLETED, FAILED (API_Deployment). */
  readonly rolloutState: string;
  readonly rolloutStateReason: string;
  readonly failedTasks: number;
  readonly runningCount: number;
  readonly desiredCount: number;
}

export interface EcsService {
  /** Who deploys it: ECS itself, CodeDeploy, or something else through task sets (API_DeploymentController). */
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';
  readonly desiredCount: number;
  readonly runningCount: number;
  readonly pendingCount: number;
  /** ARN; of a service with task sets that of the primary one. Absent: it has none yet. */
  readonly taskDefinition: string | undefined;
  /** The first load balancer: where CodeDeploy moves traffic. */
  readonly loadBalancer: { containerName: string; containerPort: number } | undefined;
  /** Of the rolling update; services with task sets have none. */
  readonly deployments: readonly EcsDeployment[];
  /** The latest, newest first. */
  readonly events: readonly { at: Date; message: string }[];
}

export interface TaskDefinitionFacts {
  readonly arn: string;
  readonly variables: readonly ContainerVariable[];
}

export interface EcsDoor {
  /** @returns undefined when there is no active service of that name */
  look(target: EcsTarget): Promise<EcsService | undefined>;
  /** Starts every task anew, with the task definition it has. @returns id of the deployment */
  forceNewDeployment(target: EcsTarget): Promise<string>;
  setDesiredCount(target: EcsTarget, count: number): Promise<void>;
  /** @param definition ARN */
  taskDefinition(definition: string): Promise<TaskDefinitionFacts>;
}

export class EcsAnswerError extends Error {
  override readonly name = 'EcsAnswerError';
  readonly code = 'ERR_ROTATION_ECS_ANSWER';
  constructor({ cluster, service }: EcsTarget, found: string) {
    super(
      `ECS answered for ${cluster}/${service} ${found}; expected what API_Service says. Look at the service: aws ecs describe-services --cluster ${cluster} --services ${service}.`,
    );
  }
}

export function ecs(client = new ECSClient(clientDefaults)): EcsDoor {
  return {
    async look(target) {
      const { services } = await awsCall('DescribeServices', () =>
        client.send(
          new DescribeServicesCommand({ cluster: target.cluster, services: [target.service] }),
        ),
      );
      const [service] = services ?? [];
      // A deleted service is INACTIVE for a while (API_DescribeServices).
      return service === undefined || service.status === 'INACTIVE'
        ? undefined
        : shapeOf(target, service);
    },

    async forceNewDeployment(target) {
      const { service } = await awsCall('UpdateService', () =>
        client.send(
          new UpdateServiceCommand({
            cluster: target.cluster,
            service: target.service,
            forceNewDeployment: true,
          }),
        ),
      );
      const made = service?.deployments?.find(({ status }) => status === 'PRIMARY');
      if (made?.id === undefined) throw new EcsAnswerError(target, 'without a primary deployment');
      return made.id;
    },

    async setDesiredCount({ cluster, service }, desiredCount) {
      await awsCall('UpdateService', () =>
        client.send(new UpdateServiceCommand({ cluster, service, desiredCount })),
      );
    },

    async taskDefinition(definition) {
      const { taskDefinition } = await awsCall('DescribeTaskDefinition', () =>
        client.send(new DescribeTaskDefinitionCommand({ taskDefinition: definition })),
      );
      return {
        arn: taskDefinition?.taskDefinitionArn ?? definition,
        variables: (taskDefinition?.containerDefinitions ?? []).flatMap(
          ({ name = '', environment = [], secrets = [] }) =>
            variablesOf(name, environment, secrets),
        ),
      };
    },
  };
}

function shapeOf(target: EcsTarget, service: Service): EcsService {
  const controller = service.deploymentController?.type ?? 'ECS';
  if (controller !== 'ECS' && controller !== 'CODE_DEPLOY' && controller !== 'EXTERNAL') {
    throw new EcsAnswerError(target, `the deployment controller ${controller}`);
  }
  const primarySet = service.taskSets?.find(({ status }) => status === 'PRIMARY');
  const balancers = [...(primarySet?.loadBalancers ?? []), ...(service.loadBalancers ?? [])];
  const balancer = balancers.find(({ containerName }) => containerName !== undefined);
  return {
    controller,
    desiredCount: service.desiredCount ?? 0,
    runningCount: service.runningCount ?? 0,
    pendingCount: service.pendingCount ?? 0,
    taskDefinition: primarySet?.taskDefinition ?? service.taskDefinition,
    loadBalancer:
      balancer?.containerName !== undefined && balancer.containerPort !== undefined
        ? { containerName: balancer.containerName, containerPort: balancer.containerPort }
        : undefined,
    deployments: (service.deployments ?? []).map((deployment) => ({
      id: deployment.id ?? '',
      isPrimary: deployment.status === 'PRIMARY',
      createdAt: deployment.createdAt ?? new Date(0),
      rolloutState: deployment.rolloutState ?? 'IN_PROGRESS',
      rolloutStateReason: deployment.rolloutStateReason ?? '',
      failedTasks: deployment.failedTasks ?? 0,
      runningCount: deployment.runningCount ?? 0,
      desiredCount: deployment.desiredCount ?? 0,
    })),
    events: (service.events ?? []).map(({ createdAt, message }) => ({
      at: createdAt ?? new Date(0),
      message: message ?? '',
    })),
  };
}
