/** A deployment group for blue/green deployments of one ECS service (API_DeploymentGroupInfo). */
import { randomUUID } from 'node:crypto';

/** As it stands in the account beside the stack. */
export interface ExistingDeploymentGroup {
  application: string;
  name: string;
  cluster: string;
  service: string;
  /** @default CodeDeployDefault.ECSAllAtOnce */
  deploymentConfigName?: string | undefined;
  /** How long the replaced tasks are kept, which the deployment is in progress for. @default 0 */
  terminationWaitMinutes?: number | undefined;
  /** @default two target groups behind one listener */
  loadBalancerInfo?: Record<string, unknown> | undefined;
}

export interface DeploymentGroup extends ExistingDeploymentGroup {
  id: string;
}

export const deploymentGroup = (group: ExistingDeploymentGroup): DeploymentGroup => ({
  ...group,
  id: randomUUID(),
});

export const configOf = ({ deploymentConfigName }: ExistingDeploymentGroup): string =>
  deploymentConfigName ?? 'CodeDeployDefault.ECSAllAtOnce';

export const styleOf = {
  deploymentType: 'BLUE_GREEN',
  deploymentOption: 'WITH_TRAFFIC_CONTROL',
} as const;

export const blueGreenOf = ({ terminationWaitMinutes = 0 }: ExistingDeploymentGroup): object => ({
  terminateBlueInstancesOnDeploymentSuccess: {
    action: 'TERMINATE',
    terminationWaitTimeInMinutes: terminationWaitMinutes,
  },
  deploymentReadyOption: { actionOnTimeout: 'CONTINUE_DEPLOYMENT', waitTimeInMinutes: 0 },
});

export const loadBalancerOf = (group: ExistingDeploymentGroup, place: string): object =>
  group.loadBalancerInfo ?? {
    targetGroupPairInfoList: [
      {
        targetGroups: [{ name: `${group.service}-blue` }, { name: `${group.service}-green` }],
        prodTrafficRoute: {
          listenerArns: [
            `arn:aws:elasticloadbalancing:${place}:listener/app/${group.service}/0123456789abcdef/0123456789abcdef`,
          ],
        },
      },
    ],
  };

/**
 * How long the traffic is shifted: `CodeDeployDefault.ECSCanary10Percent5Minutes`, `…ECSLinear10PercentEvery1Minutes`
 * ("Deployment configurations on an Amazon ECS compute platform").
 */
export function shiftMinutesOf(config: string): number {
  const canary = /Canary\d+Percent(\d+)Minutes$/.exec(config);
  if (canary !== null) return Number(canary[1]);
  const linear = /Linear(\d+)PercentEvery(\d+)Minutes$/.exec(config);
  return linear === null ? 0 : (Math.ceil(100 / Number(linear[1])) - 1) * Number(linear[2]);
}
