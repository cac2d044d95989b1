/**
 * ECS services. Who deploys one decides how it is restarted (API_UpdateService): ECS itself takes
 * `forceNewDeployment`, CodeDeploy takes a deployment of its own, task sets of somebody else take neither.
 */
import type { EcsDoor, EcsService } from '../../../doors/ecs.ts';
import { RestartRefusedError } from '../errors.ts';
import type { ConsumerPlatform, Looked, Restart, Target } from '../platform.ts';
import { type CodeDeployTools, codeDeployRestart, codeDeployState } from './code-deploy.ts';
import { type EcsCountsTools, ecsCounts } from './ecs-counts.ts';

export interface EcsTools extends CodeDeployTools, EcsCountsTools {
  ecs: Pick<EcsDoor, 'look' | 'forceNewDeployment' | 'setDesiredCount'>;
}

type EcsTarget = Target<'ecs'>;
const named = ({ cluster, service }: EcsTarget) => `ECS service ${cluster}/${service}`;
const placeOf = ({ cluster, service }: EcsTarget) => ({ cluster, service });

export function ecsPlatform(tools: EcsTools): ConsumerPlatform<EcsTarget> {
  return {
    async restart(target, restart) {
      const service = await tools.ecs.look(placeOf(target));
      if (service === undefined) {
        throw new RestartRefusedError(
          restart.consumer,
          `there is no active ${named(target)}`,
          'Name one that is there in the configuration, or put it back; then resume.',
        );
      }
      assertControlled(service, target, restart);
      if (service.controller === 'CODE_DEPLOY') {
        return codeDeployRestart(tools, target, service, restart);
      }
      const begun = primaryOf(service);
      if (begun !== undefined && begun.createdAt >= restart.at) return { id: begun.id };
      return { id: await tools.ecs.forceNewDeployment(placeOf(target)) };
    },

    async look(target, id, restart) {
      if (!id.startsWith('ecs-svc/')) return codeDeployState(tools, id);
      const service = await tools.ecs.look(placeOf(target));
      return service === undefined
        ? { state: 'failed', detail: `${named(target)} is gone` }
        : stateOf(service, id, restart);
    },

    counts: ecsCounts(tools),
  };
}

const primaryOf = ({ deployments }: EcsService) => deployments.find(({ isPrimary }) => isPrimary);

/** @throws RestartRefusedError */
function assertControlled(
  { controller }: EcsService,
  target: EcsTarget,
  { consumer }: Restart,
): void {
  if (controller === 'EXTERNAL') {
    throw new RestartRefusedError(
      consumer,
      `${named(target)} has the deployment controller EXTERNAL, which takes no new deployment from ECS or CodeDeploy`,
      "Restart it by a webhook of whatever deploys it: restart: { by: 'webhook', … }; then deploy the stack and resume.",
    );
  }
  if (controller === 'CODE_DEPLOY' && target.codeDeploy === undefined) {
    throw new RestartRefusedError(
      consumer,
      `${named(target)} is deployed by CodeDeploy, and the configuration names no application and group`,
      'Name them: codeDeploy: { application, deploymentGroup }; then deploy the stack and resume.',
    );
  }
  if (controller === 'ECS' && target.codeDeploy !== undefined) {
    throw new RestartRefusedError(
      consumer,
      `${named(target)} is deployed by ECS itself, and the configuration names a CodeDeploy group`,
      'Take codeDeploy out of the configuration; then deploy the stack and resume.',
    );
  }
}

/**
 * Steady is what `aws ecs wait services-stable` waits for: one deployment, and as many tasks running as are wanted.
 *
 * 1. our deployment is FAILED, or an event says so: the circuit breaker stopped it
 * 2. the primary one is a rollback of the circuit breaker: it stopped ours, even where ours is gone from the list
 * 3. another one from before the restart is primary: ECS does not show ours yet (its API is eventually consistent), or
 *    went back to it and no event says so any more; it is waited for, and not for ever
 * 4. another one is primary without any of that: somebody deployed meanwhile. Its tasks started later still, so they
 *    have read the new value; it is waited for in place of ours
 */
function stateOf(service: EcsService, id: string, { at }: Restart): Looked {
  const { deployments, desiredCount, runningCount, pendingCount, events } = service;
  const primary = primaryOf(service);
  const own = deployments.find((deployment) => deployment.id === id);
  const saidSince = events.filter((event) => event.at >= at).map(({ message }) => message);
  const broke =
    own?.rolloutState === 'FAILED' ||
    saidSince.some((text) => text.includes(id) && text.includes('deployment failed'));
  if (broke) {
    const why = own?.rolloutStateReason || 'ECS says that the deployment failed';
    return { state: 'failed', detail: `deployment ${id}: ${why}` };
  }
  if (primary === undefined) return { state: 'inProgress', detail: 'no deployment is primary' };
  const isRollback =
    primary.id !== id &&
    (/rolling back/.test(primary.rolloutStateReason) ||
      saidSince.some((text) => text.includes('rolling back') && text.includes(primary.id)));
  if (isRollback) {
    return { state: 'failed', detail: `the circuit breaker rolled deployment ${id} back` };
  }
  if (primary.rolloutState === 'FAILED') {
    return { state: 'failed', detail: `deployment ${primary.id}: ${primary.rolloutStateReason}` };
  }
  if (own === undefined && primary.createdAt < at) {
    return {
      state: 'inProgress',
      detail: `deployment ${id} is not shown, ${primary.id} is primary`,
    };
  }
  const isSteady = deployments.length === 1 && runningCount === desiredCount;
  const failed = primary.failedTasks > 0 ? `, ${primary.failedTasks} tasks failed` : '';
  return {
    state: isSteady ? 'steady' : 'inProgress',
    detail: `${runningCount} of ${desiredCount} tasks run, ${pendingCount} pending, ${deployments.length} deployments${failed}`,
  };
}
