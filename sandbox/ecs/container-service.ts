/**
 * One ECS service: its deployments, its tasks, and how they go on the sandbox's clock. A deployment starts as many
 * tasks as are wanted beside the ones there are (100 % stay, 200 % at most), and when the new ones are healthy the old
 * ones are stopped. Texts of events and reasons as DescribeServices of AWS gives them.
 */
import type { SandboxClock } from '../clock.ts';
import { rollbackOf, trips } from './circuit-breaker.ts';
import { complete, type Deployment, newDeployment } from './deployment.ts';
import type {
  ExistingService,
  TaskBehaviour,
  TaskChange,
  TaskListener,
} from './existing-service.ts';
import { ServiceEvents } from './service-events.ts';
import { isKept, newTask, run, stop, type Task } from './task.ts';
import type { TaskDefinition } from './task-definitions.ts';

export interface ContainerServiceSettings {
  arn: string;
  cluster: { arn: string; name: string };
  clock: SandboxClock;
  /** Tells everybody who listens. */
  tell: TaskListener;
}

type Cause = TaskChange['cause'];

export class ContainerService {
  readonly arn: string;
  readonly cluster: ContainerServiceSettings['cluster'];
  readonly events: ServiceEvents;
  readonly createdAt: Date;
  readonly #clock: SandboxClock;
  readonly #tell: TaskListener;
  readonly spec: ExistingService;
  desiredCount: number;
  /** The newest first; under CodeDeploy they are task sets. */
  deployments: Deployment[];
  #tasks: Task[];
  #behaviour: TaskBehaviour;
  /** Takes back what is under way. */
  #takeBack = (): void => undefined;
  /** What listeners were told stays in order: a service that is restarted twice is restarted one after the other. */
  #telling: Promise<unknown> = Promise.resolve();
  #underWay: Promise<{ reason: string } | undefined> | undefined;
  #whenSteady: () => void = () => undefined;

  constructor(
    spec: ExistingService,
    definition: TaskDefinition,
    settings: ContainerServiceSettings,
  ) {
    const { arn, cluster, clock, tell } = settings;
    const now = clock.now();
    this.spec = spec;
    this.arn = arn;
    this.cluster = cluster;
    this.#clock = clock;
    this.#tell = tell;
    this.createdAt = now;
    this.desiredCount = spec.desiredCount;
    this.events = new ServiceEvents(spec.name, clock);
    this.#behaviour = spec.behaviour ?? { tasks: 'start' };
    // It stood before the stack did: its tasks run.
    const deployment = newDeployment(definition, 'PRIMARY', now);
    complete(deployment, now);
    this.deployments = [deployment];
    this.#tasks = this.#newTasks(deployment, spec.desiredCount);
    for (const task of this.#tasks) run(task, now);
    this.events.add('has reached a steady state.');
  }

  get tasks(): readonly Task[] {
    const now = this.#clock.now();
    this.#tasks = this.#tasks.filter((task) => isKept(task, now));
    return this.#tasks;
  }

  /** Another service stands in its place: what is under way comes to nothing. */
  forget(): void {
    this.#takeBack();
    this.#underWay = undefined;
  }

  /** What its tasks do from the next start of tasks on. */
  behave(behaviour: TaskBehaviour): void {
    this.#behaviour = behaviour;
  }

  /** UpdateService: another count of tasks, another deployment, or both. */
  update(change: { desiredCount?: number; deploy?: TaskDefinition }): void {
    const before = this.desiredCount;
    this.desiredCount = change.desiredCount ?? before;
    if (change.deploy !== undefined) {
      this.#begin(newDeployment(change.deploy, 'PRIMARY', this.#clock.now()));
    } else if (this.desiredCount !== before) {
      this.#newest.updatedAt = this.#clock.now();
      this.#reconcile('scaling', 1);
    }
  }

  /** CodeDeploy's: another task set beside the one there is. @returns what takes it away again */
  replace(definition: TaskDefinition, whenSteady: () => void): { id: string; abandon: () => void } {
    const green = newDeployment(definition, 'ACTIVE', this.#clock.now());
    this.#begin(green);
    this.#whenSteady = whenSteady;
    const abandon = () => {
      if (!this.deployments.includes(green) || green.rolloutState === 'COMPLETED') return;
      this.#takeBack();
      this.#whenSteady = () => undefined;
      this.deployments = this.deployments.filter((other) => other !== green);
      this.#stopTasks((task) => task.startedBy === green.id);
    };
    return { id: green.id, abandon };
  }

  get #newest(): Deployment {
    return this.deployments[0] as Deployment;
  }

  #begin(deployment: Deployment): void {
    if (deployment.status === 'PRIMARY') {
      for (const other of this.deployments) other.status = 'ACTIVE';
    }
    // A deployment without tasks that another one overtook is gone at once.
    this.deployments = this.deployments.filter(
      ({ id, rolloutState }) =>
        rolloutState !== 'IN_PROGRESS' || this.#alive().some(({ startedBy }) => startedBy === id),
    );
    this.deployments.unshift(deployment);
    this.#reconcile('deployment', 1);
  }

