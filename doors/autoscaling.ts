/** The door to Application Auto Scaling, for the desired count of ECS services. */
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { awsCall, clientDefaults } from './aws-call.ts';
import type { EcsTarget } from './ecs.ts';

/** Which of its three activities stand still (API_SuspendedState). */
export interface Suspended {
  readonly in: boolean;
  readonly out: boolean;
  readonly scheduled: boolean;
}

export interface ScalableTarget {
  readonly minimum: number;
  readonly maximum: number;
  readonly suspended: Suspended;
}

export interface AutoscalingDoor {
  /** Undefined: nothing scales this service. */
  look(target: EcsTarget): Promise<ScalableTarget | undefined>;
  /**
   * Of a target that is registered. It may move the count of a service back between minimum and maximum
   * (API_RegisterScalableTarget), so a count below them is set afterwards, and what stands is not set again.
   */
  suspend(target: EcsTarget, suspended: Suspended): Promise<void>;
}

const place = ({ cluster, service }: EcsTarget) =>
  ({
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: `service/${cluster}/${service}`,
  }) as const;

export function autoscaling(
  client = new ApplicationAutoScalingClient(clientDefaults),
): AutoscalingDoor {
  return {
    async look(target) {
      const { ResourceId, ...rest } = place(target);
      const { ScalableTargets } = await awsCall('DescribeScalableTargets', () =>
        client.send(new DescribeScalableTargetsCommand({ ...rest, ResourceIds: [ResourceId] })),
      );
      const [found] = ScalableTargets ?? [];
      if (found === undefined) return undefined;
      const { SuspendedState: state } = found;
      return {
        minimum: found.MinCapacity ?? 0,
        maximum: found.MaxCapacity ?? 0,
        suspended: {
          in: state?.DynamicScalingInSuspended ?? false,
          out: state?.DynamicScalingOutSuspended ?? false,
          scheduled: state?.ScheduledScalingSuspended ?? false,
        },
      };
    },

    async suspend(target, suspended) {
      await awsCall('RegisterScalableTarget', () =>
        client.send(
          new RegisterScalableTargetCommand({
            ...place(target),
            SuspendedState: {
              DynamicScalingInSuspended: suspended.in,
              DynamicScalingOutSuspended: suspended.out,
              ScheduledScalingSuspended: suspended.scheduled,
            },
          }),
        ),
      );
    },
  };
}
