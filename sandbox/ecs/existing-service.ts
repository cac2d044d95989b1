/** An ECS service as the account holds it beside the stack, and how the tasks behave that it starts. */

/** As DescribeTaskDefinition answers them; anything else of a container definition may stand beside. */
export interface ContainerDefinition {
  name: string;
  image?: string | undefined;
  environment?: readonly { name: string; value: string }[] | undefined;
  secrets?: readonly { name: string; valueFrom: string }[] | undefined;
  logConfiguration?:
    | { logDriver: string; options?: Record<string, string> | undefined }
    | undefined;
  [member: string]: unknown;
}

export type DeploymentController = 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';

export interface ExistingService {
  /** Name of the cluster, which is made when there is none of that name. */
  cluster: string;
  name: string;
  desiredCount: number;
  taskDefinition: { family: string; containerDefinitions: readonly ContainerDefinition[] };
  /** @default ECS, the rolling update */
  deploymentController?: DeploymentController | undefined;
  deploymentConfiguration?:
    | {
        deploymentCircuitBreaker?: { enable: boolean; rollback: boolean } | undefined;
        minimumHealthyPercent?: number | undefined;
        maximumPercent?: number | undefined;
      }
    | undefined;
  loadBalancers?:
    | readonly { targetGroupArn: string; containerName: string; containerPort: number }[]
    | undefined;
  /** @default FARGATE */
  launchType?: 'FARGATE' | 'EC2' | 'EXTERNAL' | undefined;
  /** @default its tasks start */
  behaviour?: TaskBehaviour | undefined;
}

/**
 * What becomes of the tasks a service starts, in seconds of the sandbox's clock.
 * - start: they run, and are healthy some time later
 * - fail:  none comes up; ECS starts others in their place
 * - wait:  none can be placed; nothing happens any more
 */
export type TaskBehaviour =
  | {
      tasks: 'start';
      /** @default 20 */
      runningAfterSeconds?: number | undefined;
      /** From the start of the tasks on. @default 40 */
      steadyAfterSeconds?: number | undefined;
    }
  | {
      tasks: 'fail';
      /** @default 30 */
      everySeconds?: number | undefined;
      /** @default Essential container in task exited */
      stoppedReason?: string | undefined;
      /** That often; later ones start. @default for ever */
      times?: number | undefined;
    }
  | { tasks: 'wait' };

/** Tasks are about to be started or stopped. */
export interface TaskChange {
  cluster: string;
  service: string;
  /** deployment: every task is replaced; scaling: there are more or fewer of them */
  cause: 'deployment' | 'scaling';
  /** Of the deployment, or of the task set under CodeDeploy: `ecs-svc/…`. */
  deploymentId: string;
  taskDefinitionArn: string;
  containerDefinitions: readonly ContainerDefinition[];
  /** How many tasks run after it. */
  desiredCount: number;
  /** 1, and one more each time after its tasks failed. */
  attempt: number;
}

/** Awaited before the tasks count as running; where it rejects, they failed to start. */
export type TaskListener = (change: TaskChange) => Promise<void> | void;
