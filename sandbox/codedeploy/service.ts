/**
 * AWS CodeDeploy for ECS: deployment groups are put in through the controls; a deployment puts another task set in the
 * place of the service's, on the sandbox's clock. The replaced tasks stop when the new ones take the traffic; the
 * deployment is in progress for as long as the traffic shifts and they would be kept.
 */
import type { SandboxClock } from '../clock.ts';
import type { EcsService } from '../ecs/service.ts';
import { type AwsService, type Caller, ServiceException } from '../service.ts';
import { taskDefinitionIn } from './app-spec.ts';
import {
  type CodeDeployDeployment,
  describeDeployment,
  isActive,
  newDeploymentId,
} from './deployment.ts';
import {
  blueGreenOf,
  configOf,
  type DeploymentGroup,
  deploymentGroup,
  type ExistingDeploymentGroup,
  loadBalancerOf,
  shiftMinutesOf,
  styleOf,
} from './deployment-group.ts';

type Input = Record<string, unknown>;

/** "This time out period is 60 minutes." */
const HEALTHY_WITHIN_SECONDS = 3600;

export interface CodeDeploySettings {
  account: string;
  region: string;
  clock: SandboxClock;
  ecs: EcsService;
}

export class CodeDeployService implements AwsService {
  readonly signingName = 'codedeploy';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'CodeDeploy_20141006';
  readonly operations: AwsService['operations'];
  readonly #settings: CodeDeploySettings;
  /** By application, then by name. */
  readonly #applications = new Map<string, Map<string, DeploymentGroup>>();
  readonly #deployments = new Map<string, CodeDeployDeployment>();

  constructor(settings: CodeDeploySettings) {
    this.#settings = settings;
    const groupArn = ({ applicationName, deploymentGroupName }: Input) =>
      this.#arn('deploymentgroup', `${applicationName}/${deploymentGroupName}`);
    const ofDeployment = ({ deploymentId }: Input) => {
      const { group } = this.#deployment(deploymentId);
      return this.#arn('deploymentgroup', `${group.application}/${group.name}`);
    };
    this.operations = {
      // It registers the revision and reads the configuration with its caller's rights.
      CreateDeployment: {
        authorize: (input) => [
          { action: 'codedeploy:CreateDeployment', resource: groupArn(input) },
          {
            action: 'codedeploy:GetDeploymentConfig',
            resource: this.#arn('deploymentconfig', this.#configIn(input)),
          },
          {
            action: 'codedeploy:RegisterApplicationRevision',
            resource: this.#arn('application', String(input.applicationName)),
          },
        ],
        run: async (input) => this.#create(input),
      },
      GetDeployment: {
        authorize: (input) => [
          { action: 'codedeploy:GetDeployment', resource: ofDeployment(input) },
        ],
        run: async ({ deploymentId }) => ({
          deploymentInfo: describeDeployment(this.#deployment(deploymentId), this.#place),
        }),
      },
      GetDeploymentGroup: {
        authorize: (input) => [
          { action: 'codedeploy:GetDeploymentGroup', resource: groupArn(input) },
        ],
        run: async (input) => ({ deploymentGroupInfo: this.#describe(this.#group(input)) }),
      },
      ListDeployments: {
        authorize: (input) => [{ action: 'codedeploy:ListDeployments', resource: groupArn(input) }],
        run: async (input) => this.#list(input),
      },
      // AWS knows no resource for it (service authorization reference).
      StopDeployment: {
        authorize: () => [{ action: 'codedeploy:StopDeployment', resource: '*' }],
        run: async (input, caller) => this.#stop(input, caller),
      },
    };
  }

  /**
   * Puts a deployment group, and its application, into the account.
   * @throws ServiceException ServiceNotFoundException, InvalidECSServiceException
   */
  putDeploymentGroup(group: ExistingDeploymentGroup): { arn: string } {
    const { spec } = this.#settings.ecs.find(group.cluster, group.service);
    if (spec.deploymentController !== 'CODE_DEPLOY') {
      throw new ServiceException(
        'InvalidECSServiceException',
        `The service ${group.service} has no CODE_DEPLOY deployment controller.`,
      );
    }
    const groups = this.#applications.get(group.application) ?? new Map<string, DeploymentGroup>();
    this.#applications.set(group.application, groups);
    groups.set(group.name, deploymentGroup(group));
    return { arn: this.#arn('deploymentgroup', `${group.application}/${group.name}`) };
  }

  get #place(): string {
    return `${this.#settings.region}:${this.#settings.account}`;
  }

  #arn(type: string, name: string): string {
    return `arn:aws:codedeploy:${this.#place}:${type}:${name}`;
  }

  #group({ applicationName, deploymentGroupName }: Input): DeploymentGroup {
    const groups = this.#applications.get(String(applicationName));
    if (groups === undefined) {
      throw new ServiceException(
        'ApplicationDoesNotExistException',
        `No application found for name: ${String(applicationName)}`,
      );
    }
    const group = groups.get(String(deploymentGroupName));
    if (group === undefined) {
      throw new ServiceException(
        'DeploymentGroupDoesNotExistException',
        `No Deployment Group found for name: ${String(deploymentGroupName)}`,
      );
    }
    return group;
  }

  #deployment(id: unknown): CodeDeployDeployment {
    const found = this.#deployments.get(String(id));
    if (found === undefined) {
      throw new ServiceException(
        'DeploymentDoesNotExistException',
        `The deployment ${String(id)} could not be found`,
      );
    }
    return found;
  }

