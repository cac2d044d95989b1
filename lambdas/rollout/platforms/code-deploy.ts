/**
 * A blue/green deployment of the task definition the service has: it replaces every task. It is over when the old
 * tasks are terminated, which a deployment group may put off for as long as two days.
 */
import type { CodeDeployDoor } from '../../../doors/code-deploy.ts';
import type { EcsService } from '../../../doors/ecs.ts';
import { RestartRefusedError } from '../errors.ts';
import type { Looked, Restart, Target } from '../platform.ts';

export interface CodeDeployTools {
  codeDeploy: CodeDeployDoor;
}

export async function codeDeployRestart(
  { codeDeploy }: CodeDeployTools,
  { cluster, service: name, codeDeploy: group }: Target<'ecs'>,
  { taskDefinition, loadBalancer }: EcsService,
  { consumer, at }: Restart,
): Promise<{ id: string } | { waiting: string }> {
  if (group === undefined || taskDefinition === undefined || loadBalancer === undefined) {
    throw new RestartRefusedError(
      consumer,
      `ECS service ${cluster}/${name} has no primary task set with a task definition and a load balancer`,
      'CodeDeploy deploys none without. Deploy it once as you always do, then resume.',
    );
  }
  const latest = await codeDeploy.latest(group);
  if (latest !== undefined && latest.createdAt >= at) return { id: latest.id };
  const made = await codeDeploy.deploy(group, { taskDefinition, ...loadBalancer });
  return made === 'busy'
    ? {
        waiting: `another deployment of ${group.application}/${group.deploymentGroup} is under way`,
      }
    : { id: made };
}

const ended: Readonly<Record<string, Looked['state']>> = {
  Succeeded: 'steady',
  Failed: 'failed',
  Stopped: 'failed',
};

export async function codeDeployState(
  { codeDeploy }: CodeDeployTools,
  id: string,
): Promise<Looked> {
  const { status, reason } = await codeDeploy.look(id);
  return {
    state: ended[status] ?? 'inProgress',
    detail: `CodeDeploy deployment ${id} is ${status}${reason === undefined ? '' : ` (${reason})`}`,
  };
}
