/**
 * Application Auto Scaling of ECS services: targets are put in through the controls, described and suspended over the
 * wire. A policy brings a service back within its bounds a minute after it left them, unless that is suspended.
 */
import type { SandboxClock } from '../clock.ts';
import type { EcsService } from '../ecs/service.ts';
import { type AccessCheck, type AwsService, type Caller, ServiceException } from '../service.ts';
import {
  DIMENSION,
  describeTarget,
  type ExistingTarget,
  NAMESPACE,
  resourceIdOf,
  type ScalableTarget,
  type SuspendedState,
  scalableTarget,
} from './scalable-target.ts';

type Input = Record<string, unknown>;

export interface ApplicationAutoScalingSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  ecs: EcsService;
  iam: { allows(caller: Caller, check: AccessCheck): boolean };
}

export class ApplicationAutoScalingService implements AwsService {
  readonly signingName = 'application-autoscaling';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AnyScaleFrontendService';
  readonly operations: AwsService['operations'];
  readonly #settings: ApplicationAutoScalingSettings;
  /** By resource id, `service/<cluster>/<service>`. */
  readonly #targets = new Map<string, ScalableTarget>();

  constructor(settings: ApplicationAutoScalingSettings) {
    this.#settings = settings;
    settings.ecs.onTasks((change) => this.#watch(resourceIdOf(change)));
    this.operations = {
      // AWS knows no resource for it (service authorization reference).
      DescribeScalableTargets: {
        authorize: () => [
          { action: 'application-autoscaling:DescribeScalableTargets', resource: '*' },
        ],
        run: async (input) => this.#describe(input),
      },
      RegisterScalableTarget: {
        authorize: (input) => [this.#registration(input)],
        run: async (input, caller) => this.#register(input, caller),
      },
    };
  }

  /** Puts a target into the account. @throws ServiceException ServiceNotFoundException */
  putTarget(target: ExistingTarget): { arn: string } {
    this.#settings.ecs.find(target.cluster, target.service);
    const made = scalableTarget(target, this.#settings, this.#settings.clock.now());
    this.#targets.set(resourceIdOf(target), made);
    return { arn: made.arn };
  }

  #registration(input: Input): AccessCheck {
    const { account, region } = this.#settings;
    const known = this.#targets.get(String(input.ResourceId))?.arn;
    return {
      action: 'application-autoscaling:RegisterScalableTarget',
      resource: known ?? `arn:aws:application-autoscaling:${region}:${account}:scalable-target/*`,
      context: {
        'application-autoscaling:service-namespace': String(input.ServiceNamespace),
        'application-autoscaling:scalable-dimension': String(input.ScalableDimension),
      },
    };
  }

  #describe(input: Input): object {
    const { ServiceNamespace, ResourceIds, ScalableDimension } = input;
    const ids = Array.isArray(ResourceIds) ? ResourceIds.map(String) : undefined;
    const isOther = ScalableDimension !== undefined && ScalableDimension !== DIMENSION;
    if (isOther || ServiceNamespace !== NAMESPACE) return { ScalableTargets: [] };
    const found = [...this.#targets].filter(([id]) => ids === undefined || ids.includes(id));
    return {
      ScalableTargets: found.map(([, target]) => describeTarget(target, this.#settings.account)),
    };
  }

  #register(input: Input, caller: Caller): object {
    const { ServiceNamespace, ScalableDimension, MinCapacity, MaxCapacity, SuspendedState } = input;
    if (ServiceNamespace !== NAMESPACE || ScalableDimension !== DIMENSION) {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox does not simulate scalable targets other than ${DIMENSION}.`,
        501,
      );
    }
    const id = String(input.ResourceId);
    const [, cluster = '', service = ''] = /^service\/([^/]+)\/([^/]+)$/.exec(id) ?? [];
    this.#assertMayScale(caller, cluster, service);
    const before = this.#targets.get(id) ?? this.#newTarget(cluster, service, input);
    const { minCapacity, maxCapacity, suspended } = before;
    const target: ScalableTarget = {
      ...before,
      minCapacity: typeof MinCapacity === 'number' ? MinCapacity : minCapacity,
      maxCapacity: typeof MaxCapacity === 'number' ? MaxCapacity : maxCapacity,
      suspended: { ...suspended, ...(SuspendedState as Partial<SuspendedState> | undefined) },
    };
    if (target.minCapacity > target.maxCapacity) {
      throw invalid('Maximum capacity cannot be less than minimum capacity');
    }
    this.#targets.set(id, target);
    // "If it's below the minimum capacity or above the maximum capacity, Application Auto Scaling adjusts the
    // capacity of the scalable target to place it within these bounds, even if you don't include the MinCapacity
    // or MaxCapacity request parameters" (API_RegisterScalableTarget): no policy is asked, and no suspension.
    this.#scale(target, { out: true, in: true });
    return { ScalableTargetARN: target.arn };
  }

  /** @throws ServiceException ValidationException when the service or a bound is missing */
  #newTarget(
    cluster: string,
    service: string,
    { MinCapacity, MaxCapacity }: Input,
  ): ScalableTarget {
    if (typeof MinCapacity !== 'number' || typeof MaxCapacity !== 'number') {
      throw invalid('MinCapacity and MaxCapacity are required to register a new scalable target');
    }
    const target = { cluster, service, minCapacity: MinCapacity, maxCapacity: MaxCapacity };
    return scalableTarget(target, this.#settings, this.#settings.clock.now());
  }

  /** "Permissions required for API actions on target services": the caller's own. */
  #assertMayScale(caller: Caller, cluster: string, service: string): void {
    const { ecs, iam } = this.#settings;
    const resource = ecs.arnOf('service', `${cluster}/${service}`);
    const context = { 'ecs:cluster': ecs.arnOf('cluster', cluster) };
    const missing = ['ecs:DescribeServices', 'ecs:UpdateService'].filter(
      (action) => !iam.allows(caller, { action, resource, context }),
    );
    if (missing.length > 0) {
      throw invalid(`User is missing the following permissions: ${missing.join(', ')}`);
    }
    try {
      ecs.find(cluster, service);
    } catch {
      throw invalid(`ECS service doesn't exist: service/${cluster}/${service}`);
    }
  }

  /** The alarm of a policy looks once a minute. */
  #watch(id: string): void {
    if (this.#targets.get(id)?.policy !== true) return;
    const { clock } = this.#settings;
    const at = new Date(clock.now().getTime() + 60_000);
    clock.at(at, `application-autoscaling: ${id}`, async () => {
      const target = this.#targets.get(id);
      if (target?.policy !== true) return;
      const { DynamicScalingInSuspended, DynamicScalingOutSuspended } = target.suspended;
      this.#scale(target, { out: !DynamicScalingOutSuspended, in: !DynamicScalingInSuspended });
    });
  }

  #scale(target: ScalableTarget, may: { out: boolean; in: boolean }): void {
    const service = this.#settings.ecs.find(target.cluster, target.service);
    const { desiredCount } = service;
    if (may.out && desiredCount < target.minCapacity) {
      service.update({ desiredCount: target.minCapacity });
    }
    if (may.in && desiredCount > target.maxCapacity) {
      service.update({ desiredCount: target.maxCapacity });
    }
  }
}

const invalid = (message: string) => new ServiceException('ValidationException', message);