  #configIn(input: Input): string {
    const { deploymentConfigName, applicationName, deploymentGroupName } = input;
    if (typeof deploymentConfigName === 'string') return deploymentConfigName;
    const groups = this.#applications.get(String(applicationName));
    return configOf(groups?.get(String(deploymentGroupName)) ?? ({} as DeploymentGroup));
  }

  #create(input: Input): object {
    const group = this.#group(input);
    const active = this.#of(group).find(isActive);
    if (active !== undefined) {
      throw new ServiceException(
        'DeploymentLimitExceededException',
        `The Deployment Group '${group.name}' already has an active Deployment '${active.id}'`,
      );
    }
    const target = taskDefinitionIn(input.revision);
    const deployment: CodeDeployDeployment = {
      id: newDeploymentId(),
      group,
      config: this.#configIn(input),
      ...(typeof input.description === 'string' && { description: input.description }),
      revision: input.revision,
      status: 'Created',
      createTime: this.#settings.clock.now(),
      takeBack: () => undefined,
    };
    this.#deployments.set(deployment.id, deployment);
    deployment.takeBack = this.#after(1, async () => this.#begin(deployment, target));
    return { deploymentId: deployment.id };
  }

  #begin(deployment: CodeDeployDeployment, target: ReturnType<typeof taskDefinitionIn>): void {
    const { ecs, clock } = this.#settings;
    const { group, config } = deployment;
    const definition = 'named' in target ? ecs.taskDefinitions.find(target.named) : undefined;
    if (definition === undefined) {
      const message = 'problem' in target ? target.problem : `No task definition ${target.named}.`;
      this.#end(deployment, 'Failed', { code: 'INVALID_REVISION', message });
      return;
    }
    deployment.status = 'InProgress';
    deployment.startTime = clock.now();
    const timeout = this.#after(HEALTHY_WITHIN_SECONDS, async () => {
      set.abandon();
      this.#end(deployment, 'Failed', {
        code: 'TIMEOUT',
        message:
          'The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.',
      });
    });
    const set = ecs.find(group.cluster, group.service).replace(definition, () => {
      timeout();
      const minutes = shiftMinutesOf(config) + (group.terminationWaitMinutes ?? 0);
      deployment.takeBack = this.#after(minutes * 60, async () =>
        this.#end(deployment, 'Succeeded'),
      );
    });
    deployment.takeBack = () => {
      timeout();
      set.abandon();
    };
  }

  #end(
    deployment: CodeDeployDeployment,
    status: 'Succeeded' | 'Failed' | 'Stopped',
    error?: CodeDeployDeployment['error'],
  ): void {
    deployment.status = status;
    deployment.completeTime = this.#settings.clock.now();
    if (error !== undefined) deployment.error = error;
  }

  #stop({ deploymentId }: Input, caller: Caller): object {
    const deployment = this.#deployment(deploymentId);
    if (!isActive(deployment)) {
      throw new ServiceException(
        'DeploymentAlreadyCompletedException',
        `The deployment ${deployment.id} has already completed`,
      );
    }
    deployment.takeBack();
    const message = `The deployment was stopped by ${caller.arn}.`;
    this.#end(deployment, 'Stopped', { code: 'MANUAL_STOP', message });
    return {
      status: 'Succeeded',
      statusMessage: 'No more commands will be scheduled for execution',
    };
  }

  #list(input: Input): object {
    const { includeOnlyStatuses } = input;
    const wanted = Array.isArray(includeOnlyStatuses) ? includeOnlyStatuses : undefined;
    const found = this.#of(this.#group(input)).filter(
      ({ status }) => wanted === undefined || wanted.includes(status),
    );
    return { deployments: found.map(({ id }) => id).reverse() };
  }

  #of(group: DeploymentGroup): CodeDeployDeployment[] {
    return [...this.#deployments.values()].filter(
      (one) => one.group.application === group.application && one.group.name === group.name,
    );
  }

  #describe(group: DeploymentGroup): object {
    const last = (which: (deployment: CodeDeployDeployment) => boolean) => {
      const found = this.#of(group).findLast(which);
      return (
        found && {
          deploymentId: found.id,
          status: found.status,
          createTime: found.createTime,
          endTime: found.completeTime,
        }
      );
    };
    return {
      applicationName: group.application,
      deploymentGroupId: group.id,
      deploymentGroupName: group.name,
      deploymentConfigName: configOf(group),
      serviceRoleArn: `arn:aws:iam::${this.#settings.account}:role/${group.application}-codedeploy`,
      deploymentStyle: styleOf,
      blueGreenDeploymentConfiguration: blueGreenOf(group),
      loadBalancerInfo: loadBalancerOf(group, this.#place),
      autoRollbackConfiguration: { enabled: false, events: [] },
      lastSuccessfulDeployment: last(({ status }) => status === 'Succeeded'),
      lastAttemptedDeployment: last(() => true),
      computePlatform: 'ECS',
      ecsServices: [{ serviceName: group.service, clusterName: group.cluster }],
      terminationHookEnabled: false,
    };
  }

  #after(seconds: number, work: () => Promise<void>): () => void {
    const { clock } = this.#settings;
    return clock.at(new Date(clock.now().getTime() + seconds * 1000), 'codedeploy', work);
  }
}
