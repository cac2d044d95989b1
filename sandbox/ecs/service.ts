/**
 * Amazon ECS: services that stand in the account beside the stack. They are put in through the controls, as
 * certificates are; updated and described over the wire. Nothing is run: who listens is told when tasks start.
 */
import type { SandboxClock } from '../clock.ts';
import { type AwsService, ServiceException } from '../service.ts';
import { ContainerService } from './container-service.ts';
import { describeService } from './describe-service.ts';
import type {
  ExistingService,
  TaskBehaviour,
  TaskChange,
  TaskListener,
} from './existing-service.ts';
import { ecsOperations } from './operations.ts';
import { TaskDefinitions } from './task-definitions.ts';

export interface EcsSettings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export class EcsService implements AwsService {
  readonly signingName = 'ecs';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AmazonEC2ContainerServiceV20141113';
  readonly operations: AwsService['operations'];
  readonly taskDefinitions: TaskDefinitions;
  readonly #settings: EcsSettings;
  /** By cluster name, then by service name. */
  readonly #clusters = new Map<string, Map<string, ContainerService>>();
  readonly #listeners = new Set<TaskListener>();

  constructor(settings: EcsSettings) {
    this.#settings = settings;
    this.taskDefinitions = new TaskDefinitions(settings);
    this.operations = ecsOperations(this);
  }

  /** Puts a service into the account, running and steady, or another one in its place. */
  putService(spec: ExistingService): { arn: string } {
    const { clock } = this.#settings;
    const services = this.#clusters.get(spec.cluster) ?? new Map<string, ContainerService>();
    this.#clusters.set(spec.cluster, services);
    services.get(spec.name)?.forget();
    const definition = this.taskDefinitions.register(spec.taskDefinition, clock.now());
    const cluster = { name: spec.cluster, arn: this.arnOf('cluster', spec.cluster) };
    const arn = this.arnOf('service', `${spec.cluster}/${spec.name}`);
    const tell = (change: TaskChange) => this.#tell(change);
    services.set(spec.name, new ContainerService(spec, definition, { arn, cluster, clock, tell }));
    return { arn };
  }

  /** What the tasks of a service do from their next start on. @throws ServiceException ServiceNotFoundException */
  behave(service: { cluster: string; name: string; behaviour: TaskBehaviour }): void {
    this.find(service.cluster, service.name).behave(service.behaviour);
  }

  /**
   * Told when tasks are to be started or stopped, for processes beside the sandbox that stand for them; awaited
   * before they count as running. It must not move the clock. @returns what ends it
   */
  onTasks(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Every service, as DescribeServices gives it. */
  described(): readonly Record<string, unknown>[] {
    return [...this.#clusters.values()].flatMap((services) =>
      [...services.values()].map(describeService),
    );
  }

  arnOf(type: 'cluster' | 'service' | 'task', rest: string): string {
    const { account, region } = this.#settings;
    return `arn:aws:ecs:${region}:${account}:${type}/${rest}`;
  }

  /** @param cluster its name. @throws ServiceException ClusterNotFoundException */
  servicesOf(cluster: string): ReadonlyMap<string, ContainerService> {
    const found = this.#clusters.get(cluster);
    if (found === undefined) {
      throw new ServiceException('ClusterNotFoundException', 'Cluster not found.');
    }
    return found;
  }

  /** @param name of the service or its ARN. @throws ServiceException ServiceNotFoundException */
  find(cluster: string, name: string): ContainerService {
    const found = this.servicesOf(cluster).get(name.split('/').at(-1) ?? name);
    if (found === undefined) {
      throw new ServiceException('ServiceNotFoundException', 'Service not found.');
    }
    return found;
  }

  async #tell(change: TaskChange): Promise<void> {
    for (const listener of this.#listeners) {
      await listener(change);
    }
  }
}
