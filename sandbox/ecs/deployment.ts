/** One deployment of a service, or one task set under CodeDeploy (API_Deployment, API_TaskSet). */
import { randomInt } from 'node:crypto';
import type { Task } from './task.ts';
import type { TaskDefinition } from './task-definitions.ts';

export interface Deployment {
  id: string;
  status: 'PRIMARY' | 'ACTIVE';
  definition: TaskDefinition;
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  rolloutStateReason: string;
  failedTasks: number;
  /** The circuit breaker began it; where it fails as well, nothing follows. */
  isRollback: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export function newDeployment(
  definition: TaskDefinition,
  status: Deployment['status'],
  now: Date,
): Deployment {
  const digits = () => String(randomInt(10 ** 9, 10 ** 10 - 1));
  const id = `ecs-svc/${digits()}${digits().slice(0, 9)}`;
  return {
    id,
    status,
    definition,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    failedTasks: 0,
    isRollback: false,
    createdAt: now,
    updatedAt: now,
  };
}

export function complete(deployment: Deployment, now: Date): void {
  deployment.rolloutState = 'COMPLETED';
  deployment.rolloutStateReason = `ECS deployment ${deployment.id} completed.`;
  deployment.status = 'PRIMARY';
  deployment.updatedAt = now;
}

interface Counts {
  desiredCount: number;
  pendingCount: number;
  runningCount: number;
}

/** @param wanted as many as the service wants of it; absent: it is being replaced and wants no more than it has */
export function counts(deployment: Deployment, tasks: readonly Task[], wanted?: number): Counts {
  const own = tasks.filter(({ startedBy }) => startedBy === deployment.id);
  const runningCount = own.filter(({ lastStatus }) => lastStatus === 'RUNNING').length;
  const pendingCount = own.filter(({ lastStatus }) => lastStatus === 'PENDING').length;
  return { desiredCount: wanted ?? runningCount, pendingCount, runningCount };
}

export const describeDeployment = (
  deployment: Deployment,
  counted: Counts,
  launchType: string,
) => ({
  id: deployment.id,
  status: deployment.status,
  taskDefinition: deployment.definition.arn,
  ...counted,
  failedTasks: deployment.failedTasks,
  createdAt: deployment.createdAt,
  updatedAt: deployment.updatedAt,
  launchType,
  rolloutState: deployment.rolloutState,
  rolloutStateReason: deployment.rolloutStateReason,
});

export const describeTaskSet = (
  set: Deployment,
  { desiredCount, ...counted }: Counts,
  service: { arn: string; clusterArn: string; launchType: string },
) => ({
  id: set.id,
  taskSetArn: `${service.arn.replace(':service/', ':task-set/')}/${set.id}`,
  serviceArn: service.arn,
  clusterArn: service.clusterArn,
  startedBy: 'CODE_DEPLOY',
  status: set.status,
  taskDefinition: set.definition.arn,
  computedDesiredCount: desiredCount,
  ...counted,
  createdAt: set.createdAt,
  updatedAt: set.updatedAt,
  launchType: service.launchType,
  scale: { value: 100, unit: 'PERCENT' },
  stabilityStatus: set.rolloutState === 'COMPLETED' ? 'STEADY_STATE' : 'STABILIZING',
  stabilityStatusAt: set.updatedAt,
});
