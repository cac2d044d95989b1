/** The door to CodeDeploy, for ECS services it deploys: every task anew, with the task definition the service has. */
import {
  CodeDeployClient,
  CreateDeploymentCommand,
  GetDeploymentCommand,
  GetDeploymentGroupCommand,
} from '@aws-sdk/client-codedeploy';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface CodeDeployTarget {
  readonly application: string;
  readonly deploymentGroup: string;
}

/** What is deployed, and where CodeDeploy moves the traffic (AppSpec 'resources' section for Amazon ECS). */
export interface EcsAppSpec {
  /** ARN. */
  readonly taskDefinition: string;
  readonly containerName: string;
  readonly containerPort: number;
}

export interface CodeDeployment {
  readonly id: string;
  readonly createdAt: Date;
  /** Created, Queued, InProgress, Baking, Ready, Succeeded, Failed, Stopped (API_DeploymentInfo). */
  readonly status: string;
  /** Failed or stopped: CodeDeploy's own code and words. */
  readonly reason: string | undefined;
}

export interface CodeDeployDoor {
  /** The last one that was begun in the group, by whomever; undefined: there was none. */
  latest(target: CodeDeployTarget): Promise<Pick<CodeDeployment, 'id' | 'createdAt'> | undefined>;
  /** @returns its id; 'busy' while another one of the group is under way: it takes one at a time */
  deploy(target: CodeDeployTarget, spec: EcsAppSpec): Promise<string | 'busy'>;
  look(deploymentId: string): Promise<CodeDeployment>;
}

export function codeDeploy(client = new CodeDeployClient(clientDefaults)): CodeDeployDoor {
  return {
    async latest({ application, deploymentGroup }) {
      const { deploymentGroupInfo } = await awsCall('GetDeploymentGroup', () =>
        client.send(
          new GetDeploymentGroupCommand({
            applicationName: application,
            deploymentGroupName: deploymentGroup,
          }),
        ),
      );
      const { deploymentId, createTime } = deploymentGroupInfo?.lastAttemptedDeployment ?? {};
      return deploymentId === undefined || createTime === undefined
        ? undefined
        : { id: deploymentId, createdAt: createTime };
    },

    async deploy({ application, deploymentGroup }, spec) {
      try {
        const { deploymentId } = await awsCall('CreateDeployment', () =>
          client.send(
            new CreateDeploymentCommand({
              applicationName: application,
              deploymentGroupName: deploymentGroup,
              description: 'Quarterturn: restarted after a rotation',
              revision: {
                revisionType: 'AppSpecContent',
                appSpecContent: { content: JSON.stringify(appSpecOf(spec)) },
              },
            }),
          ),
        );
        return deploymentId ?? 'busy';
      } catch (error) {
        // "The number of allowed deployments was exceeded": one a group (CodeDeploy user guide, "quotas").
        if (isAwsError(error, 'DeploymentLimitExceededException')) return 'busy';
        throw error;
      }
    },

    async look(deploymentId) {
      const { deploymentInfo } = await awsCall('GetDeployment', () =>
        client.send(new GetDeploymentCommand({ deploymentId })),
      );
      const { status, createTime, errorInformation } = deploymentInfo ?? {};
      const words = [errorInformation?.code, errorInformation?.message].filter(
        (word) => word !== undefined,
      );
      return {
        id: deploymentId,
        createdAt: createTime ?? new Date(0),
        status: status ?? 'Created',
        reason: words.length === 0 ? undefined : words.join(': '),
      };
    },
  };
}

const appSpecOf = ({ taskDefinition, containerName, containerPort }: EcsAppSpec) => ({
  version: 1,
  Resources: [
    {
      TargetService: {
        Type: 'AWS::ECS::Service',
        Properties: {
          TaskDefinition: taskDefinition,
          LoadBalancerInfo: { ContainerName: containerName, ContainerPort: containerPort },
        },
      },
    },
  ],
});
