/** A scalable target: an ECS service whose desired count is kept within bounds (API_ScalableTarget). */
import { randomUUID } from 'node:crypto';

export const NAMESPACE = 'ecs';
export const DIMENSION = 'ecs:service:DesiredCount';

export interface SuspendedState {
  DynamicScalingInSuspended: boolean;
  DynamicScalingOutSuspended: boolean;
  ScheduledScalingSuspended: boolean;
}

/** As it stands in the account beside the stack. */
export interface ExistingTarget {
  cluster: string;
  service: string;
  minCapacity: number;
  maxCapacity: number;
  suspended?: { [Activity in keyof SuspendedState]?: boolean | undefined } | undefined;
  /** Whether a scaling policy brings the service back within its bounds, a minute after it left them. */
  policy?: boolean | undefined;
}

export interface ScalableTarget extends Omit<ExistingTarget, 'suspended'> {
  arn: string;
  suspended: SuspendedState;
  createdAt: Date;
}

export function scalableTarget(
  { suspended, ...target }: ExistingTarget,
  place: { account: string; region: string },
  createdAt: Date,
): ScalableTarget {
  const id = randomUUID().replaceAll('-', '');
  return {
    ...target,
    arn: `arn:aws:application-autoscaling:${place.region}:${place.account}:scalable-target/${id}`,
    createdAt,
    suspended: {
      DynamicScalingInSuspended: suspended?.DynamicScalingInSuspended ?? false,
      DynamicScalingOutSuspended: suspended?.DynamicScalingOutSuspended ?? false,
      ScheduledScalingSuspended: suspended?.ScheduledScalingSuspended ?? false,
    },
  };
}

export const resourceIdOf = ({ cluster, service }: { cluster: string; service: string }): string =>
  `service/${cluster}/${service}`;

export const describeTarget = (target: ScalableTarget, account: string): object => ({
  ServiceNamespace: NAMESPACE,
  ResourceId: resourceIdOf(target),
  ScalableDimension: DIMENSION,
  MinCapacity: target.minCapacity,
  MaxCapacity: target.maxCapacity,
  RoleARN: `arn:aws:iam::${account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService`,
  CreationTime: target.createdAt,
  SuspendedState: target.suspended,
  ScalableTargetARN: target.arn,
});