  /** Starts what is missing of the newest deployment, stops what is too much, and waits for what comes of it. */
  #reconcile(cause: Cause, attempt: number): void {
    this.#takeBack();
    this.#underWay = undefined;
    const deployment = this.#newest;
    const own = this.#alive().filter(({ startedBy }) => startedBy === deployment.id);
    const missing = this.desiredCount - own.length;
    // "A deployment in FAILED state doesn't launch any new tasks." (API_Deployment)
    if (missing > 0 && deployment.rolloutState === 'FAILED') return;
    const behaviour = missing > 0 ? this.#nextBehaviour() : undefined;
    if (behaviour?.tasks === 'wait') {
      this.events.add(
        'was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
      );
      return;
    }
    const started = this.#newTasks(deployment, Math.max(0, missing));
    this.#tasks.push(...started);
    if (started.length > 0) {
      this.events.add(`has started ${started.length} tasks: ${named(started)}.`);
    }
    const pending = [...own, ...started].filter(({ lastStatus }) => lastStatus === 'PENDING');
    if (behaviour?.tasks === 'fail') {
      // "Service throttle logic": whose tasks never start is tried ever more rarely.
      this.#after(attempt > 10 ? 900 : (behaviour.everySeconds ?? 30), async () =>
        this.#failed(cause, attempt, pending, {
          code: 'EssentialContainerExited',
          reason: behaviour.stoppedReason ?? 'Essential container in task exited',
        }),
      );
      return;
    }
    const { runningAfterSeconds = 20, steadyAfterSeconds = 40 } = behaviour ?? {};
    const told = this.#told(cause, attempt, deployment);
    this.#after(runningAfterSeconds, async () => {
      const failure = await told;
      // Another deployment, or another count, came meanwhile.
      if (this.#underWay !== told) return;
      if (failure !== undefined) {
        this.#failed(cause, attempt, pending, {
          code: 'TaskFailedToStart',
          reason: failure.reason,
        });
        return;
      }
      const surplus = new Set(missing < 0 ? own.slice(missing) : []);
      this.#stopTasks((task) => surplus.has(task));
      for (const task of pending.filter((one) => !surplus.has(one))) run(task, this.#clock.now());
      // "Once a service deployment has one or more successfully running tasks, the failed task count resets to zero".
      if (pending.length > 0) deployment.failedTasks = 0;
      this.#after(Math.max(0, steadyAfterSeconds - runningAfterSeconds), async () =>
        this.#steady(),
      );
    });
    this.#underWay = told;
  }

  #told(
    cause: Cause,
    attempt: number,
    { id, definition }: Deployment,
  ): Promise<{ reason: string } | undefined> {
    const change: TaskChange = {
      cluster: this.cluster.name,
      service: this.spec.name,
      cause,
      deploymentId: id,
      taskDefinitionArn: definition.arn,
      containerDefinitions: definition.containerDefinitions,
      desiredCount: this.desiredCount,
      attempt,
    };
    const told = this.#telling.then(async () => {
      try {
        await this.#tell(change);
        return undefined;
      } catch (error) {
        return { reason: error instanceof Error ? error.message : String(error) };
      }
    });
    this.#telling = told;
    return this.#clock.track(told);
  }

  #failed(
    cause: Cause,
    attempt: number,
    tasks: readonly Task[],
    { code, reason }: { code: 'TaskFailedToStart' | 'EssentialContainerExited'; reason: string },
  ): void {
    const now = this.#clock.now();
    const deployment = this.#newest;
    for (const task of tasks) stop(task, now, code, reason);
    deployment.updatedAt = now;
    if (attempt === 2) this.events.add('is unable to consistently start tasks successfully.');
    if (deployment.rolloutState === 'IN_PROGRESS') {
      deployment.failedTasks += tasks.length;
      if (trips(deployment, this.spec, this.desiredCount)) {
        this.#break(deployment, now);
        return;
      }
    }
    this.#reconcile(cause, attempt + 1);
  }

  #break(deployment: Deployment, now: Date): void {
    deployment.rolloutState = 'FAILED';
    deployment.rolloutStateReason = 'ECS deployment circuit breaker: tasks failed to start.';
    this.events.add('deployment failed: tasks failed to start.', deployment.id);
    const back = rollbackOf(deployment, this.deployments, this.spec, now);
    if (back === undefined) return;
    this.events.add(`rolling back to deployment ${back.id}.`);
    this.#begin(back);
  }

  #steady(): void {
    const now = this.#clock.now();
    const deployment = this.#newest;
    this.#stopTasks(({ startedBy }) => startedBy !== deployment.id);
    this.deployments = [deployment];
    if (deployment.rolloutState === 'IN_PROGRESS') {
      complete(deployment, now);
      this.events.add('deployment completed.', deployment.id);
    }
    this.events.add('has reached a steady state.');
    const tell = this.#whenSteady;
    this.#whenSteady = () => undefined;
    tell();
  }

  #stopTasks(which: (task: Task) => boolean): void {
    const stopped = this.#alive().filter(which);
    if (stopped.length === 0) return;
    const now = this.#clock.now();
    for (const task of stopped) {
      const reason = `Scaling activity initiated by (deployment ${task.startedBy})`;
      stop(task, now, 'ServiceSchedulerInitiated', reason);
    }
    this.events.add(`has stopped ${stopped.length} running tasks: ${named(stopped)}.`);
  }

  #alive(): Task[] {
    return this.#tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED');
  }

  #newTasks({ definition, id }: Deployment, count: number): Task[] {
    const now = this.#clock.now();
    return Array.from({ length: count }, () => newTask(this.cluster, definition, id, now));
  }

  #nextBehaviour(): TaskBehaviour {
    const behaviour = this.#behaviour;
    if (behaviour.tasks !== 'fail' || behaviour.times === undefined) return behaviour;
    if (behaviour.times === 0) return { tasks: 'start' };
    this.#behaviour = { ...behaviour, times: behaviour.times - 1 };
    return behaviour;
  }

  #after(seconds: number, work: () => Promise<void>): void {
    const at = new Date(this.#clock.now().getTime() + seconds * 1000);
    this.#takeBack = this.#clock.at(at, `ecs: tasks of ${this.spec.name}`, work);
  }
}

const named = (tasks: readonly Task[]): string => tasks.map(({ id }) => `(task ${id})`).join(' ');
