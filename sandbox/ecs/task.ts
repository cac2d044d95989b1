/** One task: started by a deployment, running, stopped (API_Task). */
import { randomBytes } from 'node:crypto';
import type { TaskDefinition } from './task-definitions.ts';

export interface Task {
  arn: string;
  id: string;
  definition: TaskDefinition;
  /** Id of the deployment, or of the task set. */
  startedBy: string;
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  createdAt: Date;
  startedAt?: Date;
  stopped?: { at: Date; code: StopCode; reason: string };
}

type StopCode = 'TaskFailedToStart' | 'EssentialContainerExited' | 'ServiceSchedulerInitiated';

export function newTask(
  cluster: { arn: string; name: string },
  definition: TaskDefinition,
  startedBy: string,
  createdAt: Date,
): Task {
  const id = randomBytes(16).toString('hex');
  const arn = `${cluster.arn.replace(/:cluster\/.*/, '')}:task/${cluster.name}/${id}`;
  return { arn, id, definition, startedBy, lastStatus: 'PENDING', createdAt };
}

export function run(task: Task, at: Date): void {
  task.lastStatus = 'RUNNING';
  task.startedAt = at;
}

export function stop(task: Task, at: Date, code: StopCode, reason: string): void {
  task.lastStatus = 'STOPPED';
  task.stopped = { at, code, reason };
}

/** "Recently stopped tasks might appear in the returned results." They are kept for an hour at least. */
export const isKept = ({ stopped }: Task, now: Date): boolean =>
  stopped === undefined || now.getTime() - stopped.at.getTime() <= 3_600_000;

export function describeTask(
  task: Task,
  service: { clusterArn: string; name: string; launchType: string },
): object {
  const { arn, definition, lastStatus, createdAt, startedAt, startedBy, stopped } = task;
  const exited = stopped?.code === 'EssentialContainerExited';
  return {
    taskArn: arn,
    clusterArn: service.clusterArn,
    taskDefinitionArn: definition.arn,
    containers: definition.containerDefinitions.map(({ name, image }) => ({
      containerArn: `${arn.replace(':task/', ':container/')}/${name}`,
      taskArn: arn,
      name,
      image,
      lastStatus,
      ...(exited && { exitCode: 1 }),
    })),
    lastStatus,
    desiredStatus: stopped === undefined ? 'RUNNING' : 'STOPPED',
    connectivity: lastStatus === 'RUNNING' ? 'CONNECTED' : undefined,
    createdAt,
    startedAt,
    startedBy,
    stoppedAt: stopped?.at,
    stopCode: stopped?.code,
    stoppedReason: stopped?.reason,
    group: `service:${service.name}`,
    launchType: service.launchType,
    version: lastStatus === 'PENDING' ? 1 : lastStatus === 'RUNNING' ? 2 : 3,
  };
}
