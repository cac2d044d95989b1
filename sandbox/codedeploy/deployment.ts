/** One deployment of CodeDeploy: another task set in the place of an ECS service's (API_DeploymentInfo). */
import { randomBytes } from 'node:crypto';
import { blueGreenOf, type DeploymentGroup, loadBalancerOf, styleOf } from './deployment-group.ts';

export interface CodeDeployDeployment {
  id: string;
  group: DeploymentGroup;
  config: string;
  description?: string;
  revision: unknown;
  status: 'Created' | 'InProgress' | 'Succeeded' | 'Failed' | 'Stopped';
  error?: { code: string; message: string };
  createTime: Date;
  startTime?: Date;
  completeTime?: Date;
  /** Ends what is under way. */
  takeBack: () => void;
}

/** `d-` and nine letters and digits. */
export function newDeploymentId(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return `d-${[...randomBytes(9)].map((byte) => alphabet[byte % alphabet.length]).join('')}`;
}

export const isActive = ({ status }: CodeDeployDeployment): boolean =>
  status === 'Created' || status === 'InProgress';

export function describeDeployment(deployment: CodeDeployDeployment, place: string): object {
  const { id, group, config, description, revision, status, error } = deployment;
  const { createTime, startTime, completeTime } = deployment;
  const counted = (which: CodeDeployDeployment['status']) => (status === which ? 1 : 0);
  return {
    applicationName: group.application,
    deploymentGroupName: group.name,
    deploymentConfigName: config,
    deploymentId: id,
    revision,
    status,
    errorInformation: error,
    createTime,
    startTime,
    completeTime,
    deploymentOverview: {
      Pending: counted('Created'),
      InProgress: counted('InProgress'),
      Succeeded: counted('Succeeded'),
      Failed: counted('Failed'),
      Skipped: counted('Stopped'),
      Ready: 0,
    },
    description,
    creator: 'user',
    ignoreApplicationStopFailures: false,
    updateOutdatedInstancesOnly: false,
    deploymentStyle: styleOf,
    instanceTerminationWaitTimeStarted: false,
    blueGreenDeploymentConfiguration: blueGreenOf(group),
    loadBalancerInfo: loadBalancerOf(group, place),
    fileExistsBehavior: 'DISALLOW',
    deploymentStatusMessages: [],
    computePlatform: 'ECS',
  };
}
